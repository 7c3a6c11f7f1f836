import CEL
import Testing

@testable import Recipe

@Suite struct ExpectedValueTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let story: String
        let expected: ExpectedValue
        let found: Value?
        let strictness: ExpectedValue.Strictness
        let differences: [Difference]
        var testDescription: String { story }
    }

    private static func map(_ entries: (String, ExpectedValue)...) -> ExpectedValue {
        .map(entries.map { (key: $0.0, value: $0.1) })
    }

    static let cases: [Case] = [
        Case(
            story: "numbers are equal whatever their type",
            expected: .value(3),
            found: 3.0,
            strictness: .whole,
            differences: []
        ),
        Case(
            story: "a text is no number",
            expected: .value("3"),
            found: 3,
            strictness: .whole,
            differences: [Difference(path: "", expected: "\"3\"", found: "3")]
        ),
        Case(
            story: "members that nobody mentions may be there in a part",
            expected: map(("a", .value(1))),
            found: ["a": 1, "b": 2],
            strictness: .mentioned,
            differences: []
        ),
        Case(
            story: "and may not in a whole",
            expected: map(("a", .value(1))),
            found: ["a": 1, "b": 2],
            strictness: .whole,
            differences: [Difference(path: "b", expected: nil, found: "2")]
        ),
        Case(
            story: "null is a member that is missing",
            expected: map(("a", .value(.null)), ("b", .value(.null))),
            found: ["a": .null],
            strictness: .mentioned,
            differences: []
        ),
        Case(
            story: "null is no member that is there",
            expected: map(("page", .value(.null))),
            found: ["page": "2"],
            strictness: .mentioned,
            differences: [Difference(path: "page", expected: "null", found: "\"2\"")]
        ),
        Case(
            story: "each item of a list, at its place",
            expected: map(("data", .list([.value(1), map(("t", .value("x"))), .value(3)]))),
            found: ["data": [1, ["t": "y"]]],
            strictness: .mentioned,
            differences: [
                Difference(path: "data[1].t", expected: "\"x\"", found: "\"y\""),
                Difference(path: "data[2]", expected: "3", found: nil),
            ]
        ),
        Case(
            story: "a list that is too long",
            expected: .list([.value(1)]),
            found: [1, 2],
            strictness: .mentioned,
            differences: [Difference(path: "[1]", expected: nil, found: "2")]
        ),
        Case(
            story: "something else than a map",
            expected: map(("a", .value(1))),
            found: nil,
            strictness: .whole,
            differences: [Difference(path: "", expected: "{\"a\":1}", found: nil)]
        ),
        Case(
            story: "keys that no expression can say",
            expected: map(("a b", .value(1)), ("x-id", .value(2))),
            found: ["a b": 2, "x-id": 3],
            strictness: .mentioned,
            differences: [
                Difference(path: "[\"a b\"]", expected: "1", found: "2"),
                Difference(path: "x-id", expected: "2", found: "3"),
            ]
        ),
    ]

    @Test(arguments: cases) func `finds what differs`(_ row: Case) {
        #expect(row.expected.differences(from: row.found, row.strictness) == row.differences)
    }

    @Test func `a pattern is found anywhere in a text or a number`() throws {
        let pattern = ExpectedValue.pattern(try Pattern("^is{2}ue-[0-9]+$"))
        #expect(pattern.differences(from: "issue-12", .whole).isEmpty)
        #expect(ExpectedValue.pattern(try Pattern("^4")).differences(from: 404, .whole).isEmpty)
        #expect(pattern.differences(from: "issue-x", .whole).map(\.expected) == ["/^is{2}ue-[0-9]+$/"])
        #expect(pattern.differences(from: nil, .mentioned).count == 1)
    }

    @Test func `long texts are shown where they differ`() throws {
        let text = String(repeating: "a", count: 500)
        let found = try #require(
            ExpectedValue.value(.string(text + "x")).differences(from: .string(text + "y"), .whole).first
        )
        #expect(found.expected?.hasSuffix("x\"") == true && found.found?.hasSuffix("y\"") == true)
        #expect((found.expected?.count ?? 0) < 60)
    }
}
