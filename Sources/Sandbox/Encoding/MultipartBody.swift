import FoundationEssentials

/// The parts of a `multipart/form-data` body (RFC 7578), as far as an echo shows them.
struct MultipartBody: Sendable {
    private var parts: [(headers: [String: String], content: [UInt8])] = []

    /// Nil for other types, and for a body that does not end with its boundary.
    init?(_ body: [UInt8], contentType: String) {
        guard contentType.lowercased().hasPrefix("multipart/form-data"),
            let boundary = Self.parameter("boundary", of: contentType), !boundary.isEmpty
        else { return nil }
        let delimiter = Array("\r\n--\(boundary)".utf8)
        // The first delimiter needs no line before it.
        var rest = (Array("\r\n".utf8) + body)[...]
        guard let start = rest.firstRange(of: delimiter) else { return nil }
        rest = rest[start.upperBound...]
        while !rest.starts(with: "--".utf8) {
            guard rest.starts(with: "\r\n".utf8), let end = rest.firstRange(of: delimiter) else { return nil }
            let part = rest[rest.startIndex + 2..<end.lowerBound]
            rest = rest[end.upperBound...]
            guard let blank = part.firstRange(of: Array("\r\n\r\n".utf8)) else { return nil }
            var headers: [String: String] = [:]
            for line in String(decoding: part[..<blank.lowerBound], as: UTF8.self).split(separator: "\r\n") {
                let pair = line.split(separator: ":", maxSplits: 1)
                guard pair.count == 2 else { return nil }
                headers[pair[0].lowercased()] = String(pair[1].drop { $0 == " " })
            }
            parts.append((headers, Array(part[blank.upperBound...])))
        }
    }

    /// A list of `{name, filename, content_type, content}`, or `content_base64` where it is no text.
    var json: JSONValue {
        .array(
            parts.map { part in
                let disposition = part.headers["content-disposition"] ?? ""
                var members: [(String, JSONValue)] = [
                    ("name", Self.parameter("name", of: disposition).map { .string($0) } ?? .null),
                    ("filename", Self.parameter("filename", of: disposition).map { .string($0) } ?? .null),
                    ("content_type", part.headers["content-type"].map { .string($0) } ?? .null),
                ]
                if let text = String(validating: part.content, as: UTF8.self) {
                    members.append(("content", .string(text)))
                } else {
                    members.append(("content_base64", .string(Data(part.content).base64EncodedString())))
                }
                return .object(members)
            }
        )
    }

    /// A parameter of a header, quoted or not.
    private static func parameter(_ name: String, of header: String) -> String? {
        var isQuoted = false
        let pieces = header.split { character in
            if character == "\"" { isQuoted.toggle() }
            return character == ";" && !isQuoted
        }
        for piece in pieces.dropFirst() {
            let pair = piece.split(separator: "=", maxSplits: 1)
            guard pair.count == 2, pair[0].drop(while: { $0 == " " }).lowercased() == name else { continue }
            let value = pair[1]
            let isWrapped = value.count >= 2 && value.first == "\"" && value.last == "\""
            return isWrapped ? String(value.dropFirst().dropLast()) : String(value)
        }
        return nil
    }
}
