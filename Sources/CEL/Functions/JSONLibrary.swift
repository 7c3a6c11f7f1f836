/// JSON (RFC 8259) in expressions.
enum JSONLibrary {
    static let functions: [Function] = [
        Function("json.parse", parse(.string) { Array($0.asString.utf8) }, parse(.bytes) { $0.asBytes }),
        Function(
            "json.format",
            .one(.dyn, .string) { (value, meter) throws(EvaluationError) in .string(try value.json(&meter)) },
            .two(.dyn, .bool, .string) { (value, pretty, meter) throws(EvaluationError) in
                .string(try value.json(pretty: pretty.asBool, &meter))
            }
        ),
    ]

    private static func parse(_ type: Type, _ bytes: @escaping @Sendable (Value) -> [UInt8]) -> Overload {
        .one(type, .dyn) { (value, meter) throws(EvaluationError) in
            let bytes = bytes(value)
            // Eight bytes of memory for each byte of text is what common documents take.
            try meter.text(bytes.count * 8)
            do throws(JSONError) {
                return try Value(json: bytes)
            } catch {
                throw .invalid("not JSON: \(error.message) at line \(error.line), column \(error.column)")
            }
        }
    }
}
