import CEL
import Schedule
import Store
import Testing

@testable import Connections

struct TokenLifecycleTests {
    private let start = Instant(seconds: 1_000_000)

    private func token(_ generation: Int64, lifetime: Duration?, at: Instant? = nil, refresh: Duration? = nil) -> Token
    {
        let at = at ?? start
        return Token(
            generation: generation,
            bag: ["access_token": "t"],
            acquiredAt: at,
            expiresAt: lifetime.map { at + $0 },
            refreshExpiresAt: refresh.map { at + $0 }
        )
    }

    private func valid(lifetime: Duration?, jitter: Double = 0, refresh: Duration? = nil) -> TokenLifecycle {
        var lifecycle = TokenLifecycle()
        #expect(lifecycle.use(now: start, isNeeded: true) == .renewAndWait(.firstUse))
        lifecycle.adopt(token(1, lifetime: lifetime, refresh: refresh), reason: .firstUse, jitter: jitter)
        lifecycle.renewalEnded()
        return lifecycle
    }

    @Test(arguments: [(3.0, 2.25), (100, 75), (1_200, 900), (3_600, 3_300), (86_400, 86_100)])
    func `renewal starts a quarter of the lifetime ahead, at most five minutes`(_ lifetime: Double, _ expected: Double)
    {
        let lifecycle = valid(lifetime: .seconds(lifetime))
        #expect(lifecycle.freeUntil == start + .seconds(expected))
        let late = valid(lifetime: .seconds(lifetime), jitter: 1).freeUntil ?? start
        #expect(late > start + .seconds(expected))
        // A microsecond for the rounding of the expectation.
        #expect(late <= start + .seconds(expected + lifetime * 0.05) + .microseconds(1))
        #expect(late < start + .seconds(lifetime))
    }

    @Test func `the old token serves while the background renewal is going on`() {
        var lifecycle = valid(lifetime: .seconds(100))
        let later = start + .seconds(80)
        #expect(lifecycle.use(now: later, isNeeded: true) == .renewInBackground(.expiry))
        #expect(lifecycle.use(now: later, isNeeded: true) == .proceed)
        #expect(lifecycle.freeUntil == start + .seconds(100))
        #expect(lifecycle.use(now: start + .seconds(100), isNeeded: true) == .wait)
    }

    @Test func `a renewal that is going on when the token is forgotten stays the only one`() {
        var lifecycle = valid(lifetime: .seconds(100))
        #expect(lifecycle.use(now: start + .seconds(100), isNeeded: true) == .renewAndWait(.expiry))
        lifecycle.forget()
        #expect(lifecycle.use(now: start + .seconds(100), isNeeded: true) == .wait)
        #expect(lifecycle.generation == 0 && lifecycle.isSpent(now: start))
    }

    @Test func `after failed renewals the wait doubles up to five minutes`() {
        var lifecycle = TokenLifecycle()
        var waits: [Duration] = []
        var now = start
        for _ in 0..<12 {
            #expect(lifecycle.use(now: now, isNeeded: true) == .renewAndWait(.firstUse))
            guard case .cooling(let until, _, _) = lifecycle.failed("x", isFinal: false, retryAfter: nil, now: now)
            else { return }
            lifecycle.renewalEnded()
            waits.append(until - now)
            #expect(lifecycle.use(now: until - .microseconds(1), isNeeded: true) != .renewAndWait(.firstUse))
            now = until
        }
        #expect(waits.prefix(4) == [.seconds(1), .seconds(2), .seconds(4), .seconds(8)])
        #expect(waits.last == .seconds(300))
    }

    @Test func `signals of an older generation do not renew`() {
        var lifecycle = valid(lifetime: nil)
        #expect(lifecycle.signal(generation: 0, now: start) == .proceed)
        #expect(lifecycle.signal(generation: 1, now: start) == .renewAndWait(.signal))
        #expect(lifecycle.signal(generation: 1, now: start) == .wait)
        lifecycle.adopt(token(2, lifetime: nil), reason: .signal, jitter: 0)
        lifecycle.renewalEnded()
        #expect(lifecycle.signal(generation: 1, now: start) == .proceed)
    }

    @Test func `a token that a signal brought is on probation until it is proven`() {
        var lifecycle = valid(lifetime: nil)
        _ = lifecycle.signal(generation: 1, now: start)
        lifecycle.adopt(token(2, lifetime: nil), reason: .signal, jitter: 0)
        lifecycle.renewalEnded()
        #expect(lifecycle.wantsProof)
        #expect(lifecycle.signal(generation: 2, now: start + .seconds(59)) == .giveUp)
        var proven = lifecycle
        proven.succeeded(generation: 2)
        #expect(proven.signal(generation: 2, now: start + .seconds(1)) == .renewAndWait(.signal))
        var matched = lifecycle
        matched.succeeded(generation: 2)
        matched.replayMatched(generation: 2, now: start + .seconds(1))
        #expect(matched.signal(generation: 2, now: start + .seconds(60)) == .giveUp)
        #expect(matched.signal(generation: 2, now: start + .seconds(61)) == .renewAndWait(.signal))
        #expect(lifecycle.signal(generation: 2, now: start + .seconds(60)) == .renewAndWait(.signal))
    }

    @Test func `needs_attention stops everything but a renewal by hand`() {
        var lifecycle = valid(lifetime: .seconds(100))
        let trouble = lifecycle.failed("x", isFinal: true, retryAfter: nil, now: start)
        #expect(lifecycle.use(now: start, isNeeded: true) == .fail(trouble))
        #expect(lifecycle.signal(generation: 1, now: start) == .fail(trouble))
        #expect(lifecycle.timer(now: start + .seconds(99), isUsed: true) == .proceed)
        #expect(lifecycle.freeUntil == nil)
        #expect(lifecycle.demand() == .renewAndWait(.manual))
    }

    @Test func `the timer renews what was used, and keeps a refresh token alive at 85 percent`() {
        var lifecycle = valid(lifetime: .seconds(100), refresh: .seconds(1_000))
        #expect(lifecycle.nextTimer(after: start, isUsed: false) == start + .seconds(75))
        #expect(lifecycle.timer(now: start + .seconds(75), isUsed: false) == .proceed)
        #expect(lifecycle.nextTimer(after: start + .seconds(75), isUsed: false) == start + .seconds(850))
        #expect(lifecycle.timer(now: start + .seconds(850), isUsed: false) == .renewInBackground(.keepAlive))
    }

    @Test(
        arguments: [
            (["expires_in": 60], 60), (["expires_in": "60"], 60), (["expires_in": 60.5], 60.5),
            (["expires_in": 0], nil),
            (["expires_in": "soon"], nil), (["expires_at": 1_000_090], 90),
            (["expires_at": 1_700_000_000_000], 1_699_000_000),
            (["expires_at": "1970-01-12T13:48:20Z"], 100), ([:], nil),
            // The server's clock is behind: every request would have to renew.
            (["expires_at": 999_990], nil), (["expires_at": "1970-01-12T13:46:39Z"], nil),
            (["expires_in": .null, "expires_at": 1_000_010], 10),
        ] as [(ValueMap, Double?)]
    )
    func `reads when a token expires`(_ result: ValueMap, _ seconds: Double?) {
        #expect(TokenExpiry.accessToken(result, sentAt: start) == seconds.map { start + .seconds($0) })
    }
}
