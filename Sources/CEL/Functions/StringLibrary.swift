/// Text (cel-go, strings library), and helpers that work with APIs needs.
///
/// All places are code points from 0.
enum StringLibrary {
    static let functions: [Function] = [
        Function(
            "charAt",
            .two(.string, .int, .string, .member) { (text, place, meter) throws(EvaluationError) in
                let scalars = try Scalars(text.asString, &meter)
                let place = try scalars.checked(place.asInt)
                return .string(place == scalars.count ? "" : scalars.text(place..<place + 1))
            }
        ),
        Function("indexOf", overloads: searches { needle, scalars, from in scalars.first(needle, from: from ?? 0) }),
        Function("lastIndexOf", overloads: searches { needle, scalars, from in scalars.last(needle, from: from) }),
        Function("join", join(nil), join(.string)),
        Function("split", split(nil), split(.int)),
        Function("replace", replace(nil), replace(.int)),
        Function(
            "substring",
            .two(.string, .int, .string, .member) { (text, from, meter) throws(EvaluationError) in
                let scalars = try Scalars(text.asString, &meter)
                return .string(scalars.text(try scalars.checked(from.asInt)..<scalars.count))
            },
            .metered([.string, .int, .int], .string, style: .member) { (arguments, meter) throws(EvaluationError) in
                let scalars = try Scalars(arguments[0].asString, &meter)
                let from = try scalars.checked(arguments[1].asInt)
                let end = try scalars.checked(arguments[2].asInt)
                guard from <= end else { throw .invalid("the substring begins at \(from) and ends before, at \(end)") }
                return .string(scalars.text(from..<end))
            }
        ),
        Function("lowerAscii", mapping { $0.isUpperASCII ? $0 | 0x20 : $0 }),
        Function("upperAscii", mapping { $0.isLowerASCII ? $0 & ~0x20 : $0 }),
        Function("trim", transform { String(String.UnicodeScalarView(trimmed($0.unicodeScalars))) }),
        Function("reverse", transform { String(String.UnicodeScalarView($0.unicodeScalars.reversed())) }),
        Function("strings.quote", transform(.global, quoted)),
    ]

    static func transform(
        _ style: Overload.Style = .member,
        _ body: @escaping @Sendable (String) -> String
    ) -> Overload {
        .one(.string, .string, style) { (text, meter) throws(EvaluationError) in
            // Quoting can double the length.
            try meter.text(text.asString.utf8.count * 2)
            return .string(body(text.asString))
        }
    }

    private static func mapping(_ body: @escaping @Sendable (UInt8) -> UInt8) -> Overload {
        transform { String(decoding: $0.utf8.map(body), as: UTF8.self) }
    }

    private static func trimmed(_ scalars: String.UnicodeScalarView) -> Substring.UnicodeScalarView {
        let start = scalars.drop { $0.properties.isWhitespace }
        guard let last = start.lastIndex(where: { !$0.properties.isWhitespace }) else { return start.prefix(0) }
        return start[...last]
    }

    private static func quoted(_ text: String) -> String {
        var quoted = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\u{07}": quoted += "\\a"
            case "\u{08}": quoted += "\\b"
            case "\u{0C}": quoted += "\\f"
            case "\n": quoted += "\\n"
            case "\r": quoted += "\\r"
            case "\t": quoted += "\\t"
            case "\u{0B}": quoted += "\\v"
            case "\\": quoted += "\\\\"
            case "\"": quoted += "\\\""
            default: quoted.unicodeScalars.append(scalar)
            }
        }
        return quoted + "\""
    }

    /// `text.name(needle)` and `text.name(needle, from)`.
    private static func searches(
        _ search: @escaping @Sendable (String, Scalars, Int?) -> Int?
    ) -> [Overload] {
        [
            .two(.string, .string, .int, .member) { (text, needle, meter) throws(EvaluationError) in
                let scalars = try Scalars(text.asString, &meter)
                return .int(Int64(search(needle.asString, scalars, nil) ?? -1))
            },
            .metered([.string, .string, .int], .int, style: .member) { (arguments, meter) throws(EvaluationError) in
                let scalars = try Scalars(arguments[0].asString, &meter)
                let from = try scalars.checked(arguments[2].asInt)
                return .int(Int64(search(arguments[1].asString, scalars, from) ?? -1))
            },
        ]
    }

    private static func join(_ separator: Type?) -> Overload {
        .metered([.list(.string)] + (separator.map { [$0] } ?? []), .string, style: .member) {
            (arguments, meter) throws(EvaluationError) in
            let separator = arguments.count > 1 ? arguments[1].asString : ""
            var text = ""
            for (place, element) in arguments[0].asList.enumerated() {
                guard case .string(let part) = element else { throw .noMatchingOverload("join", arguments[0]) }
                if place > 0 { text += separator }
                try meter.text(part.utf8.count + separator.utf8.count)
                text += part
            }
            return .string(text)
        }
    }

    private static func split(_ limit: Type?) -> Overload {
        .metered([.string, .string] + (limit.map { [$0] } ?? []), .list(.string), style: .member) {
            (arguments, meter) throws(EvaluationError) in
            let limit = arguments.count > 2 ? arguments[2].asInt : -1
            let text = arguments[0].asString
            guard limit != 0 else { return .list([]) }
            let count = limit < 0 ? Int.max : Int(clamping: limit) - 1
            try meter.text(text.utf8.count)
            guard !arguments[1].asString.isEmpty else {
                try meter.elements(text.utf8.count)
                // Between all code points; the last part keeps the rest.
                let scalars = Scalars(text)
                let single = min(count, max(scalars.count - 1, 0))
                var parts = (0..<single).map { Value.string(scalars.text($0..<$0 + 1)) }
                if scalars.count > 0 { parts.append(.string(scalars.text(single..<scalars.count))) }
                return .list(parts)
            }
            let search = ByteSearch(arguments[1].asString)
            let parts = CodePoints.withBytes(text) { bytes in
                pieces(of: bytes, around: search.all(in: bytes, limit: count), arguments[1].asString.utf8.count)
            }
            try meter.elements(parts.count)
            return .list(parts.map { .string($0) })
        }
    }

    private static func pieces(
        of bytes: UnsafeBufferPointer<UInt8>,
        around places: [Int],
        _ width: Int
    ) -> [String] {
        var start = 0
        var parts: [String] = []
        parts.reserveCapacity(places.count + 1)
        for place in places {
            parts.append(String(decoding: bytes[start..<place], as: UTF8.self))
            start = place + width
        }
        parts.append(String(decoding: bytes[start...], as: UTF8.self))
        return parts
    }

    private static func replace(_ limit: Type?) -> Overload {
        .metered([.string, .string, .string] + (limit.map { [$0] } ?? []), .string, style: .member) {
            (arguments, meter) throws(EvaluationError) in
            let text = arguments[0].asString
            let needle = arguments[1].asString
            let replacement = arguments[2].asString
            let limit = arguments.count > 3 && arguments[3].asInt >= 0 ? Int(clamping: arguments[3].asInt) : Int.max
            guard limit > 0 else { return arguments[0] }
            try meter.text(text.utf8.count)
            let parts: [String]
            if needle.isEmpty {
                // Before every code point and at the end, as in Go.
                let scalars = Scalars(text)
                let count = min(limit, scalars.count + 1)
                parts =
                    [""] + (0..<count - 1).map { scalars.text($0..<$0 + 1) } + [scalars.text(count - 1..<scalars.count)]
            } else {
                let search = ByteSearch(needle)
                parts = CodePoints.withBytes(text) { bytes in
                    pieces(of: bytes, around: search.all(in: bytes, limit: limit), needle.utf8.count)
                }
            }
            let (length, overflow) = (parts.count - 1).multipliedReportingOverflow(by: replacement.utf8.count)
            try meter.text(overflow ? Int.max / 2 : length)
            return .string(parts.joined(separator: replacement))
        }
    }
}

extension UInt8 {
    var isUpperASCII: Bool { self &- 65 < 26 }
    var isLowerASCII: Bool { self &- 97 < 26 }
}
