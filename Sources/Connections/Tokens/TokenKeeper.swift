import CEL
import Logging
import Recipe
import Schedule
import Store
import Synchronization

/// Keeps the token of one connection identity: one renewal in flight, whoever asks (DESIGN section 6).
///
/// Decisions are `TokenLifecycle`'s; the actor carries them out. Requests of a fresh token never reach the actor: they read
/// `fresh(now:)`.
actor TokenKeeper {
    /// Who and what a keeper works with.
    struct Services: Sendable {
        let store: any Store
        let node: NodeID
        let clock: any WallClock
        let logger: Logger
    }

    /// What requests may read without waiting for the actor.
    private struct Shared: Sendable {
        var token: Token?
        var freeUntil: Instant?
        var wantsProof = false
        var isUsed = false
    }

    nonisolated let identity: String
    nonisolated let connection: String
    let services: Services
    private nonisolated let shared = Mutex(Shared())

    var renewer: any Renewer
    var lifecycle = TokenLifecycle()
    var token: Token?
    /// The digest that belongs to the present trouble or token.
    var digest = SecretDigest()
    /// A renewed token that the store did not take.
    var uncommitted: (token: Token, digest: SecretDigest, renewal: RenewalRecord)?
    /// What a person's sign-in brought, and when it was asked for.
    var signedIn: (result: ValueMap, sentAt: Instant)?
    /// The next renewal is tried whatever the store says of earlier ones.
    var ignoresTrouble = false
    private var loading: Task<Result<TokenRecord?, StoreError>, Never>?
    private var isLoaded = false
    /// Looks up what brought the token of a number.
    private var tracing: (number: Int, task: Task<Bool, Never>)?
    private var renewal: Task<Void, Never>?
    private var waiters: [Int: CheckedContinuation<Result<Void, ConnectionError>, Never>] = [:]
    private var lastWaiter = 0
    private var timer: Task<Void, Never>?
    private var lastRecheck: Instant?
    private var isStopped = false

    init(identity: String, connection: String, services: Services, renewer: any Renewer) {
        self.identity = identity
        self.connection = connection
        self.services = services
        self.renewer = renewer
    }

    /// The token, when it may be used without asking.
    nonisolated func fresh(now: Instant) -> Token? {
        shared.withLock { shared in
            guard let token = shared.token, let until = shared.freeUntil, now < until else { return nil }
            shared.isUsed = true
            return token
        }
    }

    /// Whether a token is still the one to use, and may be used without asking.
    nonisolated func isFresh(_ token: Token, now: Instant) -> Bool {
        shared.withLock { shared in
            guard shared.token?.number == token.number, let until = shared.freeUntil, now < until else { return false }
            shared.isUsed = true
            return true
        }
    }

    /// The token for a request; nil when there is none and the request can do without.
    ///
    /// Waits for renewals.
    func token(isNeeded: Bool) async throws(ConnectionError) -> Token? {
        try await load()
        await recheckTrouble()
        let now = services.clock.now()
        let decision = lifecycle.use(now: now, isNeeded: isNeeded)
        try await carryOut(decision)
        shared.withLock { $0.isUsed = true }
        return token
    }

    /// A response said that the token of `generation` is spent.
    ///
    /// The token to send the request again with; nil when it must not be.
    func tokenAfterSignal(generation: Int64) async throws(ConnectionError) -> Token? {
        try await load()
        await learnOrigin()
        let decision = lifecycle.signal(generation: generation, now: services.clock.now())
        if decision == .giveUp { return nil }
        try await carryOut(decision)
        shared.withLock { $0.isUsed = true }
        return token
    }

    /// A renewal that nobody waits for, because a signal came on a request that must not be sent again.
    func renewAfterSignal(generation: Int64) async {
        guard (try? await load()) != nil else { return }
        await learnOrigin()
        let decision = lifecycle.signal(generation: generation, now: services.clock.now())
        if case .renewAndWait(let reason) = decision { start(reason) }
        publish()
    }

    /// Whether the token is on probation: a success of it is to be told.
    nonisolated var wantsProof: Bool { shared.withLock { $0.wantsProof } }

    /// A response to a request with the token of `generation` was a success.
    func prove(_ generation: Int64) {
        lifecycle.succeeded(generation: generation)
        publish()
    }

    /// A request that was sent again got a signal again.
    func noteReplayMatched(generation: Int64) {
        lifecycle.replayMatched(generation: generation, now: services.clock.now())
    }

    /// Renews because a person asked.
    func renewNow() async throws(ConnectionError) {
        try await load()
        try await carryOut(lifecycle.demand())
    }

    /// Takes over what a person's sign-in brought; durable when it returns.
    func signIn(_ result: ValueMap, sentAt: Instant) async throws(ConnectionError) {
        try await load()
        signedIn = (result, sentAt)
        // A renewal that is going on may end before it has seen the sign-in; the next one takes it.
        while signedIn != nil { try await carryOut(lifecycle.demand()) }
    }

    /// A person's sign-in came to nothing: from now on that is why there is no token; one that is good stays so.
    func signInFailed(_ reason: String, after duration: Duration) async {
        guard (try? await load()) != nil, !lifecycle.isRenewing else { return }
        let message = "the sign-in failed: \(reason); try again with `runner connections authorize \(connection)`"
        let isGood = token != nil && lifecycle.trouble == nil
        if !isGood {
            lifecycle.setTrouble(.needsAttention(message: message))
            digest = (try? await renewer.prepare(isFresh: false)) ?? digest
            publish()
        }
        let record = RenewalRecord(
            connection: connection,
            identity: identity,
            at: services.clock.now(),
            reason: .manual,
            kind: .acquire,
            duration: duration,
            outcome: .failed(message: message),
            node: services.node
        )
        let failure = RenewalFailure(
            identity: identity,
            generation: lifecycle.generation,
            state: isGood ? .valid : .needsAttention(message: message),
            secretDigest: digest.text
        )
        // The person is told; that a store cannot note it down changes nothing of that.
        try? await services.store.failRenewal(failure, record, holder: services.node)
    }

    /// Forgets the token, here and in the store.
    func forget() async throws(ConnectionError) {
        await renewal?.value
        do {
            try await services.store.deleteToken(identity)
        } catch {
            throw ConnectionError(error)
        }
        token = nil
        uncommitted = nil
        // A renewal may have begun meanwhile; what it brings is a new token.
        lifecycle.forget()
        publish()
    }

    /// The newest token that is known here, without asking for one.
    ///
    /// From then on the keeper renews it when its time comes.
    func currentToken() async throws(ConnectionError) -> Token? {
        try await load()
        return token
    }

    /// The connection was read again: its secrets may be others, so nothing stands in the way of another try.
    func redefine(_ renewer: any Renewer) {
        self.renewer = renewer
        ignoresTrouble = lifecycle.trouble != nil
        lifecycle.setTrouble(nil)
        publish()
    }

    /// Waits for the renewal that is going on, so that no rotated token is lost, and stops the timer.
    func stop() async {
        isStopped = true
        timer?.cancel()
        await renewal?.value
    }

    // MARK: Parts

    private func carryOut(_ decision: TokenLifecycle.Decision) async throws(ConnectionError) {
        switch decision {
        case .proceed, .giveUp:
            publish()
        case .renewInBackground(let reason):
            start(reason)
        case .renewAndWait(let reason):
            start(reason)
            try await join()
        case .wait:
            try await join()
        case .fail(let trouble):
            throw error(for: trouble)
        }
    }

    /// The sentence for people.
    func error(for trouble: TokenLifecycle.Trouble) -> ConnectionError {
        switch trouble {
        case .needsAttention(let message):
            // One that a recipe holds itself cannot be named on the command line; where a person must sign in, the message says so.
            let isMendedByHand = renewer.isUnattended && !Connection.isInline(connection)
            let byHand = isMendedByHand ? ", or `runner connections refresh \(connection)` is run" : ""
            return ConnectionError(
                .needsAttention,
                "the connection `\(connection)` needs attention: \(message); nothing more is tried until its fields or its file change\(byHand)"
            )
        case .cooling(let until, _, let message):
            let wait = max(until - services.clock.now(), .zero)
            let shown = Duration.seconds(max(1, wait.seconds.rounded(.up)))
            return ConnectionError(
                .cooling,
                "the token of the connection `\(connection)` could not be renewed: \(message); the next try is in \(shown.text)",
                retryAfter: wait
            )
        }
    }

    /// Reads the store once, however many ask.
    private func load() async throws(ConnectionError) {
        guard !isLoaded else { return }
        let task =
            loading
            ?? Task { [services, identity] () -> Result<TokenRecord?, StoreError> in
                do throws(StoreError) {
                    return .success(try await services.store.token(identity))
                } catch {
                    return .failure(error)
                }
            }
        loading = task
        let result = await task.value
        let cheap = await renewer.cheapDigest()
        guard !isLoaded else { return }
        loading = nil
        switch result {
        case .failure(let error):
            throw ConnectionError(error)
        case .success(let record):
            isLoaded = true
            if let record { adopt(record, reason: nil, cheap) }
            publish()
        }
    }

    /// Looks up once whether a signal brought the token that the store held: then a signal must not renew it again at once, in no process.
    private func learnOrigin() async {
        guard let token, lifecycle.wantsOrigin(now: services.clock.now()) else { return }
        if tracing?.number != token.number {
            tracing = (
                token.number,
                Task { [services, identity, connection] in
                    // A history that cannot be read says nothing; the renewal will say what is wrong with the store.
                    let renewals = (try? await services.store.renewals(of: connection, limit: 20)) ?? []
                    let origin = renewals.first { renewal in
                        renewal.identity == identity && renewal.at == token.acquiredAt
                            && renewal.outcome == .renewed(generation: token.generation)
                    }
                    return origin?.reason == .signal
                }
            )
        }
        guard let task = tracing?.task else { return }
        lifecycle.learnOrigin(of: token.generation, isFromSignal: await task.value)
    }

    /// Takes over what the store holds.
    func adopt(_ record: TokenRecord, reason: RenewalReason?, _ now: SecretDigest) {
        let stored = SecretDigest(text: record.secretDigest)
        digest = stored
        if let newer = Token(record) {
            token = newer
            renewer.learn(newer.bag)
            lifecycle.adopt(newer, reason: reason, jitter: .random(in: 0...1))
            // Another secret: the old token is not its token (DESIGN section 6).
            if now.differs(from: stored) { lifecycle.expire(.firstUse) }
        }
        lifecycle.setTrouble(now.isWorthAnotherTry(after: stored) ? nil : TokenLifecycle.Trouble(record.state))
    }

    /// Shows requests what is true now, and sets the timer.
    func publish() {
        let until = lifecycle.freeUntil
        let proof = lifecycle.wantsProof
        shared.withLock { [token] shared in
            if shared.token?.generation != token?.generation { shared.isUsed = false }
            shared.token = token
            shared.freeUntil = until
            shared.wantsProof = proof
        }
        setTimer()
    }

    // MARK: Renewals

    private func start(_ reason: RenewalReason) {
        renewal = Task { await self.run(reason) }
        publish()
    }

    private func run(_ reason: RenewalReason) async {
        let result = await renew(reason)
        lifecycle.renewalEnded()
        renewal = nil
        publish()
        let waiting = waiters
        waiters = [:]
        for waiter in waiting.values { waiter.resume(returning: result) }
    }

    /// Waits for the renewal; a caller that is cancelled leaves it alone.
    private func join() async throws(ConnectionError) {
        lastWaiter += 1
        let number = lastWaiter
        let result = await withTaskCancellationHandler {
            await withCheckedContinuation { (continuation: CheckedContinuation<Result<Void, ConnectionError>, Never>) in
                if Task.isCancelled {
                    continuation.resume(returning: .failure(.cancelled))
                } else {
                    waiters[number] = continuation
                }
            }
        } onCancel: {
            Task { await self.leave(number) }
        }
        try result.get()
    }

    private func leave(_ number: Int) {
        waiters.removeValue(forKey: number)?.resume(returning: .failure(.cancelled))
    }

    // MARK: Time

    private func setTimer() {
        timer?.cancel()
        timer = nil
        let now = services.clock.now()
        let isUsed = shared.withLock { $0.isUsed }
        guard !isStopped, !lifecycle.isRenewing, let next = lifecycle.nextTimer(after: now, isUsed: isUsed) else {
            return
        }
        let wait = max(next - now, .milliseconds(1))
        timer = Task { [services] in
            guard (try? await services.clock.sleep(for: wait)) != nil, !Task.isCancelled else { return }
            self.ring()
        }
    }

    private func ring() {
        timer = nil
        let isUsed = shared.withLock { $0.isUsed }
        if case .renewInBackground(let reason) = lifecycle.timer(now: services.clock.now(), isUsed: isUsed) {
            start(reason)
        }
    }

    /// Whether what stood in the way has gone: other secrets, or another process that renewed by hand.
    private func recheckTrouble() async {
        guard case .needsAttention = lifecycle.trouble, !lifecycle.isRenewing else { return }
        let now = services.clock.now()
        // The secrets' sources and the store are asked now and then, not by each of a thousand jobs.
        let pause: Duration = renewer.isDigestCostly ? .seconds(60) : .seconds(5)
        if let lastRecheck, now - lastRecheck < pause { return }
        lastRecheck = now
        let present = try? await renewer.prepare(isFresh: true)
        let record = try? await services.store.token(identity)
        guard case .needsAttention = lifecycle.trouble, !lifecycle.isRenewing else { return }
        if let record, record.generation > lifecycle.generation || record.state == .valid {
            adopt(record, reason: nil, present ?? SecretDigest())
        } else if let present, present.isWorthAnotherTry(after: digest) {
            lifecycle.setTrouble(nil)
            lifecycle.expire(.firstUse)
        }
        publish()
    }
}
