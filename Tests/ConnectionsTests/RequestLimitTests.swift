import Recipe
import Schedule
import Synchronization
import TestSupport
import Testing

@testable import Connections

struct RequestLimitTests {
    @Test func `max_concurrency is never exceeded, and nobody is forgotten`() async throws {
        let limiter = ConcurrencyLimiter(limit: 3)
        let state = Counting()
        await withTaskGroup(of: Void.self) { group in
            for number in 0..<200 {
                group.addTask {
                    try? await limiter.run {
                        state.enter()
                        await Task.yield()
                        state.leave()
                    }
                }
                if number % 7 == 0 { await Task.yield() }
            }
        }
        #expect(state.most <= 3)
        #expect(state.done == 200)
    }

    @Test func `a cancelled waiter leaves its place to the next`() async throws {
        let limiter = ConcurrencyLimiter(limit: 1)
        let (gate, open) = AsyncStream<Void>.makeStream()
        let (entered, enter) = AsyncStream<Void>.makeStream()
        let first = Task {
            try await limiter.run {
                enter.yield()
                for await _ in gate { break }
            }
        }
        for await _ in entered { break }
        let second = Task { try await limiter.run {} }
        second.cancel()
        await #expect(throws: CancellationError.self) { try await second.value }
        let third = Task { try await limiter.run { true } }
        open.yield()
        try await first.value
        #expect(try await third.value)
    }

    @Test func `no window of a rate's time sees more than its count`() throws {
        let connection = try Rig.load(
            connector: "title: X",
            connection: "connector: api\nbase_uri: http://127.0.0.1/\nrate_limit: 20/10s"
        )
        var bucket = TokenBucket(try #require(connection.rateLimit))
        let now = Instant(seconds: 0)
        let sent = (0..<100).map { _ in now + bucket.reserve(now: now) }
        #expect(sent.first == now)
        for (place, moment) in sent.enumerated() {
            #expect(sent[place...].count { $0 < moment + .seconds(10) } <= 20)
        }
        #expect((sent.last ?? now) - now < .seconds(56))
    }
}

/// Counts who is inside.
private final class Counting: Sendable {
    private struct State {
        var running = 0
        var most = 0
        var done = 0
    }

    private let state = Mutex(State())

    var most: Int { state.withLock { $0.most } }
    var done: Int { state.withLock { $0.done } }

    func enter() {
        state.withLock {
            $0.running += 1
            $0.most = max($0.most, $0.running)
        }
    }

    func leave() {
        state.withLock {
            $0.running -= 1
            $0.done += 1
        }
    }
}
