import CEL
import Recipe
import Testing

/// The rules of `${{ }}` (DESIGN section 5), through the output of a recipe.
@Suite struct TemplateTests {
    struct Row: Sendable, CustomTestStringConvertible {
        let story: String
        /// The YAML after `output: `.
        let yaml: String
        let value: Value
        var testDescription: String { story }
    }

    static let rows: [Row] = [
        Row(story: "plain text", yaml: "hello", value: .string("hello")),
        Row(story: "alone keeps its type", yaml: "${{ 1 + 2 }}", value: .int(3)),
        Row(story: "alone in white space keeps its type", yaml: "\"  ${{ [1] }} \"", value: .list([.int(1)])),
        Row(story: "alone in a block scalar keeps its type", yaml: "|\n  ${{ true }}\n", value: .bool(true)),
        Row(story: "inside text becomes text", yaml: "\"n=${{ 3.0 }}\"", value: .string("n=3.0")),
        Row(story: "null in text is empty", yaml: "\"<${{ null }}>\"", value: .string("<>")),
        Row(
            story: "a map in text is JSON",
            yaml: "\"x ${{ {'a': [1, null]} }}\"",
            value: .string("x {\"a\":[1,null]}")
        ),
        Row(story: "a dollar is a dollar", yaml: "\"$5 and $$ and $x\"", value: .string("$5 and $$ and $x")),
        Row(story: "two dollars before braces are one", yaml: "\"$${{ x }}\"", value: .string("${{ x }}")),
        Row(story: "three dollars are one and the value", yaml: "\"$$${{ 7 }}\"", value: .string("$7")),
        Row(story: "braces inside a string do not end it", yaml: "\"${{ '}}' }}\"", value: .string("}}")),
        Row(story: "braces of a map do not end it", yaml: "\"${{ {'a': {'b': 1}}.a.b }}\"", value: .int(1)),
        Row(story: "two expressions", yaml: "\"${{ 1 }}-${{ 2 }}\"", value: .string("1-2")),
        Row(
            story: "an empty optional drops its key",
            yaml: "{ a: \"${{ {'x': 1}.?y }}\", b: 1 }",
            value: .map(ValueMap([("b", .int(1))]))
        ),
        Row(
            story: "a full optional is its value",
            yaml: "{ a: \"${{ {'x': 1}.?x }}\" }",
            value: .map(ValueMap([("a", .int(1))]))
        ),
        Row(
            story: "an empty optional drops its item",
            yaml: "[ 1, \"${{ {'x': 1}.?y }}\", 3 ]",
            value: .list([.int(1), .int(3)])
        ),
        Row(
            story: "YAML types stay",
            yaml: "[1, 2.5, true, null, \"1\"]",
            value: .list([.int(1), .double(2.5), .bool(true), .null, .string("1")])
        ),
    ]

    @Test(arguments: rows) func `a template gives`(_ row: Row) throws {
        let workspace = try TemporaryWorkspace(["a.yml": "actions:\n  - log: x\noutput: \(row.yaml)\n"]).load()
        #expect(workspace.reports.isEmpty)
        let output = try #require(workspace.recipes["a"]?.output)
        #expect(try output.evaluate(in: Scope()) == row.value)
    }

    @Test func `an error at run time has its place in the file`() throws {
        let recipe = "actions:\n  - log: x\noutput:\n  a: |\n    some text\n    ${{ 1 / (2 - 2) }}\n"
        let output = try #require(try TemporaryWorkspace(["a.yml": recipe]).load().recipes["a"]?.output)
        #expect {
            try output.evaluate(in: Scope())
        } throws: { error in
            (error as? ExpressionError)?.place?.description.hasPrefix("a.yml:6:") == true
        }
    }

    @Test func `.env gives variables, with quotes and comments`() {
        let text = "A=1\n# note\nexport B = two words # comment\nC=\"x # y\"\nD='z'\nbroken\n=none\n"
        #expect(DotEnv.parse(text) == ["A": "1", "B": "two words", "C": "x # y", "D": "z"])
    }
}
