import FoundationEssentials

/// What an `Authorization: Basic` header holds, RFC 7617, before any form decoding.
struct BasicCredentials: Sendable, Equatable {
    let user: String
    let password: String

    /// Nil when the header is of another scheme, or is not base64 of `user:password` in UTF-8.
    init?(header: String) {
        guard let encoded = Authorization.credentials(of: header, scheme: "Basic"),
            let data = Data(base64Encoded: String(encoded)),
            let text = String(validating: data, as: UTF8.self),
            let colon = text.firstIndex(of: ":")
        else { return nil }
        user = String(text[..<colon])
        password = String(text[text.index(after: colon)...])
    }
}

/// Reading an `Authorization` header, whose scheme is written in any case (RFC 9110 section 11.1).
enum Authorization {
    /// What stands after `scheme` and its spaces; nil when the header is of another scheme.
    static func credentials(of header: String, scheme: String) -> Substring? {
        guard let space = header.firstIndex(of: " "),
            header[..<space].utf8.elementsEqual(scheme.utf8, by: { $0 | 0x20 == $1 | 0x20 })
        else { return nil }
        return header[space...].drop { $0 == " " }
    }
}
