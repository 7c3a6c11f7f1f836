/// URLs (RFC 3986) in expressions.
enum URLLibrary {
    static let functions: [Function] = [
        Function(
            "url.encode",
            .one(.string, .string) { (text, meter) throws(EvaluationError) in
                try meter.text(text.asString.utf8.count * 3)
                return .string(encode(text.asString))
            }
        ),
        Function(
            "url.decode",
            .one(.string, .string) { (text, meter) throws(EvaluationError) in
                try meter.text(text.asString.utf8.count)
                guard let decoded = decode(text.asString[...], plusIsSpace: false) else {
                    throw .invalid("the text holds a '%' that is no escape, or no UTF-8")
                }
                return .string(decoded)
            }
        ),
        Function(
            "url.query",
            .one(.map(.string, .dyn), .string) { (map, meter) throws(EvaluationError) in
                var pairs: [String] = []
                for entry in map.asMap.entries {
                    let values: [Value] = if case .list(let list) = entry.value { list } else { [entry.value] }
                    for value in values where !value.isNull {
                        let text = value.text
                        try meter.text((text.utf8.count + entry.key.text.utf8.count) * 3)
                        pairs.append(encode(entry.key.text) + "=" + encode(text))
                    }
                }
                return .string(pairs.joined(separator: "&"))
            }
        ),
        Function(
            "url.parse",
            .one(.string, .map(.string, .dyn)) { (text, meter) throws(EvaluationError) in
                try meter.text(text.asString.utf8.count * 8)
                guard let parts = parse(text.asString) else { throw .invalid("\(text.quotedText) is no URL") }
                return .map(parts)
            }
        ),
    ]

    /// Percent-encodes all but the unreserved characters (RFC 3986 section 2.3).
    private static func encode(_ text: String) -> String {
        var encoded: [UInt8] = []
        for byte in text.utf8 {
            if byte.isNamePart || "-.~".utf8.contains(byte) {
                encoded.append(byte)
            } else {
                encoded.append(UInt8(ascii: "%"))
                encoded += (byte < 16 ? "0" : "").utf8
                encoded += String(byte, radix: 16, uppercase: true).utf8
            }
        }
        return String(decoding: encoded, as: UTF8.self)
    }

    private static func decode(_ text: Substring, plusIsSpace: Bool) -> String? {
        var decoded: [UInt8] = []
        var rest = Array(text.utf8)[...]
        while let byte = rest.popFirst() {
            if byte == UInt8(ascii: "%") {
                guard let high = rest.popFirst()?.hexValue, let low = rest.popFirst()?.hexValue else { return nil }
                decoded.append(UInt8(high << 4 | low))
            } else {
                decoded.append(plusIsSpace && byte == UInt8(ascii: "+") ? UInt8(ascii: " ") : byte)
            }
        }
        return String(validating: decoded, as: UTF8.self)
    }

    /// The parts of a URL (RFC 3986 appendix B): scheme, host, port, path, query (each name with its values) and fragment.
    private static func parse(_ text: String) -> ValueMap? {
        var rest = text[...]
        var parts = ValueMap()
        guard let colon = rest.firstIndex(of: ":"), colon > rest.startIndex,
            rest[..<colon].utf8.allSatisfy({ $0.isNamePart || "+-.".utf8.contains($0) })
        else { return nil }
        parts["scheme"] = .string(rest[..<colon].lowercased())
        rest = rest[rest.index(after: colon)...]
        var fragment: Substring?
        if let mark = rest.firstIndex(of: "#") {
            fragment = rest[rest.index(after: mark)...]
            rest = rest[..<mark]
        }
        var query: Substring?
        if let mark = rest.firstIndex(of: "?") {
            query = rest[rest.index(after: mark)...]
            rest = rest[..<mark]
        }
        if rest.hasPrefix("//") {
            let authority = rest.dropFirst(2).prefix { $0 != "/" }
            rest = rest.dropFirst(2 + authority.count)
            guard addAuthority(authority, to: &parts) else { return nil }
        }
        guard let path = decode(rest, plusIsSpace: false), let pairs = pairs(query ?? "") else { return nil }
        parts["path"] = .string(path)
        parts["query"] = .map(pairs)
        guard let fragment = decode(fragment ?? "", plusIsSpace: false) else { return nil }
        parts["fragment"] = .string(fragment)
        return parts
    }

    private static func addAuthority(_ authority: Substring, to parts: inout ValueMap) -> Bool {
        // Credentials before '@' are left out: they should not travel through expressions unseen.
        let place = authority.lastIndex(of: "@").map { authority[authority.index(after: $0)...] } ?? authority
        var host = place
        var port: Value = .null
        if let colon = place.lastIndex(of: ":"), !place[colon...].contains("]") {
            host = place[..<colon]
            let digits = place[place.index(after: colon)...]
            guard digits.isEmpty || UInt16(digits) != nil else { return false }
            if let number = UInt16(digits) { port = .int(Int64(number)) }
        }
        parts["host"] = .string(host.lowercased())
        parts["port"] = port
        return true
    }

    private static func pairs(_ query: Substring) -> ValueMap? {
        var pairs = ValueMap()
        for pair in query.split(separator: "&") {
            let sides = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard let name = decode(sides[0], plusIsSpace: true),
                let value = decode(sides.count > 1 ? sides[1] : "", plusIsSpace: true)
            else { return nil }
            pairs[name] = .list((pairs[name]?.asList ?? []) + [.string(value)])
        }
        return pairs
    }
}
