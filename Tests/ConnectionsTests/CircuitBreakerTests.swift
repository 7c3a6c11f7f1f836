import CEL
import Recipe
import Schedule
import Synchronization
import TestSupport
import Testing

@testable import Connections

struct CircuitBreakerTests {
    private let start = Duration.seconds(1_000)

    @Test func `opens after ten failures in a row, and lets one request try`() {
        var breaker = CircuitBreaker()
        for _ in 1...9 {
            #expect(breaker.permit(now: start) == .send)
            breaker.report(.failure, isProbe: false, now: start)
        }
        breaker.report(.answer, isProbe: false, now: start)
        for _ in 1...10 { breaker.report(.failure, isProbe: false, now: start) }
        #expect(breaker.permit(now: start + .seconds(1)) == .refuse(for: .seconds(4)))
        // What was under way when it opened does not keep it open longer.
        breaker.report(.failure, isProbe: false, now: start + .seconds(4))
        #expect(breaker.permit(now: start + .seconds(5)) == .probe)
        #expect(breaker.permit(now: start + .seconds(5)) == .refuse(for: .seconds(1)))
        breaker.report(.failure, isProbe: true, now: start + .seconds(6))
        #expect(breaker.permit(now: start + .seconds(6)) == .refuse(for: .seconds(10)))
        #expect(breaker.permit(now: start + .seconds(16)) == .probe)
        breaker.report(.nothing, isProbe: true, now: start + .seconds(16))
        #expect(breaker.permit(now: start + .seconds(16)) == .probe)
        breaker.report(.answer, isProbe: true, now: start + .seconds(16))
        #expect(breaker.permit(now: start + .seconds(16)) == .send)
    }

    @Test func `the pause grows to a minute at most`() {
        var breaker = CircuitBreaker()
        var now = start
        for _ in 1...10 { breaker.report(.failure, isProbe: false, now: now) }
        for pause in [5.0, 10, 20, 40, 60, 60] {
            #expect(breaker.permit(now: now) == .refuse(for: .seconds(pause)))
            now += .seconds(pause)
            #expect(breaker.permit(now: now) == .probe)
            breaker.report(.failure, isProbe: true, now: now)
        }
    }

    @Test func `a server that is down costs few requests, and is used again when it is back`() async throws {
        let isDown = Mutex(true)
        let clock = ManualClock()
        try await ScriptedServer.run { _ in
            isDown.withLock { $0 } ? ScriptedServer.Reply(503) : .json("{}")
        } _: { server in
            try await Rig.run(server, connector: nil, connection: "connector: none\nbase_uri: BASE", clock: clock) {
                (rig: Rig) async throws in
                for _ in 1...10 { #expect(try await rig.get().status == 503) }
                #expect(await rig.storm(500) == [0: 500])
                #expect(server.requests.count == 10)
                let failure = try #require(await rig.failure())
                #expect(
                    failure.message.hasSuffix(
                        "not sent, because the last 10 requests of the connection `api` failed; the next try is in 5s"
                    ),
                    "\(failure.message)"
                )
                #expect(failure.isTransient && failure.retryAfter == .seconds(5))
                // Somebody sets the clock back, which is no reason to wait longer.
                clock.set(by: .seconds(-3_600))
                clock.advance(by: .seconds(5))
                isDown.withLock { $0 = false }
                #expect(try await rig.get().status == 200)
                #expect(await rig.storm(100) == [200: 100])
            }
        }
    }
}
