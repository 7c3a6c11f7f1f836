import CEL
import Logging
import Schedule
import Store

extension TokenKeeper {
    /// One renewal from the lease to the durable token.
    func renew(_ reason: RenewalReason) async -> Result<Void, ConnectionError> {
        let before = lifecycle.generation
        let present: SecretDigest
        do {
            // After a final error the secrets may have been mended, so they are read again (DESIGN section 10).
            present = try await renewer.prepare(isFresh: reason == .manual || lifecycle.trouble != nil)
        } catch {
            return .failure(error)
        }
        do {
            switch try await lease(before, reason, present) {
            case .adopted: return .success(())
            case .refused(let trouble): return .failure(error(for: trouble))
            case .granted(let standing): return .success(try await exchange(reason, present, standing))
            }
        } catch let error as ConnectionError {
            return .failure(error)
        } catch let error as StoreError {
            return .failure(ConnectionError(error))
        } catch {
            return .failure(.cancelled)
        }
    }

    private enum Lease {
        /// The exchange is ours to do.
        case granted(RefreshTokenStanding)
        /// Somebody else has renewed meanwhile; theirs is in use.
        case adopted
        /// Somebody else has tried, and it is not to be tried again yet.
        case refused(TokenLifecycle.Trouble)
    }

    /// Waits for the right to renew, and reads under it what others have done.
    private func lease(_ before: Int64, _ reason: RenewalReason, _ present: SecretDigest) async throws -> Lease {
        let isForced = ignoresTrouble
        ignoresTrouble = false
        var pause = Duration.milliseconds(20)
        while true {
            let now = services.clock.now()
            let answer = try await services.store.leaseRenewal(
                of: identity,
                holder: services.node,
                now: now,
                until: now + renewer.timeout + .seconds(5)
            )
            switch answer {
            case .held(let until):
                try await services.clock.sleep(for: min(pause, max(until - now, .milliseconds(1))))
                pause = min(pause * 2, .milliseconds(200))
            case .granted(let record, let isTakenOver):
                let standing: RefreshTokenStanding = isTakenOver ? .inDoubt : .unspent
                guard let record else { return .granted(standing) }
                if record.generation > before {
                    uncommitted = nil
                    // What brought it is not what it was wanted for here.
                    adopt(record, reason: nil, present)
                    // A person's sign-in stands above what was renewed meanwhile.
                    if signedIn != nil { return .granted(standing) }
                    // It may have been renewed long ago, and be spent as well.
                    if !lifecycle.isSpent(now: services.clock.now()) {
                        try await services.store.releaseRenewal(of: identity, holder: services.node)
                        return .adopted
                    }
                }
                let stored = SecretDigest(text: record.secretDigest)
                // The others' failure is ours too, unless a person asks or something has changed since.
                if reason != .manual, !isForced, !present.isWorthAnotherTry(after: stored),
                    let trouble = TokenLifecycle.Trouble(record.state), holds(trouble)
                {
                    try await services.store.releaseRenewal(of: identity, holder: services.node)
                    digest = stored
                    lifecycle.setTrouble(trouble)
                    return .refused(trouble)
                }
                return .granted(standing)
            }
        }
    }

    private func holds(_ trouble: TokenLifecycle.Trouble) -> Bool {
        switch trouble {
        case .needsAttention: true
        case .cooling(let until, _, _): services.clock.now() < until
        }
    }

    /// Sends the requests and makes their result durable before anyone uses it.
    private func exchange(
        _ reason: RenewalReason,
        _ present: SecretDigest,
        _ standing: RefreshTokenStanding
    ) async throws {
        let before = lifecycle.generation
        if let kept = uncommitted {
            uncommitted = nil
            try await commit(kept.token, kept.digest, kept.renewal, before, reason)
            return
        }
        let grant = signedIn
        signedIn = nil
        let sentAt = grant?.sentAt ?? services.clock.now()
        let begin = ContinuousClock.now
        var bag = token?.bag ?? ValueMap()
        // A field that has another value now stands above what earlier renewals left under its name, such as a refresh token.
        let origin = SecretDigest(text: bag[Token.originKey]?.text ?? "")
        for name in present.changed(from: origin) { bag[name] = nil }
        let renewal =
            if let grant {
                Renewal(kind: .acquire, outcome: .returned(grant.result))
            } else {
                await renewer.renew(bag, sentAt: sentAt, refreshToken: standing)
            }
        var record = RenewalRecord(
            connection: connection,
            identity: identity,
            at: sentAt,
            reason: reason,
            kind: renewal.kind,
            duration: begin.duration(to: .now),
            outcome: .renewed(generation: before + 1),
            node: services.node
        )
        switch renewal.outcome {
        case .returned(let result):
            var merged = bag
            for entry in result { merged[entry.key] = entry.value }
            merged[Token.originKey] = .string(present.text)
            renewer.learn(merged)
            let next = Token(
                generation: before + 1,
                bag: merged,
                acquiredAt: sentAt,
                expiresAt: TokenExpiry.accessToken(result, sentAt: sentAt),
                refreshExpiresAt: TokenExpiry.refreshToken(result, sentAt: sentAt)
                    ?? (result["refresh_token"] == nil ? token?.refreshExpiresAt : nil)
            )
            try await commit(next, present, record, before, reason)
        case .failed(let problem):
            let trouble = lifecycle.failed(
                problem.message,
                isFinal: problem.isFinal,
                retryAfter: problem.retryAfter,
                now: services.clock.now()
            )
            digest = present
            record.outcome = .failed(message: problem.message)
            services.logger.warning(
                "renewal failed",
                metadata: [
                    "connection": "\(connection)", "reason": "\(reason.rawValue)", "message": "\(problem.message)",
                ]
            )
            let failure = RenewalFailure(
                identity: identity,
                generation: before,
                state: trouble.state,
                secretDigest: present.text
            )
            try await services.store.failRenewal(failure, record, holder: services.node)
            throw error(for: trouble)
        }
    }

    private func commit(
        _ next: Token,
        _ present: SecretDigest,
        _ renewal: RenewalRecord,
        _ before: Int64,
        _ reason: RenewalReason
    ) async throws {
        let record = TokenRecord(
            identity: identity,
            connection: connection,
            generation: next.generation,
            bag: .map(next.bag),
            acquiredAt: next.acquiredAt,
            expiresAt: next.expiresAt,
            refreshExpiresAt: next.refreshExpiresAt,
            state: .valid,
            secretDigest: present.text
        )
        do {
            switch try await services.store.commitRenewal(record, expected: before, renewal, holder: services.node) {
            case .committed:
                adopt(record, reason: reason, present)
                services.logger.debug(
                    "token renewed",
                    metadata: [
                        "connection": "\(connection)", "reason": "\(reason.rawValue)",
                        "generation": "\(next.generation)",
                    ]
                )
            case .superseded(let newer):
                adopt(newer, reason: nil, present)
            }
        } catch {
            // The server may have taken the old refresh token back already: the new one is kept for the next try.
            uncommitted = (next, present, renewal)
            _ = lifecycle.failed(error.description, isFinal: false, retryAfter: nil, now: services.clock.now())
            throw error
        }
    }
}
