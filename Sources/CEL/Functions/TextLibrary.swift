/// What work with APIs needs of text beyond cel-go's library.
///
/// Our own.
enum TextLibrary {
    static let functions: [Function] = [
        Function(
            "removePrefix",
            affix { text, affix in
                text.utf8.starts(with: affix.utf8)
                    ? String(decoding: text.utf8.dropFirst(affix.utf8.count), as: UTF8.self) : text
            }
        ),
        Function(
            "removeSuffix",
            affix { text, affix in
                text.utf8.reversed().starts(with: affix.utf8.reversed())
                    ? String(decoding: text.utf8.dropLast(affix.utf8.count), as: UTF8.self) : text
            }
        ),
        Function(
            "repeat",
            .two(.string, .int, .string, .member) { (text, count, meter) throws(EvaluationError) in
                .string(try repeated(text.asString, count.asInt, &meter))
            }
        ),
        Function("padStart", overloads: pad { text, padding in padding + text }),
        Function("padEnd", overloads: pad { text, padding in text + padding }),
        Function(
            "truncate",
            .two(.string, .int, .string, .member) { (text, count, meter) throws(EvaluationError) in
                let scalars = try Scalars(text.asString, &meter)
                guard count.asInt >= 0 else { throw .invalid("the length of truncate() is negative") }
                return .string(scalars.text(0..<min(scalars.count, Int(clamping: count.asInt))))
            }
        ),
        Function(
            "lines",
            .one(.string, .list(.string), .member) { (text, meter) throws(EvaluationError) in
                try meter.text(text.asString.utf8.count)
                var lines = text.asString.utf8.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
                if lines.last?.isEmpty == true { lines.removeLast() }
                try meter.elements(lines.count)
                return .list(
                    lines.map { line in
                        let isDOS = line.last == UInt8(ascii: "\r")
                        return .string(String(decoding: isDOS ? line.dropLast() : line, as: UTF8.self))
                    }
                )
            }
        ),
    ]

    private static func affix(_ body: @escaping @Sendable (String, String) -> String) -> Overload {
        .two(.string, .string, .string, .member) { (text, affix, meter) throws(EvaluationError) in
            try meter.text(text.asString.utf8.count)
            return .string(body(text.asString, affix.asString))
        }
    }

    private static func repeated(_ text: String, _ count: Int64, _ meter: inout Meter) throws(EvaluationError) -> String
    {
        guard count >= 0 else { throw .invalid("the count of repeat() is negative") }
        let (length, overflow) = text.utf8.count.multipliedReportingOverflow(by: Int(clamping: count))
        try meter.text(overflow ? Int.max / 2 : length)
        return String(repeating: text, count: length == 0 ? 0 : Int(clamping: count))
    }

    /// `text.name(width)` with spaces and `text.name(width, padding)`; the width counts code points.
    private static func pad(_ body: @escaping @Sendable (String, String) -> String) -> [Overload] {
        let padded: @Sendable ([Value], inout Meter) throws(EvaluationError) -> Value = {
            (arguments, meter) throws(EvaluationError) in
            let text = arguments[0].asString
            let padding = arguments.count > 2 ? arguments[2].asString : " "
            guard CodePoints.count(padding) == 1 else { throw .invalid("text is padded with one character") }
            let missing = max(
                0,
                arguments[1].asInt.subtractingReportingOverflow(Int64(CodePoints.count(text))).partialValue
            )
            let filling = try repeated(padding, arguments[1].asInt < 0 ? 0 : missing, &meter)
            try meter.text(text.utf8.count)
            return .string(body(text, filling))
        }
        return [
            .metered([.string, .int], .string, style: .member, padded),
            .metered([.string, .int, .string], .string, style: .member, padded),
        ]
    }
}
