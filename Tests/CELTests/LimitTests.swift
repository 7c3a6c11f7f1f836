import CEL
import Dispatch
import Foundation
import Testing

/// Hostile expressions: each gets an answer or an error in little time and memory.
@Suite struct LimitTests {
    static let hostile: [(story: String, source: String)] = [
        ("nonsense", "'a' * nothing"),
        ("a string without an end", "'abc"),
        ("a triple string without an end", "'''abc"),
        ("parentheses", String(repeating: "(", count: 10_000) + "1" + String(repeating: ")", count: 10_000)),
        ("brackets", String(repeating: "[", count: 10_000) + String(repeating: "]", count: 10_000)),
        ("braces", String(repeating: "{1:", count: 10_000) + "1" + String(repeating: "}", count: 10_000)),
        ("calls", String(repeating: "f(", count: 10_000) + String(repeating: ")", count: 10_000)),
        ("signs", String(repeating: "-", count: 50_000) + "1"),
        ("not", String(repeating: "!", count: 50_000) + "true"),
        ("a row of sums", String(repeating: "1+", count: 20_000) + "1"),
        ("a row of conditionals", String(repeating: "true?1:", count: 10_000) + "1"),
        ("a row of selections", "a" + String(repeating: ".a", count: 20_000)),
        ("a row of indexes", "a" + String(repeating: "[0]", count: 20_000)),
        ("a row of 'and'", String(repeating: "true&&", count: 10_000) + "true"),
        ("nested maps", nested(15)),
        ("nested maps as deep as they may be", nested(8)),
        ("all pairs", "lists.range(100000).all(x, lists.range(100000).all(y, x != y + 200000))"),
        ("a long list", "lists.range(9223372036854775807)"),
        ("doubling text", doubling("'aaaaaaaaaaaaaaaa'", "x + x")),
        ("doubling lists", doubling("[1]", "x + x")),
        ("a list of shared lists", doubling("['aaaaaaaa']", "[x, x, x, x, x, x, x, x]", 20)),
        ("comparing shared lists", doubling("['aaaaaaaa']", "[x, x, x, x, x, x, x, x]", 20) + " == 1"),
        ("equal shared lists", "cel.bind(y, \(doubling("[0]", "[x, x, x, x, x, x, x, x]", 20)), y == y)"),
        ("shared lists as JSON", "json.format(\(doubling("[0]", "[x, x, x, x, x, x, x, x]", 20)))"),
        ("a pattern that backtracks", "'\(String(repeating: "a", count: 50_000))!'.matches('(a+)+$')"),
        ("a huge pattern", "'a'.matches('((((a{100}){100}){100}){100})')"),
        ("a huge repeated pattern", "'a'.matches('(((a{30}){30}){30})')"),
        (
            "replacing all",
            "'\(String(repeating: "a", count: 50_000))'.replace('a', '\(String(repeating: "b", count: 40_000))')"
        ),
        ("splitting", "'\(String(repeating: "a", count: 90_000))'.split('')"),
        ("a wide format", "'%.999999999f'.format([1.0])"),
        ("shared lists made while compiling", doublingInside("[x, x]")),
        ("shared maps made while compiling", doublingInside("{'a': x, 'b': x}")),
        ("constants that take long to compute", "[\(row("'x'.repeat(60000).size()", 3_000))].size()"),
        ("huge patterns", "[\(patterns(#"\\pL{1000}"#, 2_500))].size()"),
        ("many patterns", "[\(patterns("(a{1,90}b){10}", 2_500))].size()"),
        ("many wrong patterns", "[\(patterns("(a{1,90}b){10}|**", 2_500))].size()"),
        (
            "huge patterns whose errors are absorbed",
            #"lists.range(99999).exists(i, 'a'.matches(string(i) + r'\pL{1000}'))"#
        ),
        ("patterns that are computed", "lists.range(99999).map(i, 'a'.matches(string(i) + '(a{1,90}b){10}')).size()"),
        (
            "a pattern that looks ahead to the end each time",
            "regex.extractAll('a'.repeat(1000000), '(a*)*b|a').size()"
        ),
        (
            "replacing with a pattern that looks ahead",
            "regex.replace('a'.repeat(1000000), '(a*)*b|a', '').size()"
        ),
    ]

    private static func nested(_ depth: Int) -> String {
        let inner = (0..<depth).map { "[1,2,3].map(x\($0), " }.joined()
        return inner + "1" + String(repeating: ")", count: depth)
    }

    /// `cel.bind(x, body, …)` again and again.
    private static func doubling(_ start: String, _ step: String, _ count: Int = 40) -> String {
        var source = start
        for _ in 0..<count { source = "cel.bind(x, \(source), \(step))" }
        return source
    }

    /// `cel.bind(x, step, cel.bind(x, step, …))`.
    private static func doublingInside(_ step: String, _ count: Int = 40) -> String {
        "cel.bind(x, 'abcdefgh', "
            + String(repeating: "cel.bind(x, \(step), ", count: count) + "x" + String(repeating: ")", count: count + 1)
    }

    private static func row(_ source: String, _ count: Int) -> String {
        Array(repeating: source, count: count).joined(separator: ",")
    }

    /// As many different patterns.
    private static func patterns(_ pattern: String, _ count: Int) -> String {
        (0..<count).map { "'a'.matches('\($0)\(pattern)')" }.joined(separator: ",")
    }

    @Test(arguments: hostile.indices) func `answers in bounded time`(_ row: Int) {
        let (story, source) = Self.hostile[row]
        let start = ContinuousClock.now
        do {
            let program = try Environment.standard.compile(source)
            _ = Environment.standard.check(program, declarations: [:])
            // What is small in memory may be large on paper.
            _ = try program.evaluate([:]).json()
        } catch is SyntaxError {
        } catch is EvaluationError {
        } catch {
            Issue.record("\(story): \(error)")
        }
        let time = start.duration(to: .now)
        // The aim is 100 ms in an optimized build; here other tests run at the same time, unoptimized.
        #expect(time < .seconds(20), "\(story)")
    }

    @Test func `stays within a small stack`() {
        let sources =
            Self.hostile.map(\.source) + [
                String(repeating: "(", count: 63) + "1" + String(repeating: ")", count: 63),
                String(repeating: "[", count: 63) + String(repeating: "]", count: 63),
                String(repeating: "1+", count: 150) + "1",
                "a" + String(repeating: ".a", count: 150),
            ]
        let thread = Thread {
            for source in sources { _ = try? evaluate(source) }
            Self.done.signal()
        }
        #if DEBUG
            // Without optimization each level takes several times the stack.
            thread.stackSize = 4 << 20
        #else
            thread.stackSize = 512 << 10
        #endif
        thread.start()
        Self.done.wait()
    }

    private static let done = DispatchSemaphore(value: 0)

    @Test func `counts steps`() throws {
        let program = try Environment.standard.compile("[1, 2, 3].map(x, x + y)")
        let outcome = try program.measuredEvaluate { $0 == "y" ? 1 : nil }
        #expect(outcome.value == [2, 3, 4])
        #expect((4...20).contains(outcome.steps))
        #expect(throws: EvaluationError.self) { try program.evaluate({ _ in 1 }, limits: Limits(steps: 3)) }
    }

    @Test func `says what was too deep`() {
        #expect(failure(String(repeating: "(", count: 10_000)) == "the expression nests too deeply")
    }
}
