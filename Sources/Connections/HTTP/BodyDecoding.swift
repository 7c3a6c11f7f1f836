import CEL
import Recipe

/// Reads the body of a response as an action wants it.
enum BodyDecoding {
    /// Why a body is not what was asked for.
    enum Failure: Error, Sendable {
        /// JSON was promised or asked for.
        case json(JSONError)
        /// Text was asked for.
        case notText
    }

    /// The body's value.
    ///
    /// Throws where JSON was promised or asked for, or text was asked for, and it is something else.
    ///
    /// An error page is judged by its status and not by its format: of a response that is no success, whatever came is its body.
    static func value(
        _ bytes: [UInt8],
        format: ResponseFormat,
        contentType: String?,
        isSuccess: Bool
    ) throws(Failure) -> Value {
        let isJSON = isJSON(contentType)
        switch format {
        case .bytes:
            return .bytes(bytes)
        case .text:
            if isLatin1(contentType) || !isSuccess { return .string(text(bytes, contentType)) }
            guard let text = String(validating: bytes, as: UTF8.self), isText(bytes) else { throw .notText }
            return .string(text)
        case .json, .auto:
            guard isJSON || (format == .json && isSuccess) else { return automatic(bytes, contentType) }
            if bytes.isEmpty { return .map(ValueMap()) }
            do {
                return try Value(json: bytes)
            } catch {
                if isSuccess { throw .json(error) }
                return automatic(bytes, contentType)
            }
        }
    }

    /// Whether a content type is JSON: `application/json`, or one that ends in `+json` (RFC 6839).
    static func isJSON(_ contentType: String?) -> Bool {
        let type = mediaType(contentType)
        return type == "application/json" || type == "text/json" || type.hasSuffix("+json")
    }

    /// Whether bytes can be shown to people: UTF-8 without a zero, which no text has.
    static func isText(_ bytes: [UInt8]) -> Bool {
        !bytes.contains(0) && String(validating: bytes, as: UTF8.self) != nil
    }

    private static func automatic(_ bytes: [UInt8], _ contentType: String?) -> Value {
        if mediaType(contentType).hasPrefix("text/") { return .string(text(bytes, contentType)) }
        return String(validating: bytes, as: UTF8.self).map(Value.string) ?? .bytes(bytes)
    }

    private static func mediaType(_ contentType: String?) -> String {
        guard let contentType else { return "" }
        let end = contentType.utf8.firstIndex { $0 == UInt8(ascii: ";") || $0 == UInt8(ascii: " ") }
        return contentType[..<(end ?? contentType.endIndex)].lowercased()
    }

    private static func text(_ bytes: [UInt8], _ contentType: String?) -> String {
        if isLatin1(contentType) {
            return String(String.UnicodeScalarView(bytes.map { Unicode.Scalar($0) }))
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    private static func isLatin1(_ contentType: String?) -> Bool {
        let parameters = contentType?.lowercased() ?? ""
        return parameters.contains("charset=iso-8859-1") || parameters.contains("charset=\"iso-8859-1\"")
    }
}
