import CEL
import Recipe

/// A body of named parts, `multipart/form-data` (RFC 7578).
public struct MultipartForm: Sendable {
    /// A part, ready to be written.
    struct Part: Sendable {
        let name: String
        var filename: String?
        var contentType: String?
        var content: Content
    }

    /// What a part carries.
    enum Content: Sendable {
        case bytes([UInt8])
        /// The path of a file, as the recipe says it: nothing that could be sent.
        case path(String)
        /// A file that was found.
        case file(UploadFile)
    }

    private(set) var parts: [Part] = []
    /// 128 random bits: no content knows them, and that one holds them by chance need not be feared.
    ///
    /// It belongs to the value, so that a signature is made over what is sent.
    let boundary: String

    /// Evaluates the fields.
    ///
    /// Null omits a part; a list repeats it where it has neither file name nor type. Throws when a media type is none.
    init(_ fields: [MultipartField], in scope: Scope) throws(ExpressionError) {
        let (first, second) = (UInt64.random(in: .min ... .max), UInt64.random(in: .min ... .max))
        boundary = "runner-\(String(first, radix: 36))-\(String(second, radix: 36))"
        for field in fields {
            let filename = try Self.text(field.filename, in: scope)
            let contentType = try Self.text(field.contentType, in: scope)
            if let contentType, !Self.isMediaType(contentType) {
                throw ExpressionError(
                    message:
                        "`content_type` of the part `\(field.name)` is no media type; write for example `text/csv`",
                    place: field.contentType?.expressions.first?.place
                )
            }
            let value = try field.content.evaluate(in: scope)
            if field.isFile {
                if !value.isNull { add(field.name, path: value.text, filename, contentType) }
            } else if case .list(let items) = value, field.filename == nil, field.contentType == nil {
                for item in items { add(field.name, item, nil, nil) }
            } else {
                add(field.name, value, filename, contentType)
            }
        }
    }

    /// Adds fields of text.
    mutating func add(_ pairs: [(String, String)]) {
        parts += pairs.map { Part(name: $0.0, content: .bytes(Array($0.1.utf8))) }
    }

    /// Adds a file, under its own name where no other is given.
    private mutating func add(_ name: String, path: String, _ filename: String?, _ contentType: String?) {
        let own = path.split(separator: "/").last.map(String.init) ?? path
        parts.append(
            Part(
                name: name,
                filename: filename ?? own,
                contentType: contentType ?? "application/octet-stream",
                content: .path(path)
            )
        )
    }

    /// The paths of files that nobody has looked for yet.
    public var paths: [String] {
        parts.compactMap { if case .path(let path) = $0.content { path } else { nil } }
    }

    /// The form with the files that these paths mean; nil sends the path itself in place of a file.
    public func with(files: [String: UploadFile]?) -> MultipartForm {
        var form = self
        for index in form.parts.indices {
            guard case .path(let path) = form.parts[index].content else { continue }
            form.parts[index].content = files?[path].map(Content.file) ?? .bytes(Array(path.utf8))
        }
        return form
    }

    private mutating func add(_ name: String, _ value: Value, _ filename: String?, _ contentType: String?) {
        let content: [UInt8]
        let ownType: String?
        switch value {
        case .null: return
        case .optional(let optional):
            if let inner = optional.value { add(name, inner, filename, contentType) }
            return
        case .bytes(let bytes): (content, ownType) = (bytes, "application/octet-stream")
        case .map, .list: (content, ownType) = (Array(value.json().utf8), "application/json")
        default: (content, ownType) = (Array(value.text.utf8), filename == nil ? nil : "text/plain; charset=utf-8")
        }
        parts.append(
            Part(name: name, filename: filename, contentType: contentType ?? ownType, content: .bytes(content))
        )
    }

    /// The value of the header `Content-Type`.
    var contentType: String { "multipart/form-data; boundary=\(boundary)" }

    /// The body as it is sent; nil where there are files in it.
    var bytes: [UInt8]? {
        let pieces = pieces
        guard pieces.count <= 1 else { return nil }
        guard case .bytes(let bytes)? = pieces.first else { return [] }
        return bytes
    }

    /// The body in pieces: what is in memory, and files.
    var pieces: [BodyPiece] {
        var pieces: [BodyPiece] = []
        var result: [UInt8] = []
        for part in parts {
            var head = "--\(boundary)\r\nContent-Disposition: form-data; name=\"\(Self.quoted(part.name))\""
            if let filename = part.filename { head += "; filename=\"\(Self.quoted(filename))\"" }
            if let contentType = part.contentType { head += "\r\nContent-Type: \(contentType)" }
            result += (head + "\r\n\r\n").utf8
            switch part.content {
            case .bytes(let bytes): result += bytes
            // Only a preview comes here: whoever sends has looked for it.
            case .path(let path): result += "(the file \(path))".utf8
            case .file(let file):
                pieces += [.bytes(result), .file(file)]
                result = []
            }
            result += "\r\n".utf8
        }
        result += "--\(boundary)--\r\n".utf8
        return pieces + [.bytes(result)]
    }

    /// Names as browsers write them (WHATWG HTML, "multipart form data"): what would end the quotes or the line is percent-encoded.
    private static func quoted(_ text: String) -> String {
        var result = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": result += "%22"
            case "\r": result += "%0D"
            case "\n": result += "%0A"
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }

    private static func text(_ template: ValueTemplate?, in scope: Scope) throws(ExpressionError) -> String? {
        guard let value = try template?.evaluate(in: scope), !value.isNull else { return nil }
        return value.text
    }

    /// `type/subtype` with parameters, in one line (RFC 9110 section 8.3.1).
    private static func isMediaType(_ text: String) -> Bool {
        let names = text.prefix { $0 != ";" }.split(separator: "/", omittingEmptySubsequences: false)
        return names.count == 2 && HTTPToken.isValid(String(names[0]))
            && HTTPToken.isValid(String(names[1].reversed().drop { $0 == " " }.reversed()))
            && text.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7F }
    }
}
