import CEL
import Schedule
import Store
import Testing

@testable import runner

@Suite struct ListingTests {
    @Test func `columns are as wide as their widest cell and lines end without spaces`() {
        var table = Table(["A", "LONGER", "C"])
        table.add(["wide cell", "x", ""])
        #expect(table.text == "A          LONGER  C\nwide cell  x")
    }

    @Test func `an empty array is an array, and each object has a line`() {
        #expect(Listing.array([]) == "[]")
        #expect(Listing.array([.int(1), .int(2)]) == "[\n1,\n2\n]")
    }

    @Test func `a fire without a run has null where a run has moments`() {
        let fire = FireKey(recipe: "a", trigger: "t", scheduledAt: Instant(seconds: 0))
        let object = Listing.json(RunRecord(fire: fire, status: .missed, reason: "down", missedCount: 3))
        #expect(object["scheduled_at"] == .string("1970-01-01T00:00:00Z"))
        #expect(object["started_at"] == .null)
        #expect(object["status"] == .string("missed"))
        #expect(object["missed_count"] == .int(3))
    }

    @Test(arguments: [(Duration.microseconds(1_499), "1 ms"), (.milliseconds(1_250), "1.3 s"), (.zero, "0 ms")])
    func `a length of time is short`(duration: Duration, text: String) {
        #expect(Listing.text(duration) == text)
    }

    @Test func `a moment before 1970 is cut to the second below it`() {
        #expect(Listing.text(Instant(microseconds: -1), .utc) == "1969-12-31T23:59:59Z")
    }
}
