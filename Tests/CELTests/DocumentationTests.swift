import CEL
import Foundation
import Testing

/// Every example in the tables of `docs/expressions.md` is true, and every function stands there.
@Suite struct DocumentationTests {
    static let page = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .appendingPathComponent("docs/expressions.md")

    private func rows() throws -> [[String]] {
        try String(contentsOf: Self.page, encoding: .utf8).split(separator: "\n")
            .filter { $0.hasPrefix("| ") && $0.hasSuffix(" |") && !$0.hasPrefix("| ---") }
            .map { line in
                line.replacingOccurrences(of: "\\|", with: "\u{0}").split(separator: "|")
                    .map { $0.replacingOccurrences(of: "\u{0}", with: "|").trimmingCharacters(in: .whitespaces) }
            }
    }

    @Test func `examples are true`() throws {
        var count = 0
        for row in try rows() where row.count == 3 && row[2] != "Example" {
            let example = row[2].trimmingCharacters(in: CharacterSet(charactersIn: "`")).trimmingCharacters(
                in: .whitespaces
            )
            #expect(
                try evaluate(row[2].hasPrefix("``") ? String(row[2].dropFirst(2).dropLast(2)) : example) == true,
                "\(example)"
            )
            count += 1
        }
        #expect(count > 100)
    }

    @Test func `every function has a line`() throws {
        let names = try rows().map { $0[0] }.joined(separator: " ")
        let known = Set(names.split { !($0.isLetter || $0.isNumber || $0 == "." || $0 == "_") }.map(String.init))
        for name in Environment.standard.functions.keys.sorted() { #expect(known.contains(name), "\(name)") }
    }
}
