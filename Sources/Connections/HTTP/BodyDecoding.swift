import CEL
import Recipe

/// Reads the body of a response as an action wants it.
enum BodyDecoding {
    /// The body's value.
    ///
    /// Throws the JSON mistake where JSON was promised or asked for.
    ///
    /// An error page is judged by its status and not by its format: of a response that is no success, malformed JSON is text.
    static func value(
        _ bytes: [UInt8],
        format: ResponseFormat,
        contentType: String?,
        isSuccess: Bool
    ) throws(JSONError) -> Value {
        let isJSON = isJSON(contentType)
        switch format {
        case .bytes:
            return .bytes(bytes)
        case .text:
            return .string(text(bytes, contentType))
        case .json, .auto:
            guard isJSON || (format == .json && isSuccess) else { return automatic(bytes, contentType) }
            if bytes.isEmpty { return .map(ValueMap()) }
            do {
                return try Value(json: bytes)
            } catch {
                if isSuccess { throw error }
                return automatic(bytes, contentType)
            }
        }
    }

    /// Whether a content type is JSON: `application/json`, or one that ends in `+json` (RFC 6839).
    static func isJSON(_ contentType: String?) -> Bool {
        let type = mediaType(contentType)
        return type == "application/json" || type == "text/json" || type.hasSuffix("+json")
    }

    private static func automatic(_ bytes: [UInt8], _ contentType: String?) -> Value {
        if mediaType(contentType).hasPrefix("text/") { return .string(text(bytes, contentType)) }
        return String(validating: bytes, as: UTF8.self).map(Value.string) ?? .bytes(bytes)
    }

    private static func mediaType(_ contentType: String?) -> String {
        guard let contentType else { return "" }
        return contentType.prefix { $0 != ";" && $0 != " " }.lowercased()
    }

    private static func text(_ bytes: [UInt8], _ contentType: String?) -> String {
        let parameters = contentType?.lowercased() ?? ""
        if parameters.contains("charset=iso-8859-1") || parameters.contains("charset=\"iso-8859-1\"") {
            return String(String.UnicodeScalarView(bytes.map { Unicode.Scalar($0) }))
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
