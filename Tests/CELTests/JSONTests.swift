import CEL
import Testing

@Suite struct JSONTests {
    @Test(
        arguments: [
            ("null", .null), (" true ", true), ("0", 0), ("-0", 0), ("-0.0", .double(-0.0)), ("12", 12),
            ("9223372036854775807", .int(.max)), ("-9223372036854775808", .int(.min)),
            ("9223372036854775808", .double(9_223_372_036_854_775_808)), ("1.0", .double(1)), ("1e2", .double(100)),
            ("1E-2", .double(0.01)), ("\"\"", ""), (#""a\"\\\/\b\f\n\r\t""#, "a\"\\/\u{8}\u{c}\n\r\t"),
            (#""\u00e9\u20ac""#, "é€"), (#""\ud83d\ude00""#, "😀"), (#""\ud83d""#, "\u{FFFD}"),
            (#""\ude00x""#, "\u{FFFD}x"), (#""\ud83d\u0041""#, "\u{FFFD}A"), ("[]", []), ("[1,[2]]", [1, [2]]),
            ("{}", [:]),
            (#"{"a":{"b":[null]}}"#, ["a": ["b": [.null]]]), (#"{"a":1,"a":2}"#, ["a": 2]), ("\u{FEFF}1", 1),
        ] as [(String, Value)]
    ) func `reads RFC 8259`(_ text: String, _ value: Value) throws {
        #expect(try Value(json: text) == value)
    }

    @Test(
        arguments: [
            ("", 1, 1), ("nul", 1, 1), ("01", 1, 1), ("-", 1, 2), ("1.", 1, 3), ("1e", 1, 3), (".5", 1, 1),
            ("+1", 1, 1),
            ("1 2", 1, 3), ("[1,]", 1, 4), ("[1 2]", 1, 4), ("[1", 1, 3), ("{\"a\"}", 1, 5), ("{a:1}", 1, 2),
            ("{\"a\":1,}", 1, 8), ("\"a", 1, 1), ("\"\\x\"", 1, 2), ("\"\\u12g4\"", 1, 2), ("\"\t\"", 1, 2),
            ("{\n  \"é\": tru\n}", 2, 8), ("'a'", 1, 1), ("NaN", 1, 1), ("1e999", 1, 1),
        ]
    ) func `refuses what is no JSON, with the place`(_ text: String, _ line: Int, _ column: Int) {
        do {
            Issue.record("read as \(try Value(json: text))")
        } catch {
            #expect(error.line == line, "\(error.message)")
            #expect(error.column == column, "\(error.message)")
        }
    }

    @Test func `refuses deep nesting`() {
        let text = String(repeating: "[", count: 100_000)
        #expect(throws: JSONError.self) { try Value(json: text) }
    }

    @Test func `writes compactly and prettily`() throws {
        let value: Value = [
            "b": [1, .double(3), .double(.nan), .null], "a": .bytes([1, 2, 255]), "t\n": "\u{1}é",
            "d": .duration(CELDuration(nanoseconds: 90_000_000_000)), "n": .none, "u": .uint(.max),
        ]
        #expect(
            value.json()
                == #"{"b":[1,3.0,null,null],"a":"AQL/","t\n":"\u0001é","d":"90s","n":null,"u":18446744073709551615}"#
        )
        #expect((["a": [1], "b": [:]] as Value).json(pretty: true) == "{\n  \"a\": [\n    1\n  ],\n  \"b\": {}\n}")
    }

    @Test func `reads back what it wrote, and never traps on what others wrote`() throws {
        var random = SplitMix(seed: 8259)
        for _ in 0..<300 {
            let value = random.value(depth: 4)
            let text = value.json()
            #expect(try Value(json: text) == value)
            var bytes = Array(text.utf8)
            for _ in 0..<5 where !bytes.isEmpty {
                bytes[random.below(bytes.count)] = UInt8(random.below(256))
                if let changed = try? Value(json: bytes) { _ = changed.json() }
            }
        }
    }

    @Test func `keeps all members of a large object`() throws {
        let pairs = (0..<1000).map { ("key\($0)", Value.int(Int64($0))) }
        var map = ValueMap(pairs)
        #expect(map["key999"] == 999)
        let copy = map
        map["key500"] = nil
        map["key0"] = "changed"
        #expect(map.count == 999 && map["key500"] == nil && map["key501"] == 501 && map["key0"] == "changed")
        #expect(copy["key500"] == 500 && copy["key0"] == 0)
        #expect(try Value(json: Value.map(map).json()) == .map(map))
    }
}
