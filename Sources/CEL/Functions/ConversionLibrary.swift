/// Conversions between types (cel-spec, "List of Standard Definitions": `int`, `uint`, `double`, `string`, `bool`,
/// `bytes`, `timestamp`, `duration`).
enum ConversionLibrary {
    static let functions: [Function] = [int, uint, double, string, bool, bytes, timestamp, duration]

    private static let int = Function(
        "int",
        .one(.int, .int) { value, _ in value },
        .one(.uint, .int) { (value, _) throws(EvaluationError) in
            guard let number = Int64(exactly: value.asUInt) else { throw range(value, "int") }
            return .int(number)
        },
        .one(.double, .int) { (value, _) throws(EvaluationError) in
            // Both ends are excluded: a double that reads as the least int may stand for a number below it.
            guard value.asDouble > -0x1p63, value.asDouble < 0x1p63 else { throw range(value, "int") }
            return .int(Int64(value.asDouble))
        },
        .one(.string, .int) { (value, _) throws(EvaluationError) in
            guard let number = Int64(value.asString) else { throw malformed(value, "int") }
            return .int(number)
        },
        .one(.timestamp, .int) { value, _ in
            if case .timestamp(let timestamp) = value { .int(timestamp.seconds) } else { .null }
        },
        .one(.duration, .int) { value, _ in
            if case .duration(let duration) = value { .int(duration.seconds) } else { .null }
        }
    )

    private static let uint = Function(
        "uint",
        .one(.uint, .uint) { value, _ in value },
        .one(.int, .uint) { (value, _) throws(EvaluationError) in
            guard let number = UInt64(exactly: value.asInt) else { throw range(value, "uint") }
            return .uint(number)
        },
        .one(.double, .uint) { (value, _) throws(EvaluationError) in
            guard value.asDouble >= 0, value.asDouble < 0x1p64 else { throw range(value, "uint") }
            return .uint(UInt64(value.asDouble))
        },
        .one(.string, .uint) { (value, _) throws(EvaluationError) in
            guard value.asString.utf8.first?.isDigit == true, let number = UInt64(value.asString) else {
                throw malformed(value, "uint")
            }
            return .uint(number)
        }
    )

    private static let double = Function(
        "double",
        .one(.double, .double) { value, _ in value },
        .one(.int, .double) { value, _ in .double(Double(value.asInt)) },
        .one(.uint, .double) { value, _ in .double(Double(value.asUInt)) },
        .one(.string, .double) { (value, _) throws(EvaluationError) in
            guard let number = Double(value.asString) else { throw malformed(value, "double") }
            return .double(number)
        }
    )

    private static let string = Function(
        "string",
        .one(.string, .string) { value, _ in value },
        .one(.bool, .string) { value, _ in .string(value.text) },
        .one(.int, .string) { value, _ in .string(value.text) },
        .one(.uint, .string) { value, _ in .string(value.text) },
        .one(.double, .string) { value, _ in .string(DoubleText.shortest(value.asDouble)) },
        .one(.bytes, .string) { (value, meter) throws(EvaluationError) in
            try meter.text(value.asBytes.count)
            guard let text = String(validating: value.asBytes, as: UTF8.self) else {
                throw .invalid("the bytes are no valid UTF-8")
            }
            return .string(text)
        },
        .one(.timestamp, .string) { value, _ in .string(value.text) },
        .one(.duration, .string) { value, _ in .string(value.text) }
    )

    private static let bool = Function(
        "bool",
        .one(.bool, .bool) { value, _ in value },
        .one(.string, .bool) { (value, _) throws(EvaluationError) in
            switch value.asString {
            case "1", "t", "T", "true", "TRUE", "True": return .bool(true)
            case "0", "f", "F", "false", "FALSE", "False": return .bool(false)
            default: throw malformed(value, "bool")
            }
        }
    )

    private static let bytes = Function(
        "bytes",
        .one(.bytes, .bytes) { value, _ in value },
        .one(.string, .bytes) { (value, meter) throws(EvaluationError) in
            try meter.text(value.asString.utf8.count)
            return .bytes(Array(value.asString.utf8))
        }
    )

    private static let timestamp = Function(
        "timestamp",
        .one(.timestamp, .timestamp) { value, _ in value },
        .one(.string, .timestamp) { (value, _) throws(EvaluationError) in
            guard let timestamp = Timestamp(rfc3339: value.asString) else {
                throw .invalid("\(value.quotedText) is no timestamp of the years 1 to 9999 in RFC 3339")
            }
            return .timestamp(timestamp)
        },
        .one(.int, .timestamp) { (value, _) throws(EvaluationError) in
            guard let timestamp = Timestamp(seconds: value.asInt) else { throw range(value, "timestamp") }
            return .timestamp(timestamp)
        }
    )

    private static let duration = Function(
        "duration",
        .one(.duration, .duration) { value, _ in value },
        .one(.string, .duration) { (value, _) throws(EvaluationError) in
            guard let duration = CELDuration(value.asString) else {
                throw .invalid("\(value.quotedText) is no duration such as '1h30m' or '90s', or is out of range")
            }
            return .duration(duration)
        },
        .one(.int, .duration) { (value, _) throws(EvaluationError) in
            guard let duration = CELDuration(seconds: value.asInt) else { throw range(value, "duration") }
            return .duration(duration)
        }
    )

    private static func range(_ value: Value, _ type: String) -> EvaluationError {
        .overflow("\(value.text) is out of the range of \(type)")
    }

    private static func malformed(_ value: Value, _ type: String) -> EvaluationError {
        .invalid("\(value.quotedText) cannot be read as \(type)")
    }
}
