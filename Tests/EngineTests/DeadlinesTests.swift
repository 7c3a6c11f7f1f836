import Schedule
import Synchronization
import Testing

@testable import Engine

/// Limits of time, on a clock whose hands the test moves.
struct DeadlinesTests {
    private let clock = ManualEngineClock(at: .init(seconds: 0))
    private let expired = Expired()

    /// The names of limits that are over, in the order in which they were said to be.
    private final class Expired: Sendable {
        private let names = Mutex<[String]>([])
        var all: [String] { names.withLock(\.self) }
        func add(_ name: String) { names.withLock { $0.append(name) } }
    }

    private func add(_ name: String, after limit: Duration, to deadlines: Deadlines) -> Deadlines.Ticket {
        deadlines.add(after: limit) { [expired] in expired.add(name) }
    }

    @Test func `each is over once, those of one moment together, and one that was given back is not`() async {
        let deadlines = Deadlines(clock: clock)
        let late = add("late", after: .seconds(5), to: deadlines)
        let first = add("first", after: .seconds(1), to: deadlines)
        let second = add("second", after: .milliseconds(1_004), to: deadlines)
        let gone = add("gone", after: .seconds(2), to: deadlines)
        deadlines.remove(gone)
        await clock.advance(by: .milliseconds(999))
        #expect(expired.all.isEmpty)
        await clock.advance(by: .milliseconds(1))
        #expect(expired.all == ["first"])
        await clock.advance(by: .milliseconds(10))
        #expect(expired.all == ["first", "second"])
        await clock.advance(by: .seconds(10))
        #expect(expired.all == ["first", "second", "late"])
        for ticket in [late, first, second] { deadlines.remove(ticket) }
    }

    @Test func `a ticket that is given back after its time frees its place for another`() async {
        let deadlines = Deadlines(clock: clock)
        let first = add("first", after: .seconds(1), to: deadlines)
        await clock.advance(by: .seconds(1))
        deadlines.remove(first)
        let second = add("second", after: .seconds(1), to: deadlines)
        let third = add("third", after: .seconds(3), to: deadlines)
        await clock.advance(by: .seconds(1))
        #expect(expired.all == ["first", "second"])
        deadlines.remove(second)
        deadlines.remove(third)
        await clock.advance(by: .seconds(5))
        #expect(expired.all == ["first", "second"])
    }
}
