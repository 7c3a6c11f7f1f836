/// One scalar, sequence or mapping of a document, with its place in the file.
public struct Node: Sendable {
    /// What a node holds.
    public enum Content: Sendable {
        case scalar(Scalar)
        case sequence([Node])
        case mapping([Entry])
    }

    /// What the node holds.
    public let content: Content
    /// Where it stands, without its anchor and tag.
    ///
    /// For the target of an alias: where the anchored node stands.
    public let span: Span
    /// The same stretch in bytes of the source's UTF-8.
    let bytes: Range<Int>

    init(content: Content, span: Span, bytes: Range<Int>) {
        self.content = content
        self.span = span
        self.bytes = bytes
    }

    /// The whole of a source as one text, taken as it stands, so that places in it can be reported like those in a file.
    public init(verbatim source: Source) {
        let end = source.text.utf8.count
        content = .scalar(Scalar(text: source.text, style: .verbatim, value: .string(source.text)))
        span = Span(start: source.mark(atByte: 0), end: source.mark(atByte: end))
        bytes = 0..<end
    }

    /// Whether the value is null: nothing at all, `~` or `null`.
    public var isNull: Bool {
        if case .scalar(let scalar) = content { scalar.value == .null } else { false }
    }

    /// The scalar that the node holds, if it holds one.
    public var scalar: Scalar? {
        if case .scalar(let scalar) = content { scalar } else { nil }
    }
}

/// A key of a mapping and its value.
public struct Entry: Sendable {
    /// The key, always a scalar.
    public let key: Node
    /// The value; null when the file gives none.
    public let value: Node

    /// The text of the key.
    public var name: String { key.scalar?.text ?? "" }
}

/// A single value, as text and as what the text means.
public struct Scalar: Sendable {
    /// How a scalar is written (YAML 1.2.2, chapters 7.3 and 8.1).
    ///
    /// Verbatim text is not YAML at all: it is its source, byte for byte.
    public enum Style: Sendable { case plain, singleQuoted, doubleQuoted, literal, folded, verbatim }

    /// The text after unescaping and folding.
    public let text: String
    /// How it is written.
    public let style: Style
    /// What it means under the core schema.
    public let value: CoreValue
}

/// What a scalar means under the core schema (YAML 1.2.2, section 10.3).
///
/// Quoted and block scalars are always text.
public enum CoreValue: Sendable, Equatable {
    case null
    case bool(Bool)
    case int(Int64)
    case double(Double)
    case string(String)
}
