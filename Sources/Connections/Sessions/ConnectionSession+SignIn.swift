import CEL
import Recipe
import Schedule

/// What a person has to do now.
public enum SignInPrompt: Sendable, Hashable {
    /// Open this URL with a browser of this machine.
    case open(url: String)
    /// Enter `code` at `url`, with any device; `complete` is the same in one URL, where the server has one.
    case enter(code: String, url: String, complete: String?)
}

extension ConnectionSession {
    /// Signs a person in, for connectors whose `acquire` needs one; the token is durable when it returns.
    ///
    /// Throws `configuration` when the connection needs nobody, `needsAttention` when the server or the person refuses, and when `limit` is over.
    public func authorize(
        within limit: Duration,
        prompt: @Sendable (SignInPrompt) -> Void
    ) async throws(ConnectionError) {
        guard let signIn = definition.authorization?.signIn else {
            throw ConnectionError(
                .configuration,
                definition.isRenewable
                    ? "the connection `\(name)` acquires its token itself; `runner connections refresh \(name)` renews it now"
                    : "the connection `\(name)` acquires no token, so nobody has to sign in"
            )
        }
        let exchanger = try await exchanger()
        let begin = ContinuousClock.now
        let sentAt: Instant
        let result: ValueMap
        do {
            switch signIn {
            case .browser(let browser):
                let grant = try await code(browser, within: limit, prompt)
                sentAt = services.clock.now()
                result = try await exchanger.acquire(with: grant)
            case .device(let step):
                (result, sentAt) = try await deviceToken(exchanger, step, within: limit, prompt)
            }
        } catch let error as ConnectionError {
            throw error
        } catch let problem as RenewalProblem {
            await (try? keeper())?.signInFailed(problem.message, after: begin.duration(to: .now))
            throw ConnectionError(.needsAttention, "the sign-in of `\(name)` failed: \(problem.message)")
        } catch {
            throw .cancelled
        }
        exchanger.learn(result)
        try await keeper().signIn(result, sentAt: sentAt)
    }

    // MARK: Browser

    private func code(
        _ browser: BrowserSignIn,
        within limit: Duration,
        _ prompt: @Sendable (SignInPrompt) -> Void
    ) async throws -> ValueMap {
        let values = try await fields.values(for: definition.signInNeeds)
        let scope = definition.scope(values, environment: services.environment)
        let state = ProofKey.random()
        let proof = browser.usesPKCE ? ProofKey() : nil
        let own: String?
        let query: [(String, String)]
        var target: Target
        do {
            let text = try browser.redirectURI?.text(in: scope)
            own = text?.isEmpty == false ? text : nil
            query = PreparedRequest.pairs(try browser.query?.evaluate(in: scope))
            target = try Target(try browser.url.text(in: scope), base: try definition.baseURI(in: scope))
        } catch let error as ConnectionError {
            throw error
        } catch {
            throw ConnectionError(.configuration, "the sign-in of `\(name)`: \(redact("\(error)"))")
        }
        let listener = try await LoopbackListener(redirectURI: own, state: state)
        // What the author's URL says itself stands, but for what protects the exchange.
        for (name, value) in [("response_type", "code")] + query where !target.hasQuery(named: name) {
            target.add([(name, value)])
        }
        var protection = [("redirect_uri", listener.redirectURI), ("state", state)]
        if let proof { protection += [("code_challenge", proof.challenge), ("code_challenge_method", "S256")] }
        for (name, _) in protection { target.removeQuery(named: name) }
        target.add(protection)
        prompt(.open(url: target.url))
        let arrival = await first(of: listener.arrivals, within: limit)
        await listener.close()
        switch arrival {
        case .code(let code):
            services.courier.redactor.add(code)
            return ValueMap([
                ("code", .string(code)), ("redirect_uri", .string(listener.redirectURI)),
                ("verifier", proof.map { .string($0.verifier) } ?? .null),
            ])
        case .refused(let error, let description):
            let reason = description.map { "\(error) (\($0))" } ?? error
            throw RenewalProblem(
                message: "the server sent the browser back with \(redact(String(reason.prefix(200))).inOneLine)"
            )
        case nil:
            throw RenewalProblem(message: "no browser came back within \(limit.text)")
        }
    }

    private func first(
        of arrivals: AsyncStream<LoopbackListener.Arrival>,
        within limit: Duration
    ) async -> LoopbackListener.Arrival? {
        await withTaskGroup(of: LoopbackListener.Arrival?.self) { [clock = services.clock] group in
            group.addTask {
                for await arrival in arrivals { return arrival }
                return nil
            }
            group.addTask {
                try? await clock.sleep(for: limit)
                return nil
            }
            defer { group.cancelAll() }
            return await group.next() ?? nil
        }
    }

    // MARK: Device

    /// Asks for codes, shows the person's, and polls with the device's (RFC 8628 sections 3.1 to 3.5).
    private func deviceToken(
        _ exchanger: Exchanger,
        _ step: Exchange.Step,
        within limit: Duration,
        _ prompt: @Sendable (SignInPrompt) -> Void
    ) async throws -> (ValueMap, Instant) {
        let begin = services.clock.now()
        let codes = try await exchanger.deviceCodes(step)
        guard let device = codes["device_code"], let user = codes["user_code"],
            let url = codes["verification_uri"] ?? codes["verification_url"]
        else {
            throw RenewalProblem(message: "the answer has no `device_code`, `user_code` and `verification_uri`")
        }
        services.courier.redactor.add(device)
        let complete = codes["verification_uri_complete"]?.text.inOneLine
        prompt(.enter(code: user.text.inOneLine, url: url.text.inOneLine, complete: complete))
        let lifetime = TokenExpiry.accessToken(codes, sentAt: begin) ?? begin + limit
        let end = min(lifetime, begin + limit)
        var interval = Self.pollInterval(codes["interval"])
        while true {
            guard services.clock.now() + interval < end else {
                throw RenewalProblem(message: "nobody entered the code within \((end - begin).text)")
            }
            try await services.clock.sleep(for: interval)
            let sentAt = services.clock.now()
            do throws(RenewalProblem) {
                return (try await exchanger.acquire(with: ValueMap([("device_code", device)])), sentAt)
            } catch {
                switch error.code {
                case "authorization_pending": continue
                case "slow_down": interval += .seconds(5)
                default:
                    // A broken line is no answer: the next poll may get one (section 3.5).
                    guard error.code == nil, !error.isFinal else { throw error }
                    interval = max(interval, min(interval * 2, .seconds(60)))
                }
            }
        }
    }

    /// The pause between two polls: 5 s where the server names none (RFC 8628 section 3.2).
    ///
    /// Never so short that the polls are a storm, whatever the server says.
    static func pollInterval(_ value: Value?) -> Duration {
        guard let seconds = value.flatMap({ Double($0.text) }), seconds.isFinite, seconds > 0 else {
            return .seconds(5)
        }
        return .seconds(min(max(seconds, 1), 3_600))
    }
}
