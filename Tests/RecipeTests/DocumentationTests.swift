import CEL
import Foundation
import Testing

@testable import Recipe

/// Every example in the tables of `docs/expressions.md` is true, and every function that recipes have stands there with one.
@Suite struct DocumentationTests {
    /// A line of a table: the forms in its first column, and the example in its last.
    struct Row: Sendable, CustomTestStringConvertible {
        let forms: String
        let example: String

        /// The functions that the line describes: the names before a bracket.
        var functions: [String] {
            forms.matches(of: /([A-Za-z_][A-Za-z0-9_.]*)\(/).map { String($0.1) }
        }

        var testDescription: String { example }
    }

    static let rows: [Row] = {
        let page = URL(fileURLWithPath: #filePath)
            .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
            .appendingPathComponent("docs/expressions.md")
        guard let text = try? String(contentsOf: page, encoding: .utf8) else { return [] }
        return text.split(separator: "\n").compactMap { line in
            guard line.hasPrefix("| "), line.hasSuffix(" |") else { return nil }
            let columns = line.replacing("\\|", with: "\u{0}").split(separator: "|")
                .map { $0.replacing("\u{0}", with: "|").trimmingCharacters(in: .whitespaces) }
            guard columns.count == 3, columns[2].hasPrefix("`") else { return nil }
            // Code that holds a backtick stands between two of them.
            let ticks = columns[2].hasPrefix("``") ? 2 : 1
            let example = String(columns[2].dropFirst(ticks).dropLast(ticks))
            return Row(forms: columns[0], example: example.trimmingCharacters(in: .whitespaces))
        }
    }()

    @Test(arguments: rows) func `an example is true`(_ row: Row) throws {
        let program = try Environment.recipes.compile(row.example)
        #expect(Environment.recipes.check(program, declarations: [:]) == [])
        #expect(try program.evaluate([:]) == true)
    }

    @Test(arguments: rows) func `an example shows each function of its line`(_ row: Row) {
        for function in row.functions { #expect(row.example.contains(function + "("), "\(function)") }
    }

    @Test func `every function has a line`() {
        #expect(Self.rows.count > 100)
        let known = Set(Self.rows.flatMap(\.functions))
        for name in Environment.recipes.functions.keys.sorted() { #expect(known.contains(name), "\(name)") }
    }
}
