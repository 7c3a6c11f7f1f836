import Schedule
import Testing

@testable import Engine

@Suite struct FireQueueTests {
    @Test func `gives keys in the order of their moments and then of setting`() {
        var queue = FireQueue<String>()
        queue.set("late", to: Instant(seconds: 30))
        queue.set("b", to: Instant(seconds: 10))
        queue.set("a", to: Instant(seconds: 10))
        #expect(queue.next() == Instant(seconds: 10))
        #expect(queue.takeDue(Instant(seconds: 20)) == ["b", "a"])
        #expect(queue.takeDue(Instant(seconds: 20)) == [])
        #expect(queue.next() == Instant(seconds: 30))
        #expect(queue.count == 1)
    }

    @Test func `a key has only its newest moment`() {
        var queue = FireQueue<String>()
        queue.set("a", to: Instant(seconds: 1))
        queue.set("a", to: Instant(seconds: 50))
        #expect(queue.takeDue(Instant(seconds: 40)) == [])
        queue.set("a", to: nil)
        #expect(queue.next() == nil)
        #expect(queue.takeDue(Instant(seconds: 99)) == [])
    }

    @Test func `does not grow when keys are moved again and again`() {
        var queue = FireQueue<Int>()
        for round in 0..<1_000 {
            for key in 0..<10 { queue.set(key, to: Instant(seconds: Int64(round * 10 + key))) }
        }
        #expect(queue.count == 10)
        #expect(queue.takeDue(Instant(seconds: 1_000_000)) == Array(0..<10))
    }
}
