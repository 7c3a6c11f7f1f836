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
                    try? await limiter.run { _ in
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
            try await limiter.run { _ in
                enter.yield()
                for await _ in gate { break }
            }
        }
        for await _ in entered { break }
        let second = Task { try await limiter.run { _ in } }
        second.cancel()
        await #expect(throws: CancellationError.self) { try await second.value }
        let third = Task { try await limiter.run { _ in true } }
        open.yield()
        try await first.value
        #expect(try await third.value)
    }

    @Test func `who needs no place any more passes it on`() {
        let limiter = ConcurrencyLimiter(limit: 1)
        let takers = [true, false, false, true, true].map(Taker.init)
        for taker in takers { limiter.enter(taker) }
        #expect(takers.map(\.bays) == [[0], [], [], [], []])
        limiter.withdraw(takers[3])
        limiter.leave(0)
        #expect(takers.map(\.bays) == [[0], [], [], [], [0]])
        limiter.leave(0)
        let last = Taker(isWilling: false)
        limiter.enter(last)
        limiter.enter(takers[3])
        #expect(last.bays.isEmpty && takers[3].bays == [0])
    }

    @Test func `places of the first bays are taken first, and no bay has more than its size`() async throws {
        let limiter = ConcurrencyLimiter(limit: 7, baySize: 3)
        let (gate, open) = AsyncStream<Void>.makeStream()
        let (entered, enter) = AsyncStream<Int>.makeStream()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<9 {
                group.addTask {
                    try await limiter.run { bay in
                        enter.yield(bay)
                        for await _ in gate { break }
                    }
                }
            }
            var bays = entered.makeAsyncIterator()
            var seen: [Int] = []
            while seen.count < 7, let bay = await bays.next() { seen.append(bay) }
            #expect(seen.sorted() == [0, 0, 0, 1, 1, 1, 2])
            open.finish()
            try await group.waitForAll()
        }
        #expect(try await limiter.run { $0 } == 0)
    }

    /// Thirty requests, each of which takes until something comes through the gate, in eight bays of one place, of which one is open.
    private func crowd(
        behind gate: AsyncStream<Void>,
        _ clock: ManualClock,
        _ state: Counting,
        _ body: () async throws -> Void
    ) async throws {
        let limiter = ConcurrencyLimiter(limit: 8, baySize: 1, openBays: 1, clock: clock)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<30 {
                group.addTask {
                    try await limiter.run { _ in
                        state.enter()
                        for await _ in gate { break }
                        state.leave()
                    }
                }
            }
            try await body()
            try await group.waitForAll()
        }
    }

    @Test func `more bays are opened while those who wait would wait long, and only then`() async throws {
        let clock = ManualClock()
        let state = Counting()
        let (gate, open) = AsyncStream<Void>.makeStream()
        try await crowd(behind: gate, clock, state) {
            for most in [1, 2, 4] {
                while clock.sleeperCount == 0 || state.most < most { await Task.yield() }
                #expect(state.most == most)
                clock.advance(by: .milliseconds(50))
            }
            while state.most < 8 { await Task.yield() }
            #expect(clock.sleeperCount == 0)
            open.finish()
        }
        #expect(state.done == 30 && state.most == 8)
    }

    @Test func `a server that is fast keeps to the bays that are open`() async throws {
        let clock = ManualClock()
        let state = Counting()
        let (gate, open) = AsyncStream<Void>.makeStream()
        try await crowd(behind: gate, clock, state) {
            while clock.sleeperCount == 0 { await Task.yield() }
            for done in 1...3 {
                open.yield()
                while state.done < done { await Task.yield() }
            }
            clock.advance(by: .milliseconds(50))
            while clock.sleeperCount == 0 { await Task.yield() }
            #expect(state.most == 1)
            open.finish()
        }
        #expect(state.done == 30 && state.most == 1)
    }

    @Test func `no window of a rate's time sees more than its count`() throws {
        let connection = try Rig.load(
            connector: "title: X",
            connection: "connector: api\nbase_uri: http://127.0.0.1/\nrate_limit: 20/10s"
        )
        var bucket = TokenBucket(try #require(connection.rateLimit))
        let sent = (0..<100).map { _ in bucket.reserve(now: .zero).wait }
        #expect(sent.first == .zero)
        for (place, moment) in sent.enumerated() {
            #expect(sent[place...].count { $0 < moment + .seconds(10) } <= 20)
        }
        #expect(sent.last.map { $0 < .seconds(56) } == true)
    }

    @Test func `those who are held go on one after another, the first as soon as the server wants`() {
        let hold = RequestHold()
        #expect(hold.remaining(of: .first, now: .zero) == nil)
        hold.extend(by: .seconds(10), after: .first, now: .zero)
        let waits = (0..<3_000).compactMap { _ in hold.remaining(of: .first, now: .seconds(4)) }
        #expect(waits.first == .seconds(6) && waits[1] == .seconds(6) + RequestHold.step)
        #expect(waits.allSatisfy { $0 >= .seconds(6) && $0 < .seconds(11) })
        #expect(waits.count { $0 < .milliseconds(6_100) } < 100)
        #expect(hold.remaining(of: .first, now: .seconds(10)) == nil)
        hold.extend(by: .seconds(1), after: .first, now: .seconds(20))
        #expect(hold.remaining(of: .first, now: .seconds(20)) == .seconds(1))
    }

    /// A thousand clients of a server that answers after 5 ms, and lets through what it likes.
    ///
    /// - Returns: how long it takes, and how many requests.
    private func storm(_ clients: Int = 1_000, _ isWelcome: (_ attempt: Int, _ now: Duration) -> Bool) -> (
        Duration, Int
    ) {
        let hold = RequestHold()
        let pause = 2_000
        var due = [0: Array(0..<clients)]
        var answers: [Int: [Int]] = [:]
        var attempts = Array(repeating: 0, count: clients)
        var turns = Array(repeating: RequestTurn.first, count: clients)
        var (left, sent, millisecond) = (clients, 0, 0)
        while left > 0, millisecond < 600_000 {
            let now = Duration.milliseconds(millisecond)
            for client in answers.removeValue(forKey: millisecond) ?? [] {
                attempts[client] += 1
                if isWelcome(attempts[client], now) {
                    left -= 1
                } else {
                    hold.extend(by: .milliseconds(pause), after: turns[client], now: now)
                    turns[client] = turns[client].next
                    due[millisecond + pause, default: []].append(client)
                }
            }
            // Those who begin at once do so a hundred in a millisecond.
            let present = due.removeValue(forKey: millisecond) ?? []
            if present.count > 100 { due[millisecond + 1] = present.dropFirst(100) + (due[millisecond + 1] ?? []) }
            for client in present.prefix(100) {
                if let wait = hold.remaining(of: turns[client], now: now) {
                    due[millisecond + max(1, Int(wait / .milliseconds(1))), default: []].append(client)
                } else {
                    answers[millisecond + 5, default: []].append(client)
                    sent += 1
                }
            }
            millisecond += 1
        }
        return (.milliseconds(millisecond), sent)
    }

    @Test func `a server that tells each client once to wait has answered all of them soon`() {
        let (lasted, sent) = storm { attempt, _ in attempt > 1 }
        #expect(lasted < .seconds(60) && sent == 2_000)
    }

    @Test(arguments: [2, 3])
    func `a server that tells each client several times to wait has answered all of them soon`(_ times: Int) {
        let (lasted, sent) = storm { attempt, _ in attempt > times }
        #expect(lasted < .seconds(90) && sent == 1_000 * (times + 1))
    }

    @Test func `a server that is down for a while is asked little`() {
        let (lasted, sent) = storm { _, now in now > .seconds(100) }
        #expect(lasted < .seconds(120) && sent < 5_000)
    }

    @Test func `a server with one limit for all is asked little more than it takes`() {
        var window = (number: Int64(-1), count: 0)
        let (lasted, sent) = storm { _, now in
            let number = now.components.seconds / 2
            if window.number != number { window = (number, 0) }
            window.count += 1
            return window.count <= 100
        }
        #expect(lasted < .seconds(30) && sent < 1_700)
    }

    @Test func `places of those who were cancelled are used again, each once`() throws {
        let connection = try Rig.load(
            connector: "title: X",
            connection: "connector: api\nbase_uri: http://127.0.0.1/\nrate_limit: 20/10s"
        )
        var bucket = TokenBucket(try #require(connection.rateLimit))
        let places = (0..<100).map { _ in bucket.reserve(now: .zero) }
        let cancelled = (20..<100).filter { $0 % 2 == 0 }
        for number in cancelled.reversed() + [99] { bucket.giveBack(places[number]) }
        let stay = places.enumerated().filter { !cancelled.contains($0.offset) && $0.offset != 99 }.map(\.element.wait)
        let new = (0..<100).map { _ in bucket.reserve(now: .zero).wait }
        let sent = (stay + new).sorted()
        for (place, moment) in sent.enumerated() {
            #expect(sent[place...].count { $0 < moment + .seconds(10) } <= 20)
        }
        // Nobody waits for places that nobody has.
        #expect(sent.last.map { $0 < .seconds(90) } == true)
        // What has passed is lost.
        bucket = TokenBucket(try #require(connection.rateLimit))
        let early = (0..<10).map { _ in bucket.reserve(now: .zero) }
        for place in early { bucket.giveBack(place) }
        #expect((0..<3).map { _ in bucket.reserve(now: .seconds(60)).wait }.max().map { $0 > .zero } == true)
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

/// Takes what places it is given, or none.
private final class Taker: PlaceTaker {
    private let isWilling: Bool
    private let taken = Mutex<[Int]>([])

    init(isWilling: Bool) { self.isWilling = isWilling }

    var bays: [Int] { taken.withLock(\.self) }

    func take(placeIn bay: Int) -> Bool {
        if isWilling { taken.withLock { $0.append(bay) } }
        return isWilling
    }
}
