import Testing
import YAML

@Suite struct CoreSchemaTests {
    @Test(
        arguments: [
            ("no", .string("no")), ("on", .string("on")), ("yes", .string("yes")), ("1:30", .string("1:30")),
            ("~", .null), ("null", .null), ("Null", .null), ("nUll", .string("nUll")),
            ("true", .bool(true)), ("True", .bool(true)), ("FALSE", .bool(false)), ("tRue", .string("tRue")),
            ("12", .int(12)), ("-12", .int(-12)), ("+12", .int(12)), ("017", .int(17)), ("0o17", .int(15)),
            ("0x1F", .int(31)),
            ("0o8", .string("0o8")), ("0x", .string("0x")), ("0b1", .string("0b1")), ("-0x1", .string("-0x1")),
            ("1_000", .string("1_000")), ("9223372036854775807", .int(.max)), ("-9223372036854775808", .int(.min)),
            ("1.5", .double(1.5)), ("1.", .double(1)), (".5", .double(0.5)), ("-1e3", .double(-1000)),
            ("1e", .string("1e")),
            (".inf", .double(.infinity)), ("-.INF", .double(-.infinity)), (".", .string(".")),
            ("1.2.3", .string("1.2.3")), ("2024-01-01", .string("2024-01-01")), ("inf", .string("inf")),
            ("nan", .string("nan")),
        ] as [(String, CoreValue)]
    )
    func `reads plain scalars as YAML 1.2 does`(text: String, expected: CoreValue) throws {
        #expect(try value("a: \(text)\n") == expected)
    }

    @Test func `reads not a number`() throws {
        guard case .double(let number) = try value("a: .nan\n") else { throw Unexpected() }
        #expect(number.isNaN)
    }

    @Test(arguments: ["a: \"12\"\n", "a: '12'\n", "a: |-\n  12\n", "a: >-\n  12\n", "a: !!str 12\n", "a: ! 12\n"])
    func `takes quoted and block scalars and those tagged as text for text`(yaml: String) throws {
        #expect(try value(yaml) == .string("12"))
    }

    @Test func `obeys the tags of the core schema`() throws {
        #expect(try value("a: !!float 1\n") == .double(1))
        #expect(try value("a: !!int \"3\"\n") == .int(3))
        #expect(try value("a: !!null ''\n") == .null)
    }

    @Test func `an empty value is null`() throws {
        #expect(try value("a:\n") == .null)
        #expect(try value("a: \"\"\n") == .string(""))
    }

    private struct Unexpected: Error {}

    private func value(_ yaml: String) throws -> CoreValue {
        let reading = read(yaml)
        #expect(reading.diagnostics.all.isEmpty)
        guard case .mapping(let entries) = reading.node?.content, let scalar = entries.first?.value.scalar else {
            throw Unexpected()
        }
        return scalar.value
    }
}
