import Testing
import YAML

@Suite struct MappingReaderTests {
    private enum Overlap: String, CaseIterable { case skip, queue, allow }

    private func reader(_ yaml: String) throws -> (MappingReader, Reading) {
        let reading = read(yaml)
        let node = try #require(reading.node)
        return (try #require(MappingReader(node, as: "a trigger", into: reading.diagnostics)), reading)
    }

    @Test func `reads each type`() throws {
        var (mapping, reading) = try reader("s: text\nb: true\ni: 3\nc: queue\nl: [1, 2]\nn:\n")
        #expect(mapping.string("s")?.value == "text")
        #expect(mapping.bool("b")?.value == true)
        #expect(mapping.int("i", in: 1...3)?.value == 3)
        #expect(mapping.choice("c", Overlap.self)?.value == .queue)
        #expect(mapping.list("l")?.count == 2)
        #expect(mapping.take("n")?.isNull == true)
        #expect(mapping.takeNonNull("n") == nil)
        #expect(mapping.string("absent") == nil)
        #expect(mapping.require("s") != nil)
        mapping.finish()
        #expect(reading.diagnostics.all.isEmpty)
        #expect(mapping.string("s")?.span == Span(start: Mark(line: 1, column: 4), end: Mark(line: 1, column: 8)))
    }

    @Test func `reports wrong types with the mend and goes on`() throws {
        var (mapping, reading) = try reader("s: 12\nb: yes\ni: \"3\"\nc: skp\nl: one\nr: 9\ne:\nq: \"true\"\n")
        _ = mapping.string("s")
        _ = mapping.bool("b")
        _ = mapping.int("i")
        _ = mapping.choice("c", Overlap.self)
        _ = mapping.list("l")
        _ = mapping.int("r", in: 1...5)
        _ = mapping.string("e")
        _ = mapping.bool("q")
        #expect(
            reading.reports == [
                "f.yml:1:4: error: `s` must be text, not a number",
                "f.yml:2:4: error: `b` must be true or false, not text",
                "f.yml:3:4: error: `i` must be an integer, not text",
                "f.yml:4:4: error: `skp` is no value of `c`",
                "f.yml:5:4: error: `l` must be a list, not text",
                "f.yml:6:4: error: `r` must be from 1 to 5, not 9",
                "f.yml:7:1: error: `e` has no value; expected text",
                "f.yml:8:4: error: `q` must be true or false, not text",
            ]
        )
        #expect(
            reading.diagnostics.sorted.map(\.help) == [
                "put it in quotes: \"12\"", "write `true`", "write 3 without quotes",
                "did you mean `skip`? Allowed: `skip`, `queue`, `allow`", "write it as a list of one: [\"one\"]", nil,
                "write a value after the colon, or remove the key", "write true without quotes",
            ]
        )
    }

    @Test func `reports unknown keys with the nearest known one`() throws {
        var (mapping, reading) = try reader("cron: x\ntmezone: y\nzzz: 1\n")
        _ = mapping.take("cron")
        mapping.known("timezone", "interval")
        mapping.finish()
        #expect(
            reading.reports == [
                "f.yml:2:1: error: a trigger has no key `tmezone`", "f.yml:3:1: error: a trigger has no key `zzz`",
            ]
        )
        #expect(
            reading.diagnostics.sorted.map(\.help) == [
                "did you mean `timezone`?", "known keys: `cron`, `timezone`, `interval`",
            ]
        )
    }

    @Test func `sees the missing space in a flow mapping`() throws {
        let (mapping, reading) = try reader("{cron:x}\n")
        mapping.finish()
        #expect(reading.diagnostics.all.map(\.help) == ["put a space after the colon: `cron: x`"])
    }

    @Test func `reports a missing key at the first key`() throws {
        var (mapping, reading) = try reader("x: 1\ny:\n")
        #expect(mapping.require("cron", help: "write `cron: \"@daily\"`") == nil)
        #expect(mapping.require("y") == nil)
        #expect(
            reading.reports == [
                "f.yml:1:1: error: a trigger needs the key `cron`",
                "f.yml:2:1: error: `y` has no value; expected a value",
            ]
        )
    }

    @Test func `refuses what is no mapping`() throws {
        let reading = read("trigger:\n  cron:daily\n")
        guard case .mapping(let entries) = reading.node?.content else { return #expect(Bool(false)) }
        #expect(MappingReader(entries[0].value, as: "a trigger", into: reading.diagnostics) == nil)
        #expect(reading.reports == ["f.yml:2:3: error: expected a trigger as a mapping, found text"])
        #expect(reading.diagnostics.all[0].help == "put a space after the colon: `cron: daily`")
    }
}
