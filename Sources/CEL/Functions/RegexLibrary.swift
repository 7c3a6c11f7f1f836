/// Regular expressions (cel-go, regex library), in RE2's syntax.
enum RegexLibrary {
    static let functions: [Function] = [
        Function("regex.replace", replace([]), replace([.int])),
        Function(
            "regex.extract",
            .two(.string, .string, .optional(.string)) { (text, pattern, meter) throws(EvaluationError) in
                .optional(OptionalValue(try extract(text.asString, pattern.asString, limit: 1, &meter).first))
            }
        ),
        Function(
            "regex.extractAll",
            .two(.string, .string, .list(.string)) { (text, pattern, meter) throws(EvaluationError) in
                .list(try extract(text.asString, pattern.asString, limit: .max, &meter))
            }
        ),
    ]

    /// The longest that a search for all matches may take.
    ///
    /// RE2 does not say how far it read beyond a match before it was sure of it. Some patterns (`(a*)*b|a`) read to the end each time,
    /// which makes the whole search quadratic; their steps cannot be counted, so the clock stands in, at five times what a
    /// whole budget of steps takes.
    private static let patience = Duration.milliseconds(500)

    /// All matches up to `limit`, none overlapping: the whole and the groups of each.
    private static func matches(
        _ pattern: Pattern,
        _ bytes: UnsafeBufferPointer<UInt8>,
        limit: Int,
        _ meter: inout Meter
    ) throws(EvaluationError) -> [[Range<Int>?]] {
        var matches: [[Range<Int>?]] = []
        var start = 0
        let begin = ContinuousClock.now
        while matches.count < limit, start <= bytes.count, let spans = pattern.find(in: bytes, from: start),
            let whole = spans[0]
        {
            guard ContinuousClock.now - begin < patience else {
                throw EvaluationError(.budget, "the pattern takes too long to find all its matches in this text")
            }
            try meter.step(1 + (whole.upperBound - start) >> 6)
            try meter.elements(spans.count)
            matches.append(spans)
            start = whole.upperBound
            guard whole.isEmpty else { continue }
            // An empty match: go on after the next code point.
            start += 1
            while start < bytes.count, bytes[start] & 0xC0 == 0x80 { start += 1 }
        }
        return matches
    }

    private static func extract(
        _ text: String,
        _ pattern: String,
        limit: Int,
        _ meter: inout Meter
    ) throws(EvaluationError) -> [Value] {
        try meter.text(text.utf8.count)
        let pattern = try PatternCache.pattern(pattern, &meter)
        guard pattern.groupCount <= 1 else { throw .invalid("the pattern has more than one group") }
        var found: [Value] = []
        let bytes = Array(text.utf8)
        let outcome = bytes.withUnsafeBufferPointer { buffer in
            Result { () throws(EvaluationError) in try matches(pattern, buffer, limit: limit, &meter) }
        }
        for spans in try outcome.get() {
            // A group that takes no part in the match extracts nothing.
            guard let span = spans[pattern.groupCount] else { continue }
            found.append(.string(String(decoding: bytes[span], as: UTF8.self)))
        }
        return found
    }

    private static func replace(_ count: [Type]) -> Overload {
        .metered([.string, .string, .string] + count, .string) { (arguments, meter) throws(EvaluationError) in
            let bytes = Array(arguments[0].asString.utf8)
            let pattern = try PatternCache.pattern(arguments[1].asString, &meter)
            let template = try template(arguments[2].asString, pattern)
            let count = arguments.count > 3 ? arguments[3].asInt : -1
            try meter.text(bytes.count)
            let outcome = bytes.withUnsafeBufferPointer { buffer in
                Result { () throws(EvaluationError) in
                    try matches(pattern, buffer, limit: count < 0 ? .max : Int(clamping: count), &meter)
                }
            }
            var result: [UInt8] = []
            var start = 0
            for spans in try outcome.get() {
                guard let whole = spans[0] else { continue }
                result += bytes[start..<whole.lowerBound]
                let before = result.count
                for part in template {
                    switch part {
                    case .text(let text): result += text
                    case .group(let number): if let span = spans[number] { result += bytes[span] }
                    }
                }
                try meter.text(result.count - before)
                start = whole.upperBound
            }
            return .string(String(decoding: result + bytes[start...], as: UTF8.self))
        }
    }

    private enum Part {
        case text([UInt8])
        case group(Int)
    }

    /// A replacement: `\1` to `\9` and `\0` stand for groups, `\\` for a backslash.
    private static func template(_ text: String, _ pattern: Pattern) throws(EvaluationError) -> [Part] {
        var parts: [Part] = []
        var bytes: [UInt8] = []
        var rest = Array(text.utf8)[...]
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "\\") else {
                bytes.append(byte)
                continue
            }
            guard let next = rest.popFirst(), next.isDigit || next == byte else {
                throw .invalid("in a replacement, '\\' stands before a digit or another '\\'")
            }
            guard next != byte else {
                bytes.append(byte)
                continue
            }
            guard Int(next - 48) <= pattern.groupCount else {
                throw .invalid("the replacement names group \(next - 48), the pattern has \(pattern.groupCount)")
            }
            parts += [.text(bytes), .group(Int(next - 48))]
            bytes = []
        }
        return parts + [.text(bytes)]
    }
}
