import Testing

@testable import Store

@Suite struct RunIDTests {
    @Test func `ids sort by their moment, then by chance`() {
        let early = RunID(milliseconds: 1_764_000_000_000, random: .max)
        let late = RunID(milliseconds: 1_764_000_000_001, random: 0)
        #expect(early < late)
        #expect(RunID(milliseconds: 5, random: 1) < RunID(milliseconds: 5, random: 2))
        #expect(RunID(milliseconds: 0, random: 0).text == "00000000000000000000")
        #expect(RunID(milliseconds: .max, random: .max).text == "zzzzzzzzzzzzzzzzzzzz")
    }

    @Test func `the 48 bits of time stand before the 52 of chance`() {
        // 48 bits are nine characters and three bits of the tenth.
        #expect(RunID(milliseconds: 1, random: 0).text == "00000000040000000000")
        #expect(RunID(milliseconds: 0, random: 1).text == "00000000000000000001")
        #expect(RunID(milliseconds: 0, random: 1 << 51).text == "00000000020000000000")
    }

    @Test func `new ids are all different`() {
        #expect(Set((0..<10_000).map { _ in RunID() }).count == 10_000)
    }

    @Test func `only ids are read as ids`() {
        let id = RunID()
        #expect(RunID(id.text) == id)
        #expect(RunID(id.text.uppercased()) == id)
        #expect(RunID(String(id.text.dropLast())) == nil)
        #expect(RunID("ilou0000000000000000") == nil)
        #expect(RunID("") == nil)
    }
}
