import CEL
import Testing

@testable import Store

@Suite struct ValueCodingTests {
    static let values: [Value] = [
        .null, .bool(true), .bool(false), .int(0), .int(-1), .int(.min), .int(.max), .uint(0), .uint(.max),
        .double(0.1),
        .double(-.infinity), .double(.greatestFiniteMagnitude), .string(""), .string("h\u{e9}llo \u{1F600} \0"),
        .bytes([]), .bytes([0, 255, 128]), .list([]), .list([1, "a", .list([.null])]),
        .map(ValueMap([("b", 1), ("a", .map(ValueMap([("c", .bytes([1]))])))])),
        .duration(CELDuration(nanoseconds: -90_000_000_001)), .type(TypeName("int")), .optional(.none),
        .optional(OptionalValue(.string("x"))), .string(String(repeating: "x", count: 70_000)),
    ]

    @Test(arguments: values) func `a value comes back as it was`(value: Value) {
        #expect(ValueCoding.decode(ValueCoding.encode(value)) == MarkedValue(value))
    }

    @Test(arguments: values) func `the secrets in a value come back with it`(value: Value) {
        let marked = MarkedValue(value, secrets: ["hidden", "ümläut"])
        #expect(ValueCoding.decode(ValueCoding.encode(value, secrets: marked.secrets)) == marked)
    }

    @Test func `timestamps and keys of every type come back, in order`() throws {
        var map = ValueMap()
        map[.int(-3)] = .timestamp(try #require(Timestamp(rfc3339: "2026-03-29T01:30:00.000000001Z")))
        map[.bool(true)] = .timestamp(try #require(Timestamp(rfc3339: "0001-01-01T00:00:00Z")))
        map[.uint(7)] = 1
        map[.string("k")] = 2
        let value = Value.map(map)
        let back = try #require(ValueCoding.decode(ValueCoding.encode(value)))
        #expect(back == MarkedValue(value))
        guard case .map(let read) = back.value else { return }
        #expect(Array(read.keys) == Array(map.keys))
    }

    @Test(arguments: values) func `no beginning of a value is a value, nor is one with more behind it`(value: Value) {
        let bytes = ValueCoding.encode(value, secrets: ["hidden", "concealed"])
        for count in 0..<min(bytes.count, 200) { #expect(ValueCoding.decode(Array(bytes.prefix(count))) == nil) }
        #expect(ValueCoding.decode(bytes + [0]) == nil)
    }

    @Test func `no bytes make the reader trap`() {
        var generator = SystemRandomNumberGenerator()
        for _ in 0..<20_000 {
            let count = Int.random(in: 0...40, using: &generator)
            // Mostly small bytes, so that many are tags.
            let bytes = (0..<count).map { _ in UInt8.random(in: 0...(Bool.random() ? 16 : 255), using: &generator) }
            _ = ValueCoding.decode(bytes)
        }
    }

    @Test func `what is stored as JSON is what JSON would give back`() throws {
        let moment = try #require(Timestamp(rfc3339: "2026-03-29T01:30:00Z"))
        var odd = ValueMap()
        odd[.int(5)] = .uint(7)
        odd[.string("at")] = .timestamp(moment)
        odd[.string("raw")] = .bytes([1, 2, 3])
        odd[.string("nan")] = .double(.nan)
        odd[.string("some")] = .optional(OptionalValue(.duration(CELDuration(nanoseconds: 90_000_000_000))))
        odd[.string("none")] = .optional(.none)
        odd[.string("list")] = [1, 2.5, "x"]
        let value = Value.map(odd)
        #expect(value.asJSONValue == (try Value(json: value.json())))
    }
}
