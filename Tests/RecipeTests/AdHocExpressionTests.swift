import CEL
import Recipe
import Testing
import YAML

/// What `runner eval` evaluates.
@Suite struct AdHocExpressionTests {
    static let variables: ValueMap = ["name": "Ann", "items": [["title": "a", "n": 1], ["title": "b", "n": 2]]]

    private func outcome(_ text: String) throws -> AdHocExpression.Outcome {
        let (expression, diagnostics, _) = AdHocExpression.read(text, variables: Self.variables)
        #expect(diagnostics.isEmpty, "\(diagnostics)")
        return try #require(expression).evaluate(Self.variables)
    }

    @Test func `gives value and steps`() throws {
        let outcome = try outcome("items.filter(i, i.n > 1).map(i, i.title)")
        #expect(outcome.value == ["b"])
        #expect(outcome.steps > 0)
        #expect(Type(of: outcome.value).description == "list(string)")
    }

    @Test func `takes a template as recipes do`() throws {
        #expect(try outcome("${{ items.size() }}").value == 2)
        #expect(try outcome("Hello ${{ name }}, ${{ items.size() }} items").value == "Hello Ann, 2 items")
    }

    @Test(arguments: [
        ("nme", 1, "undeclared reference to 'nme'", "did you mean 'name'?"),
        ("zzzzzz", 1, "undeclared reference", "the variables are items name"),
        ("jsno.parse(name)", 1, "undeclared function 'jsno.parse'", "did you mean 'json.parse'?"),
        ("hash.foo(name)", 1, "undeclared function", "hash.md5 hash.sha1"),
        ("items.map(i, i.titel)", 16, "there is no 'titel' here", "did you mean 'title'?"),
        ("Hello ${{ nme }}", 11, "undeclared reference", "did you mean 'name'?"),
        ("${{ name", 1, "never closed", "}}"),
        ("'abc", 1, "the string has no end", "close it with '"),
        ("name + 1", 1, "no matching overload for '+'", "string("),
    ])
    func `says what is wrong with an expression`(_ text: String, _ column: Int, _ message: String, _ help: String) {
        let (expression, diagnostics, source) = AdHocExpression.read(text, variables: Self.variables)
        #expect(expression == nil)
        #expect(diagnostics.first?.message.contains(message) == true, "\(diagnostics)")
        #expect(diagnostics.first?.help?.contains(help) == true, "\(diagnostics)")
        #expect(diagnostics.first?.span?.start == Mark(line: 1, column: column))
        #expect(diagnostics.first?.rendered(in: source, colour: false).contains("1 | \(text)") == true)
    }

    @Test func `says where an evaluation failed, and the mend`() throws {
        let text = "name.size() > 0 &&\n  items[5].n > 1"
        let expression = try #require(AdHocExpression.read(text, variables: Self.variables).expression)
        let failure = #expect(throws: AdHocExpression.EvaluationFailure.self) {
            try expression.evaluate(Self.variables)
        }
        #expect(failure?.diagnostic.span?.start.line == 2)
        #expect(failure?.diagnostic.help?.contains("[?n]") == true)
    }

    @Test func `reads variables from YAML and from JSON`() {
        let yaml = VariableFile.read(Source(path: "in.yml", text: "a: [1, two]\nb: null\n"))
        #expect(yaml.variables.map(Value.map) == ["a": [1, "two"], "b": .null])
        let json = VariableFile.read(Source(path: "in.json", text: " {\"a\": {\"b\": 1.5}}"))
        #expect(json.variables.map(Value.map) == ["a": ["b": 1.5]])
        #expect(VariableFile.read(Source(path: "in.yml", text: "")).variables?.isEmpty == true)
        for text in ["[1]", "{\"a\": ", "a: b: c", "just text"] {
            let (variables, diagnostics) = VariableFile.read(Source(path: "in.yml", text: text))
            #expect(variables == nil)
            #expect(diagnostics.first?.help != nil, "\(text)")
        }
    }
}
