import Testing
import YAML

/// A broken text, and the first line of what is reported first.
struct BrokenFile: Sendable, CustomTestStringConvertible {
    var yaml: String
    var report: String
    var testDescription: String { report }

    init(_ yaml: String, _ report: String) {
        self.yaml = yaml
        self.report = "f.yml:\(report)"
    }
}

@Suite struct SyntaxDiagnosticTests {
    @Test(arguments: [
        BrokenFile("cron: @daily\n", "1:7: error: `@` cannot begin an unquoted value: YAML reserves it"),
        BrokenFile("a: 1\nb: `x`\n", "2:4: error: ``` cannot begin an unquoted value: YAML reserves it"),
        BrokenFile("a: %x\n", "1:4: error: `%` cannot begin an unquoted value: YAML reserves it"),
        BrokenFile(
            "cron: * * * * *\n",
            "1:7: error: `*` at the beginning of an unquoted value is an alias to YAML, and no name follows it"
        ),
        BrokenFile(
            "cron: */15 * * * *\n",
            "1:7: error: `*` at the beginning of an unquoted value is an alias to YAML, and no name follows it"
        ),
        BrokenFile(
            "if: && b\n",
            "1:5: error: `&` at the beginning of an unquoted value is an anchor to YAML, and no name follows it"
        ),
        BrokenFile("if: &a\n", "1:5: warning: `&a` names this value, but nothing refers to it"),
        BrokenFile(
            "if: !x\n",
            "1:5: error: a value that begins with `!` is a tag to YAML, and there is no tag `!x`"
        ),
        BrokenFile("if: !(a && b)\n", "1:5: error: a value that begins with `!` is a tag to YAML"),
        BrokenFile("if: !x!y z\n", "1:5: error: a value that begins with `!` is a tag to YAML"),
        BrokenFile("q: { s: ${{ x }} }\n", "1:9: error: an expression inside [ ] or { } must be in quotes"),
        BrokenFile("q: [1, ${{ x }}]\n", "1:8: error: an expression inside [ ] or { } must be in quotes"),
        BrokenFile("q: {{ x }}\n", "1:4: error: `{{` without quotes is a mapping inside a mapping to YAML"),
        BrokenFile("q: {{ x }}/y\n", "1:4: error: `{{` without quotes is a mapping inside a mapping to YAML"),
        BrokenFile("key: a: b\n", "1:7: error: `: ` in an unquoted value starts a mapping to YAML"),
        BrokenFile("log: at: ${{ x }}\n", "1:8: error: `: ` in an unquoted expression starts a mapping to YAML"),
        BrokenFile(
            "log: ${{ x # y }}\n",
            "1:12: error: ` #` begins a comment here, inside an expression that is not closed yet"
        ),
        BrokenFile(
            "log: issue #${{ n }}\n",
            "1:12: warning: ` #` begins a comment here, so this expression is never read"
        ),
        BrokenFile("a:\n\tb: 1\n", "2:1: error: a tab cannot be indentation"),
        BrokenFile("a:\n  b: 1\n\tc: 2\n", "3:1: error: a tab cannot be indentation"),
    ])
    func `explains characters that mean something to YAML`(file: BrokenFile) {
        let reading = read(file.yaml)
        #expect(reading.reports.first == file.report)
        #expect(reading.diagnostics.sorted.first?.help != nil)
    }

    @Test(arguments: [
        BrokenFile("a: 1\n b: 2\n", "2:2: error: `b` is indented deeper than `a` above it, which already has a value"),
        BrokenFile("a:\n    b: 1\n  c: 2\n", "3:3: error: the indentation of `c` fits nothing above it"),
        BrokenFile("a:\n  - id: x\n   get: /x\n", "3:4: error: the indentation of `get` fits nothing above it"),
        BrokenFile("a:\n  - x\n - y\n", "3:2: error: the indentation of this item fits nothing above it"),
        BrokenFile("- a\nb: 1\n", "2:1: error: a key stands among the items of a list"),
        BrokenFile("a: 1\n- b\n", "2:1: error: a list item stands among the keys of a mapping"),
        BrokenFile("name:foo\ntrigger: x\n", "1:5: error: a space is missing after the colon"),
        BrokenFile("trigger: x\nname:foo\nb: 2\n", "2:5: error: a space is missing after the colon"),
        BrokenFile("a: b\nc\n", "2:1: error: a mapping needs `key: value`, and this line has no colon"),
        BrokenFile("a:\n- x\n  y: 1\n", "3:3: error: `y:` cannot be a key here: a value stands before it"),
        BrokenFile(
            "a:\n  b: |\n   x\n  y\n",
            "4:3: error: this line is indented less than the block of text that began on line 2"
        ),
        BrokenFile("a: - b\n", "1:4: error: a list cannot begin on the line of its key"),
        BrokenFile("a: \"foo\nb: 1\n", "1:4: error: this double quote is closed nowhere"),
        BrokenFile("a: \"foo\nb: \"bar\"\n", "1:4: error: this double quote is closed only on line 2"),
        BrokenFile("a: 'it's'\n", "1:8: error: text follows the closing quote"),
        BrokenFile("if: \"x\" == y\n", "1:9: error: text follows the closing quote"),
        BrokenFile("if: [1].size()\n", "1:8: error: text follows the closing bracket of a list or mapping"),
        BrokenFile("a: [1, 2\nb: 3\n", "1:4: error: this `[` is never closed"),
        BrokenFile("a:\n  b: {x: 1\n", "2:6: error: this `{` is never closed"),
        BrokenFile("a: [\n", "1:4: error: this `[` is never closed"),
        BrokenFile("a: [\"x\" \"y\"]\n", "1:9: error: a comma or `]` is missing before this"),
        BrokenFile("a: [1]]\n", "1:7: error: this `]` closes nothing"),
        BrokenFile("a: \"\\d\"\n", "1:5: error: `\\d` means nothing in double quotes"),
    ])
    func `points at what has to be edited`(file: BrokenFile) {
        let reading = read(file.yaml)
        #expect(reading.reports.first == file.report)
        #expect(reading.diagnostics.sorted.first?.help != nil)
    }

    @Test(arguments: [
        BrokenFile("a: 1\nb: 2\na: 3\n", "3:1: error: the key `a` stands here a second time"),
        BrokenFile("a: *foo\n", "1:4: error: no value before this one is named `&foo`"),
        BrokenFile("a: &a [*a]\n", "1:8: error: `*a` stands inside the value that `&a` names"),
        BrokenFile("a: 1\n---\nb: 2\n", "2:1: error: a second document begins here; a file holds one"),
        BrokenFile("a: 1\n...\nb: 2\n", "3:1: error: a second document begins here; a file holds one"),
        BrokenFile("[a]: 2\n", "1:1: error: a key must be a single word or text, and this is a list"),
        BrokenFile("a:\n  <<: {b: 1}\n", "2:3: error: merge keys (`<<`) are not part of YAML 1.2"),
        BrokenFile(": x\n", "1:1: error: a key is missing before `:`"),
        BrokenFile("a: !!int x\n", "1:10: error: `x` is not what the tag `!!int` announces"),
        BrokenFile(
            "a: 99999999999999999999\n",
            "1:4: error: the number 99999999999999999999 does not fit into 64 bits"
        ),
        BrokenFile("a: \"x\u{1}\"\n", "1:6: error: the file holds the control character U+0001"),
        BrokenFile("é: x\0\n", "1:5: error: the file holds a NUL byte"),
        BrokenFile(
            "a: x\u{2028}y\n",
            "1:5: error: an invisible U+2028 stands here, which some YAML readers take for a line break"
        ),
        BrokenFile(
            "%FOO x\n---\na: 1\n",
            "1:1: error: a line that begins with `%` is a directive, and YAML 1.2 does not know this one"
        ),
    ])
    func `refuses what the strict reader forbids`(file: BrokenFile) {
        #expect(read(file.yaml).reports.first == file.report)
    }

    @Test func `names the place of bytes that are not UTF-8`() {
        let reading = read(Source(path: "f.yml", bytes: Array("a: é\nb: ".utf8) + [0xE9, 0x0A]))
        #expect(reading.reports == ["f.yml:2:4: error: the file is not UTF-8"])
    }

    @Test func `keeps to the limits`() {
        #expect(read("a: [[[x]]]\n", limits: Limits(depth: 3)).diagnostics.all.first?.code == "yaml.too-deep")
        #expect(read("a: [1, 2, 3]\n", limits: Limits(nodes: 3)).diagnostics.all.first?.code == "yaml.too-many-nodes")
        #expect(read("a: 1\n", limits: Limits(bytes: 4)).diagnostics.all.first?.code == "yaml.file-too-large")
    }

    @Test func `reports several mistakes of one file and goes on`() {
        let reading = read("a: !x 1\nb: *no\nb: 2\n<<: {}\n")
        #expect(
            reading.diagnostics.sorted.map(\.code) == [
                "yaml.unknown-tag", "yaml.unknown-anchor", "yaml.duplicate-key", "yaml.merge-key",
            ]
        )
        #expect(reading.node != nil)
    }

    @Test(arguments: ["", "\n\n", "# only a comment\n", "---\n", "\u{FEFF}"])
    func `an empty document is nothing and no error`(yaml: String) {
        let reading = read(yaml)
        #expect(reading.node == nil && reading.diagnostics.all.isEmpty)
    }

    @Test func `finds duplicates in large mappings too`() {
        let lines = (0..<40).map { "k\($0): \($0)\n" }.joined()
        #expect(read(lines).diagnostics.all.isEmpty)
        #expect(read(lines + "k5: x\n").reports == ["f.yml:41:1: error: the key `k5` stands here a second time"])
        #expect(read(lines + "k30: x\n").reports == ["f.yml:41:1: error: the key `k30` stands here a second time"])
    }
}
