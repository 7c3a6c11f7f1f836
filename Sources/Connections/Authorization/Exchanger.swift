import CEL
import Recipe
import Schedule
import Store

/// Carries out `acquire` and `refresh`: their requests get `base_uri` and `detect_on`, and no `apply`.
struct Exchanger: Renewer {
    let definition: Definition
    let fields: FieldValues
    let identity: String
    let environment: Value
    let courier: Courier
    let route: RouteResolver

    var timeout: Duration { definition.renewTimeout }

    var isUnattended: Bool { definition.authorization?.signIn == nil }

    var isDigestCostly: Bool { fields.runsProgram(definition.exchangeNeeds) }

    func prepare(isFresh: Bool) async throws(ConnectionError) -> SecretDigest {
        if isFresh {
            fields.forget(definition.exchangeNeeds)
        } else {
            await fields.rereadFiles(definition.exchangeNeeds, owner: identity)
        }
        // What the way to the server needs as well: a program that gives it must not run while the lease does.
        let values = try await fields.values(for: definition.exchangeNeeds.union(definition.routeNeeds))
        var digest = SecretDigest()
        for entry in values {
            let name = entry.key.text
            guard fields.isSecret(name), definition.exchangeNeeds.contains(name), !entry.value.isNull else { continue }
            digest.add(entry.value.text, of: name, identity: identity)
        }
        if let connector = definition.connector { digest.add(connector: connector.text, identity: identity) }
        return digest
    }

    func cheapDigest() async -> SecretDigest {
        var digest = SecretDigest()
        for (name, value) in await fields.cheapSecrets(definition.exchangeNeeds) where !value.isNull {
            digest.add(value.text, of: name, identity: identity)
        }
        if let connector = definition.connector { digest.add(connector: connector.text, identity: identity) }
        return digest
    }

    func learn(_ bag: ValueMap) {
        guard let connector = definition.connector else { return }
        let secrets = bag.filter { $0.key.text != Self.tracesKey && connector.isSecret($0.key.text) }.map(\.value)
        courier.redactor.add(secrets, issuedTo: identity)
        if let traces = bag[Self.tracesKey] { courier.redactor.add(SecretTrace.all(in: traces), issuedTo: identity) }
    }

    /// Where the bag keeps the traces of secrets that a program gave.
    private static let tracesKey = "@traces"

    /// What came of an exchange, with the traces of those secrets.
    private func traced(_ result: ValueMap, _ values: ValueMap) -> ValueMap {
        let secrets = fields.programSecrets(definition.exchangeNeeds).compactMap { values[$0] }
        guard !secrets.isEmpty else { return result }
        var result = result
        result[Self.tracesKey] = SecretTrace.stored(of: secrets.flatMap(Redactor.texts))
        return result
    }

    /// Apart from tokens: what the steps of many failed renewals gave must not push out a token that is still good.
    private func learnStep(_ secrets: [Value]) { courier.redactor.add(secrets, issuedTo: identity + "/steps") }

    /// What of a step's result is secret.
    private func secrets(in result: Value) -> [Value] {
        guard let connector = definition.connector else { return [] }
        guard case .map(let members) = result else { return [result] }
        return members.filter { connector.isSecret($0.key.text) }.map(\.value)
    }

    /// Where the bag keeps the secrets of the steps before the last: no expression needs them, but another process must hide them too.
    private static let stepsKey = "@steps"

    func renew(_ bag: ValueMap, sentAt: Instant, refreshToken standing: RefreshTokenStanding) async -> Renewal {
        let deadline = ContinuousClock.now + definition.renewTimeout
        let authorization = definition.authorization
        let values: ValueMap
        do {
            values = try await fields.values(for: definition.exchangeNeeds)
        } catch {
            return Renewal(kind: .acquire, outcome: .failed(RenewalProblem(message: error.message)))
        }
        let merged = values.merging(bag)
        let acquiresAlone = authorization?.acquire != nil && authorization?.signIn == nil
        if let refresh = authorization?.refresh, Token.refreshToken(in: merged) != nil,
            standing == .unspent || !acquiresAlone
        {
            do {
                let result = try await run(refresh, "refresh", merged, deadline)
                try check(result, merged.merging(result), "refresh")
                return Renewal(kind: .refresh, outcome: .returned(traced(result, values)))
            } catch {
                // A refused refresh token is of no further use, but the connection's own secrets may be.
                guard error.isGrantRefused, authorization?.acquire != nil else {
                    return Renewal(kind: .refresh, outcome: .failed(error))
                }
                if authorization?.signIn != nil {
                    var problem = error
                    problem.isFinal = true
                    problem.message += "; sign in again with `runner connections authorize \(definition.name)`"
                    return Renewal(kind: .refresh, outcome: .failed(problem))
                }
            }
        }
        guard let acquire = authorization?.acquire else {
            let problem = RenewalProblem(message: "there is no refresh token to renew it with", isFinal: true)
            return Renewal(kind: .refresh, outcome: .failed(problem))
        }
        guard authorization?.signIn == nil else {
            let problem = RenewalProblem(
                message: "nobody has signed in; run `runner connections authorize \(definition.name)`",
                isFinal: true
            )
            return Renewal(kind: .acquire, outcome: .failed(problem))
        }
        do {
            let result = try await run(acquire, "acquire", merged, deadline)
            try check(result, merged.merging(result), "acquire")
            return Renewal(kind: .acquire, outcome: .returned(traced(result, values)))
        } catch {
            return Renewal(kind: .acquire, outcome: .failed(error))
        }
    }

    /// `acquire` after a person's sign-in, with what came of that.
    func acquire(with grant: ValueMap) async throws(RenewalProblem) -> ValueMap {
        guard let acquire = definition.authorization?.acquire else {
            throw RenewalProblem(message: "the connector has no `acquire`", isFinal: true)
        }
        let values = try await fieldValues()
        let result = try await run(acquire, "acquire", values, ContinuousClock.now + timeout, grant: grant)
        try check(result, values.merging(result), "acquire")
        return traced(result, values)
    }

    /// The request that gives a device's codes (RFC 8628 section 3.1).
    func deviceCodes(_ step: Exchange.Step) async throws(RenewalProblem) -> ValueMap {
        try await run(Exchange(steps: [step]), "device", try await fieldValues(), ContinuousClock.now + timeout)
    }

    /// `revoke`: false when its URL is empty, since the server then knows no revocation.
    func revoke(_ bag: ValueMap) async throws(RenewalProblem) -> Bool {
        guard let revoke = definition.authorization?.revoke else { return false }
        let merged: ValueMap
        let url: String
        do {
            merged = try await fields.values(for: definition.revokeNeeds).merging(bag)
        } catch {
            throw RenewalProblem(message: error.message)
        }
        do {
            url = try revoke.steps[0].request.url.text(in: definition.scope(merged, environment: environment))
        } catch {
            throw RenewalProblem(message: "`revoke` cannot be sent: \(error.description)")
        }
        guard !url.isEmpty else { return false }
        for step in revoke.steps {
            _ = try await send(step, "revoke", try scope(merged), ContinuousClock.now + timeout)
        }
        return true
    }

    private func fieldValues() async throws(RenewalProblem) -> ValueMap {
        do {
            return try await fields.values(for: definition.exchangeNeeds.union(definition.signInNeeds))
        } catch {
            throw RenewalProblem(message: error.message, isFinal: true)
        }
    }

    /// `apply` must find at least one of the keys that it reads and that are no fields, and something of what it needs must be new.
    ///
    /// An answer that holds none of them is an error in other words than `error`: merged, it would leave the old token as the new one. What only
    /// prolongs a session says until when.
    private func check(_ result: ValueMap, _ bag: ValueMap, _ what: String) throws(RenewalProblem) {
        let expected = definition.applyNeeds.names.filter { name in
            definition.connector?.fields.contains { $0.name == name } != true
        }
        guard !expected.isEmpty else { return }
        let isThere = expected.contains { !Self.isNothing(bag[$0]) }
        let isNew =
            expected.contains { !Self.isNothing(result[$0]) }
            || ["expires_in", "expires_at"].contains { !Self.isNothing(result[$0]) }
        guard !isThere || !isNew else { return }
        let names = expected.sorted().map { "`\($0)`" }.joined(separator: " or ")
        throw RenewalProblem(message: "\(what) returned no \(names), which `apply` reads")
    }

    private static func isNothing(_ value: Value?) -> Bool {
        switch value {
        case nil, .null?: true
        case .string(let text)?: text.isEmpty
        default: false
        }
    }

    // MARK: Steps

    private func scope(_ bag: ValueMap) throws(RenewalProblem) -> Scope {
        do {
            return try definition.exchangeScope(bag, environment: environment)
        } catch {
            throw RenewalProblem(message: error.message, isFinal: true)
        }
    }

    private func run(
        _ exchange: Exchange,
        _ what: String,
        _ bag: ValueMap,
        _ deadline: ContinuousClock.Instant,
        grant: ValueMap? = nil
    ) async throws(RenewalProblem) -> ValueMap {
        var results = ValueMap()
        var passed: [Value] = []
        var last = Value.null
        var answer: Response?
        for (number, step) in exchange.steps.enumerated() {
            var scope = try scope(bag).with("actions", .map(results))
            if let grant { scope["grant"] = .map(grant) }
            let response = try await send(step, what, scope, deadline)
            answer = response
            scope["response"] = response.value
            do {
                last = try step.output?.evaluate(in: scope) ?? response.body
            } catch {
                var message = "the output of `\(what)` cannot be read: \(error.description)"
                if case .map = response.body {} else { message += "; \(summary(of: response))" }
                throw RenewalProblem(message: message)
            }
            if let id = step.id { results[id] = last }
            // A later step may fail, and the server say what this one gave.
            if number < exchange.steps.count - 1 {
                passed += secrets(in: last)
                learnStep(passed)
            }
        }
        guard case .map(var result) = last, !result.isEmpty else {
            var message = "`\(what)` returned no map of values"
            if let answer, exchange.steps.last?.output == nil {
                message += ": \(summary(of: answer))"
                message += "; check its URL, or give it an `output:` that reads the answer"
            }
            throw RenewalProblem(message: message)
        }
        if !passed.isEmpty { result[Self.stepsKey] = .list(passed) }
        return result
    }

    /// Who answered, and with what.
    private func summary(of answer: Response) -> String {
        "\(answer.host) answered \(answer.status) with \(form(of: answer))"
    }

    /// What a body is that is no JSON object, without a word of it.
    private func form(of answer: Response) -> String {
        if answer.bytes.isEmpty { return "an empty body" }
        let type = answer.headers.first { $0.0.isFieldName("content-type") }?.1 ?? ""
        switch answer.body {
        case .map: return "an empty object"
        case .list: return "a list"
        case .string where !BodyDecoding.isJSON(type):
            return type.isEmpty ? "text" : clean(String(type.prefix { $0 != ";" }), 80)
        default: return "a single value"
        }
    }

    private func send(
        _ step: Exchange.Step,
        _ what: String,
        _ scope: Scope,
        _ deadline: ContinuousClock.Instant
    ) async throws(RenewalProblem) -> Response {
        let way: Route?
        do {
            way = try await route.route()
        } catch {
            throw RenewalProblem(message: error.message, isFinal: true)
        }
        let remaining = ContinuousClock.now.duration(to: deadline)
        let method = step.request.method
        let target: Target
        var request: PreparedRequest
        do {
            request = try PreparedRequest(step.request, scope: scope, timeout: remaining)
            request.maxBytes = min(request.maxBytes, 1 << 20)
            request.quotesBody = false
            target = try Target(request.url, base: try definition.baseURI(in: scope))
            try OriginGuard(definition, base: nil).checkEncryption(target.origin, method: method)
        } catch let error as ExpressionError {
            throw RenewalProblem(message: "`\(what)` cannot be sent: \(error.description)", isFinal: true)
        } catch {
            throw RenewalProblem(message: "\(error)", isFinal: true)
        }
        let label = "\(method.token) \(target.origin.hostAndPort)"
        guard remaining > .zero else {
            throw RenewalProblem(message: "\(label): no answer within \(definition.renewTimeout.text)")
        }
        var response: Response
        do {
            response = try await courier.send(
                request,
                to: target,
                over: way,
                timeout: remaining,
                statedTimeout: definition.renewTimeout
            ) {
                $0 == target.origin
            }
        } catch {
            throw RenewalProblem(message: courier.redactor.redact(error.message))
        }
        // As in the SDK, JSON is read whatever the server calls it: many token endpoints say text, or nothing.
        if step.request.response == .auto, case .string = response.body, let value = Self.object(in: response.bytes) {
            response.body = value
        }
        try judge(response, step, scope, label, what)
        return response
    }

    /// The JSON object that bytes are; nil when they are something else.
    private static func object(in bytes: [UInt8]) -> Value? {
        let spaces: Set<UInt8> = [UInt8(ascii: " "), UInt8(ascii: "\t"), UInt8(ascii: "\r"), UInt8(ascii: "\n")]
        guard bytes.first(where: { !spaces.contains($0) }) == UInt8(ascii: "{") else { return nil }
        return try? Value(json: bytes)
    }

    private func judge(
        _ response: Response,
        _ step: Exchange.Step,
        _ scope: Scope,
        _ label: String,
        _ what: String
    ) throws(RenewalProblem) {
        let isExpected: Bool
        switch step.request.expect {
        case .statuses(let ranges): isExpected = ranges.contains { $0.contains(response.status) }
        case .condition(let condition):
            isExpected = (try? condition.evaluate(in: scope.with("response", response.value))) == .bool(true)
        }
        let error = OAuthError(response.body)
        let isDetected = SignalJudge(definition.authorization, isRenewable: true).detects(response)
        guard !isExpected || error != nil || isDetected else { return }
        var problem = RenewalProblem(message: "\(label): \(response.status)")
        if let error {
            problem.message += " \(clean(error.code, 60))"
            if let text = error.description, !text.isEmpty { problem.message += " (\(clean(text, 200)))" }
        } else if isDetected, isExpected {
            problem.message += ", but the body holds an error that `detect_on` looks for"
        }
        if error?.code == "invalid_client" || (error == nil && response.status == 401) {
            problem.message += clientAuthenticationHint(scope)
        }
        problem.code = error?.code
        // RFC 6749 gives wrong client credentials a 401; servers that send no code, or one of their own, mean the same.
        problem.isFinal =
            error.map { $0.isFinal || (response.status == 401 && !$0.isTransient) } ?? (response.status == 401)
        problem.isGrantRefused =
            what == "refresh"
            && (error.map { $0.code == "invalid_grant" } ?? [400, 401, 403].contains(response.status))
        problem.retryAfter = response.retryAfter
        throw problem
    }

    /// What a right secret is refused for: many servers take it in one place only, and say no more than "invalid_client".
    private func clientAuthenticationHint(_ scope: Scope) -> String {
        let name = "client_authentication"
        guard definition.connector?.fields.contains(where: { $0.name == name }) == true,
            let way = scope["connection"]?[name]?.text
        else { return "" }
        return switch way {
        case "client_secret_basic":
            "; id and secret went in the Basic header: if they are right, try `\(name): client_secret_post`"
        case "client_secret_post":
            "; id and secret went in the body: if they are right, try `\(name): client_secret_basic`"
        case "none":
            "; no secret was sent: if the client has one, write `\(name): client_secret_basic` (or `client_secret_post`)"
        default: ""
        }
    }

    /// The server's words: redacted, in one line, of bounded length.
    ///
    /// It may well repeat what it was sent.
    private func clean(_ text: String, _ limit: Int) -> String {
        let line = courier.redactor.redact(text).inOneLine
        return line.count > limit ? String(line.prefix(limit)) + "…" : line
    }
}

extension ValueMap {
    /// This map with the members of another over its own.
    func merging(_ other: ValueMap) -> ValueMap {
        guard !other.isEmpty else { return self }
        var result = self
        for entry in other { result[entry.key] = entry.value }
        return result
    }
}
