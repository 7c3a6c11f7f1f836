import CEL
import Engine
import Recipe
import YAML

/// What `runner test` prints.
struct TestReport {
    /// The outcomes of one file, in its order.
    struct File {
        let path: String
        let outcomes: [TestOutcome]
    }

    private let files: [File]
    private let duration: Duration
    private let colour: Bool

    init(_ files: [File], duration: Duration, colour: Bool) {
        self.files = files
        self.duration = duration
        self.colour = colour
    }

    private var outcomes: [TestOutcome] { files.flatMap(\.outcomes) }

    /// No test failed.
    var isPassed: Bool { outcomes.allSatisfy(\.isPassed) }

    // MARK: For people

    /// Each test in a line; below one that failed, what differs.
    var text: String {
        var lines: [String] = []
        for file in files where !file.outcomes.isEmpty {
            lines.append(file.path)
            for outcome in file.outcomes { lines += self.lines(outcome) }
        }
        let failed = outcomes.count { !$0.isPassed }
        let count = outcomes.count
        if failed > 0 { lines.append(painted("2", "(- expected, + found)")) }
        var summary = "\(count) \(count == 1 ? "test" : "tests"): \(count - failed) passed"
        if failed > 0 { summary += ", \(failed) failed" }
        lines.append("\(summary), in \(Listing.text(duration))")
        return lines.joined(separator: "\n")
    }

    private func lines(_ outcome: TestOutcome) -> [String] {
        let mark = outcome.isPassed ? painted("32", "✓") : painted("31", "✗")
        var lines = ["  \(mark) \(outcome.test.name)  \(painted("2", Listing.text(outcome.duration)))"]
        for failure in outcome.failures {
            lines.append("      \(failure.place): \(failure.message)")
            lines += failure.notes.flatMap { $0.split(separator: "\n") }.map { "        \($0)" }
            for difference in failure.differences.prefix(Self.longestList) { lines += self.lines(difference) }
            let rest = failure.differences.count - Self.longestList
            if rest > 0 { lines.append("        … and \(rest) more") }
        }
        return lines
    }

    private static let longestList = 20

    private func lines(_ difference: Difference) -> [String] {
        var lines: [String] = []
        if !difference.path.isEmpty { lines.append("        \(difference.path)") }
        lines.append("          " + painted("32", "- \(difference.expected ?? "(nothing)")"))
        lines.append("          " + painted("31", "+ \(difference.found ?? "(nothing)")"))
        return lines
    }

    private func painted(_ code: String, _ text: String) -> String {
        colour ? "\u{1B}[\(code)m\(text)\u{1B}[0m" : text
    }

    // MARK: For programs

    /// An array with one object for each test.
    var json: String {
        Listing.array(
            files.flatMap { file in
                file.outcomes.map { outcome in
                    .map([
                        "file": .string(file.path), "line": .int(Int64(outcome.test.place.mark.line)),
                        "name": .string(outcome.test.name), "passed": .bool(outcome.isPassed),
                        "duration_ms": .double(Listing.milliseconds(outcome.duration)),
                        "failures": .list(outcome.failures.map(Self.object)),
                    ])
                }
            }
        )
    }

    private static func object(_ failure: TestFailure) -> Value {
        .map([
            "message": .string(failure.message), "path": .string(failure.place.path),
            "line": .int(Int64(failure.place.mark.line)), "column": .int(Int64(failure.place.mark.column)),
            "notes": .list(failure.notes.map(Value.string)),
            "differences": .list(
                failure.differences.map { difference in
                    .map([
                        "path": .string(difference.path), "expected": difference.expected.map(Value.string) ?? .null,
                        "found": difference.found.map(Value.string) ?? .null,
                    ])
                }
            ),
        ])
    }
}
