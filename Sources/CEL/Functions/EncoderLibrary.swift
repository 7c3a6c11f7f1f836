/// Base64 (cel-go, encoders library), also in the alphabet for URLs, and hexadecimal.
enum EncoderLibrary {
    static let functions: [Function] = [
        Function("base64.encode", encoder { Base64.encode($0) }),
        Function("base64.encodeURL", encoder { Base64.encodeURL($0) }),
        Function(
            "base64.decode",
            .one(.string, .bytes) { (value, meter) throws(EvaluationError) in
                try meter.text(value.asString.utf8.count)
                guard let bytes = Base64.decode(value.asString) else { throw .invalid("the text is no base64") }
                return .bytes(bytes)
            }
        ),
        Function(
            "hex.encode",
            encoder { bytes in String(decoding: bytes.flatMap { [digit($0 >> 4), digit($0 & 15)] }, as: UTF8.self) }
        ),
        Function(
            "hex.decode",
            .one(.string, .bytes) { (value, meter) throws(EvaluationError) in
                let digits = Array(value.asString.utf8)
                try meter.text(digits.count)
                var bytes: [UInt8] = []
                for place in stride(from: 0, to: digits.count, by: 2) {
                    guard place + 1 < digits.count, let high = digits[place].hexValue,
                        let low = digits[place + 1].hexValue
                    else { throw .invalid("the text is no hexadecimal") }
                    bytes.append(UInt8(high << 4 | low))
                }
                return .bytes(bytes)
            }
        ),
    ]

    private static func encoder(_ encode: @escaping @Sendable ([UInt8]) -> String) -> Overload {
        .one(.bytes, .string) { (value, meter) throws(EvaluationError) in
            try meter.text(value.asBytes.count * 2)
            return .string(encode(value.asBytes))
        }
    }

    private static func digit(_ value: UInt8) -> UInt8 { value < 10 ? 48 + value : 87 + value }
}
