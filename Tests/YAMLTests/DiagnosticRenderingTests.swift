import Testing
import YAML

@Suite struct DiagnosticRenderingTests {
    private func rendered(
        _ text: String,
        _ start: (Int, Int),
        _ length: Int,
        help: String? = nil,
        message: String = "bad"
    ) -> String {
        let source = Source(path: "r.yml", text: text)
        let span = Span(Mark(line: start.0, column: start.1), length: length)
        let diagnostic = Diagnostic(code: "x", message: message, help: help, path: "r.yml", span: span)
        return diagnostic.rendered(in: source, colour: false)
    }

    @Test func `shows the line, the caret and the help`() {
        #expect(
            rendered("a: 1\ncron: @daily\n", (2, 7), 6, help: "quote it") == """
                r.yml:2:7: error: bad
                  |
                2 | cron: @daily
                  |       ^~~~~~
                  = help: quote it
                """
        )
    }

    @Test func `puts the caret below its text after tabs and wide characters`() {
        #expect(rendered("\ta: x\n", (1, 5), 1).hasSuffix("1 |     a: x\n  |        ^"))
        #expect(rendered("日本: x\n", (1, 5), 1).hasSuffix("1 | 日本: x\n  |       ^"))
        #expect(rendered("e\u{301}: x\n", (1, 5), 1).hasSuffix("1 | e\u{301}: x\n  |    ^"))
    }

    @Test(arguments: [1, 90, 150, 290, 300])
    func `cuts a long line around the caret`(column: Int) throws {
        let line = String((0..<300).map { Character(Unicode.Scalar(UInt8(ascii: "a") + UInt8($0 % 26))) })
        let lines = rendered(line, (1, column), 5).split(separator: "\n").map(String.init)
        #expect(lines[2].count <= 120)
        let caret = try #require(lines[3].firstIndex(of: "^")).utf16Offset(in: lines[3])
        let shown = Array(lines[2])
        #expect(shown[caret] == Array(line)[column - 1])
    }

    @Test func `an excerpt does not show what is hidden, on whichever of its lines it stands`() {
        let diagnostics = Diagnostics(
            Source(path: "r.yml", text: "{ a: hunter2, é: \"s3cret\", c: 1 }\nd: |\n  first\n  second\n")
        )
        diagnostics.report("x", "bad", at: Span(Mark(line: 1, column: 28), length: 1))
        diagnostics.hide(Span(Mark(line: 1, column: 6), length: 7))
        diagnostics.hide(Span(Mark(line: 1, column: 18), length: 8))
        diagnostics.report("x", "worse", at: Span(Mark(line: 1, column: 6), length: 7))
        diagnostics.hide(Span(start: Mark(line: 2, column: 4), end: Mark(line: 5, column: 1)))
        diagnostics.report("x", "bad", at: Span(Mark(line: 4, column: 3), length: 6))
        diagnostics.report("x", "bad", at: Span(Mark(line: 2, column: 1), length: 1))
        let shown = diagnostics.sorted.map { $0.rendered(in: diagnostics.source, colour: false) }
        #expect(shown[0].hasSuffix("1 | { a: •••, é: •••, c: 1 }\n  |      ^~~"))
        #expect(shown[1].hasSuffix("1 | { a: •••, é: •••, c: 1 }\n  |                   ^"))
        #expect(shown[2].hasSuffix("2 | d: •••\n  | ^"))
        #expect(shown[3].hasSuffix("4 | •••\n  |    ^"))
    }

    @Test func `never passes control characters on`() {
        let text = rendered("a: \u{1B}[31m\u{202E}x\n", (1, 4), 3, message: "bad \u{1B}[2J")
        #expect(!text.unicodeScalars.contains("\u{1B}") && !text.unicodeScalars.contains("\u{202E}"))
    }

    @Test func `does without a line, a place or a source`() {
        #expect(rendered("a\n", (9, 1), 1) == "r.yml:9:1: error: bad")
        let whole = Diagnostic(.warning, code: "x", message: "odd", path: "r.yml")
        #expect(whole.rendered(in: Source(path: "r.yml", text: ""), colour: false) == "r.yml: warning: odd")
    }

    @Test func `colours only when asked`() {
        let diagnostic = Diagnostic(code: "x", message: "bad", path: "r.yml")
        #expect(diagnostic.rendered(in: nil, colour: true).contains("\u{1B}[1;31m"))
    }

    @Test func `sorts by place and drops what was said before`() {
        let diagnostics = Diagnostics(Source(path: "r.yml", text: "a\nb\n"))
        diagnostics.report(.warning, "w", "later", at: Span(Mark(line: 2, column: 1)))
        #expect(!diagnostics.hasErrors)
        diagnostics.report("e", "earlier", at: Span(Mark(line: 1, column: 1)))
        diagnostics.report("e", "earlier", at: Span(Mark(line: 1, column: 1)))
        #expect(diagnostics.hasErrors)
        #expect(diagnostics.sorted.map(\.message) == ["earlier", "later"])
        #expect(diagnostics.all.map(\.message) == ["later", "earlier"])
    }
}
