public import CEL

/// A request as a server would read it.
public struct SentRequest: Sendable {
    /// The method's token.
    public let method: String
    /// The whole URL.
    public let url: String
    /// The same without its query.
    public let urlWithoutQuery: String
    /// The path, percent-encoded as it is sent.
    public let path: String
    /// The parameters of the query in order, decoded.
    public let query: [(String, String)]
    /// The header fields that the recipe and its connection give.
    public let headers: [(String, String)]
    /// The body.
    public let bytes: [UInt8]
    /// The action that sends it; nil for a request of the connection itself.
    public let sender: RequestSender?

    /// Reads a message.
    public init(_ request: OutgoingRequest) {
        let reference = URLReference(request.url)
        method = request.method
        url = request.url
        path = reference.path
        query = Self.pairs(reference.query ?? "")
        var rest = reference
        rest.query = nil
        urlWithoutQuery = rest.text
        headers = request.headers
        // What only a real request sends from files is read for nobody.
        let pieces = request.pieces ?? []
        bytes =
            request.body
            ?? pieces.flatMap { piece -> [UInt8] in if case .bytes(let bytes) = piece { bytes } else { [] } }
        sender = request.sender
    }

    /// The first value of a header, whatever the case of its name.
    public func header(_ name: String) -> String? {
        headers.first { $0.0.lowercased() == name.lowercased() }?.1
    }

    /// The path, decoded.
    public var decodedPath: String { PercentEncoding.decoded(path.replacing("+", with: "%2B")[...]) }

    /// The body as text.
    public var text: String { String(decoding: bytes, as: UTF8.self) }

    /// The body as JSON; nil when it is none.
    public var json: Value? { bytes.isEmpty ? nil : try? Value(json: bytes) }

    /// The query as a map; a parameter that is there several times is a list.
    public var queryValue: Value { .map(ValueMap(fields: query)) }

    /// The headers as a map, names in lower case.
    public var headerValue: Value { .map(ValueMap(fields: headers.map { ($0.0.lowercased(), $0.1) })) }

    /// The fields of a form; nil when the body is none.
    public var form: Value? {
        guard header("content-type")?.hasPrefix("application/x-www-form-urlencoded") == true else { return nil }
        return .map(ValueMap(fields: Self.pairs(text)))
    }

    /// The parts of a `multipart/form-data` body, their contents as text; nil when it is none.
    public var multipart: Value? {
        guard let type = header("content-type"), type.hasPrefix("multipart/"),
            let mark = type.firstRange(of: "boundary=")
        else { return nil }
        let boundary = "--" + type[mark.upperBound...].prefix { $0 != ";" }
        var parts: [(String, String)] = []
        for piece in text.split(separator: boundary) {
            guard let end = piece.firstRange(of: "\r\n\r\n") else { continue }
            let head = piece[..<end.lowerBound]
            guard let name = head.firstRange(of: "name=\"") else { continue }
            let content = piece[end.upperBound...]
            parts.append(
                (
                    String(head[name.upperBound...].prefix { $0 != "\"" }),
                    String(content.hasSuffix("\r\n") ? content.dropLast(1) : content)
                )
            )
        }
        return .map(ValueMap(fields: parts))
    }

    /// `request` as expressions of tests see it: `{method, url, path, query, headers, body, json, form, multipart, action, index}`.
    public var value: Value {
        .map([
            "method": .string(method), "url": .string(url), "path": .string(path), "query": queryValue,
            "headers": headerValue, "body": .string(text), "json": json ?? .null, "form": form ?? .null,
            "multipart": multipart ?? .null, "action": sender.map { .string($0.path) } ?? .null,
            "index": sender.map { .string($0.index) } ?? .null,
        ])
    }

    private static func pairs(_ text: String) -> [(String, String)] {
        text.split(separator: "&").map { part in
            let pair = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            return (PercentEncoding.decoded(pair[0]), pair.count > 1 ? PercentEncoding.decoded(pair[1]) : "")
        }
    }
}
