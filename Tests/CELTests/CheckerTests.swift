import CEL
import Testing

@Suite struct CheckerTests {
    static let declarations: [String: Type] = [
        "actions": .record(
            RecordType(["list": .record(RecordType(["items": .list(.dyn), "status": .int])), "notify": .dyn])
        ),
        "inputs": .record(RecordType(["state": .string, "count": .int])), "vars": .object,
    ]

    @Test(
        arguments: [
            ("actions.lst.items", 8, 11, "there is no 'lst' here", "did you mean 'list'?"),
            ("inputs.staet", 7, 12, "there is no 'staet' here", "did you mean 'state'?"),
            ("inputs['cuont']", 7, 14, "there is no 'cuont' here", "did you mean 'count'?"),
            (
                "1 + \"a\"", 0, 7, "no matching overload for '+' applied to (int, string)",
                "convert the number with string(…)"
            ),
            ("input.state", 0, 5, "undeclared reference to 'input'", "did you mean 'inputs'?"),
            ("inputs.state.startWith('a')", 13, 22, "undeclared function 'startWith'", "did you mean 'startsWith'?"),
            ("json.prase('1')", 0, 10, "undeclared function 'json.prase'", "did you mean 'json.parse'?"),
            ("inputs.state.matches('(')", 21, 24, "this is no regular expression: missing ): (", nil),
            (
                "inputs.count ? 1 : 2", 0, 12, "?: takes bool, this is of type int",
                "compare it, for example with '> 0'"
            ),
            ("inputs.count.map(x, x)", 0, 12, "map() goes through a list or a map, not a value of type int", nil),
            ("inputs.state.name", 13, 17, "a value of type string has no field 'name'", nil),
            ("inputs.state.length", 13, 19, "a value of type string has no field 'length'", "write '.size()'"),
            ("inputs.state.trim", 13, 17, "a value of type string has no field 'trim'", "call it: '.trim()'"),
            (
                "b'a' + 'x'", 0, 10, "no matching overload for '+' applied to (bytes, string)",
                "convert the text with bytes(…), or the bytes with string(…) where they are text"
            ),
            (
                "'x' + true", 0, 10, "no matching overload for '+' applied to (string, bool)",
                "convert it to text with string(…)"
            ),
            (
                "['a'] + 'x'", 0, 11, "no matching overload for '+' applied to (list(string), string)",
                "make the list a text with list.join(', '), or the text a list with [text]"
            ),
            (
                "timestamp('2020-01-01T00:00:00Z') + 60", 0, 38,
                "no matching overload for '+' applied to (google.protobuf.Timestamp, int)",
                "write a length of time, for example duration('1h')"
            ),
            (
                "inputs.count == '3'", 0, 19, "no matching overload for '==' applied to (int, string)",
                "write the number without quotes, or convert with int(…) or string(…)"
            ),
            (
                "'a' in inputs.state", 0, 19, "no matching overload for 'in' applied to (string, string)",
                "write 'text.contains(part)'"
            ),
            (
                "inputs.state[0]", 0, 15, "no matching overload for '[]' applied to (string, int)",
                "write 'text.charAt(n)'"
            ),
            ("!inputs.count", 1, 13, "! takes bool, this is of type int", "compare it, for example with '> 0'"),
            ("upper('x')", 0, 5, "undeclared function 'upper'", "write 'text.upperAscii()'"),
            ("'x'.toUpperCase()", 4, 15, "undeclared function 'toUpperCase'", "write 'text.upperAscii()'"),
            ("len([1])", 0, 3, "undeclared function 'len'", "write 'x.size()'"),
            (
                "[1].filter(1)", 4, 10, "undeclared function 'filter'",
                "write 'list.filter(x, condition)', where x names the element"
            ),
        ] as [(String, Int, Int, String, String?)]
    ) func `reports the place and the mend`(
        _ source: String,
        _ start: Int,
        _ end: Int,
        _ message: String,
        _ help: String?
    ) throws {
        let issues = try Environment.standard.check(
            Environment.standard.compile(source),
            declarations: Self.declarations
        )
        try #require(issues.count == 1)
        #expect(issues[0].range == start..<end)
        #expect(issues[0].message == message)
        #expect(issues[0].help == help)
    }

    @Test func `names the forms of a function`() throws {
        let issues = try Environment.standard.check(Environment.standard.compile("size(3)"), declarations: [:])
        #expect(issues.map(\.message) == ["no matching overload for size(int)"])
        #expect(issues.first?.help?.contains("size(string)") == true)
        #expect(issues.first?.range == 0..<4)
    }

    @Test(
        arguments: [
            ("actions.list.items.filter(i, i.priority > 2).map(i, i.title)", "list(dyn)"),
            ("actions.notify.anything.goes", "dyn"),
            ("has(inputs.nothing) ? 1 : 2", "int"), ("inputs.?nothing.orValue('')", "dyn"), ("vars.a.b + 1", "int"),
            ("inputs.state + 'a'", "string"), ("[1, 'a']", "list(dyn)"), ("{'a': [1]}", "map(string, list(int))"),
            ("timestamp('2020-01-01T00:00:00Z') - duration('1h')", "google.protobuf.Timestamp"),
            ("[1, 2].map(x, string(x)).join()", "string"),
            ("[[1], []]", "list(list(int))"), ("[1].sortBy(x, -x)", "list(int)"),
            ("optional.of(1).optMap(x, x + 1)", "optional_type(int)"),
            ("{'a': 1}.transformMap(k, v, k + string(v))", "map(string, string)"), ("math.greatest(1, 2)", "dyn"),
            ("1 < 2.0", "bool"),
            ("[null, duration('1s')][0]", "google.protobuf.Duration"), ("cel.bind(x, 1u, [x])", "list(uint)"),
        ]
    ) func `deduces types`(_ source: String, _ type: String) throws {
        let (found, issues) = try Environment.standard.checked(
            Environment.standard.compile(source),
            declarations: Self.declarations
        )
        #expect(issues.isEmpty, "\(issues)")
        #expect(found.description == type)
    }

    @Test(
        arguments: [
            ("dyn('a') + dyn(b'x')", "convert the text with bytes(…), or the bytes with string(…) where they are text"),
            ("dyn('a') + dyn(1)", "convert the number with string(…)"), ("dyn('abc')[0]", "write 'text.charAt(n)'"),
            ("dyn([1]).size", "write '.size()'"), ("dyn(1) && true", "compare it, for example with '> 0'"),
            ("dyn(null).name", "ask with '.?name' and '.orValue(…)' for what may be absent"),
        ]
    ) func `tells the mend of what only a value shows`(_ source: String, _ help: String) throws {
        let error = try #require(throws: EvaluationError.self) {
            try Environment.standard.compile(source).evaluate([:])
        }
        #expect(error.help == help)
        #expect(error.range != nil)
    }

    @Test(
        arguments: [
            ("not a", "write '!' for 'not'"), ("'a' if b else 'c'", "write 'condition ? a : b'"),
            ("a.l.0", "an element is written 'list[0]'"),
            ("[1].map(x => x)", "name the element first, then say what is made of it: 'list.map(x, x + 1)'"),
            ("a = 1", "equality is written '=='"), ("`x`", "texts stand in '…' or \"…\""),
            ("1 +", "complete the expression, or remove what is too much at its end"),
            ("f'{1}'", "write '+' between texts, and the name of a variable without quotes"),
            ("a | upper", "'or' is written '||', and a function is called on its value: 'text.trim()'"),
        ]
    ) func `tells the mend of what other languages write`(_ source: String, _ help: String) throws {
        let error = try #require(throws: SyntaxError.self) { try Environment.standard.compile(source) }
        #expect(error.help == help)
    }
}
