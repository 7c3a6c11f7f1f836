import CEL
import Recipe
import Testing
import YAML

@Suite struct YAMLTextTests {
    static let values: [Value] = [
        .null, true, 3, 3.5, "", "plain text", "true", "no: way", "# no comment", "- no item", "a\nb\t\u{1}",
        "ümläut 😀",
        "\u{2028}\u{85}", "12", "~", "[x]", "trailing ", " leading", "@at", "`tick`", "a: b", ["a": .null], [],
        [[1, [2, 3]], ["x": [["y": 1, "z": []]]]], ["a b": ["c": ["d"]], "true": 1, "": "e"],
        .string(String(repeating: "long ", count: 60)),
    ]

    @Test(arguments: values) func `what is written is read again as the same`(_ value: Value) throws {
        let text = (["value:"] + YAMLText.lines(["v": value]).map { "  " + $0 }).joined(separator: "\n") + "\n"
        let (read, diagnostics) = VariableFile.read(Source(path: "x", text: text))
        #expect(diagnostics.isEmpty, "\(text)")
        #expect(read?["value"]?["v"] == value, "\(text)")
    }

    @Test func `text that looks like a template is none`() {
        #expect(YAMLText.lines("${{ x }}") == [#""$${{ x }}""#])
        #expect(YAMLText.lines("$ $${{ x") == [#""$ $$$${{ x""#])
    }
}
