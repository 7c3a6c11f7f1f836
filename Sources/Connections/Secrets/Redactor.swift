public import CEL
import Synchronization

/// The one place where secrets are taken out of text on its way out of the process (DESIGN section 6).
///
/// It knows every secret and token that this process has seen, and their usual spellings: base64, base64url, URL-encoded,
/// JSON-escaped. Signed JSON Web Tokens are hidden by their shape, known or not. Values of fewer than six characters are ignored: hiding them would hide
/// half of every text.
public final class Redactor: Sendable {
    /// What stands in place of a secret.
    public static let mask = "•••"
    /// The shortest value that is hidden, in bytes of UTF-8.
    public static let minimumLength = SecretIndex.window

    /// So many tokens of one owner stay hidden: an old one may still stand in a message, but a process that runs for years must not remember all.
    static let tokensPerOwner = 16

    private struct State: Sendable {
        var known: Set<[UInt8]> = []
        /// The secrets in the tokens of each owner, the newest last.
        var tokens: [String: [Set<[UInt8]>]] = [:]
        /// The traces that came with the token of each owner.
        var traces: [String: [SecretTrace]] = [:]
        var index = SecretIndex()
        /// How often something was added.
        var additions = 0
    }

    private let state = Mutex(State())

    /// A redactor that knows no secret yet.
    public init() {}

    /// From now on `secret` and its spellings are hidden.
    public func add(_ secret: String) {
        let bytes = Array(secret.utf8)
        guard bytes.count >= Self.minimumLength else { return }
        state.withLock { state in
            guard state.known.insert(bytes).inserted else { return }
            state.additions += 1
            for form in SecretForms.all(of: bytes, minimum: SecretIndex.window) { state.index.insert(form) }
        }
    }

    /// Hides every text inside `value`.
    public func add(_ value: Value) {
        for text in Self.texts(in: value) { add(text) }
    }

    /// Hides every text inside the values of a token; of one owner's tokens the newest stay hidden.
    ///
    /// - Parameter owner: a connection's identity.
    func add(_ values: some Sequence<Value>, issuedTo owner: String) {
        let secrets = Set(
            values.flatMap(Self.texts).map { Array($0.utf8) }.filter { $0.count >= Self.minimumLength }
        )
        guard !secrets.isEmpty else { return }
        state.withLock { state in
            var tokens = state.tokens[owner] ?? []
            // Who takes over a token that is there already tells of it again.
            guard !tokens.contains(secrets) else { return }
            tokens.append(secrets)
            state.additions += 1
            for secret in secrets {
                for form in SecretForms.all(of: secret, minimum: SecretIndex.window) { state.index.insert(form) }
            }
            if tokens.count > Self.tokensPerOwner {
                for secret in tokens.removeFirst() {
                    for form in SecretForms.all(of: secret, minimum: SecretIndex.window) { state.index.remove(form) }
                }
            }
            state.tokens[owner] = tokens
        }
    }

    /// Hides what traces tell; those of the same owner that were there before go.
    func add(_ traces: [SecretTrace], issuedTo owner: String) {
        state.withLock { state in
            guard state.traces[owner] ?? [] != traces else { return }
            state.additions += 1
            for trace in state.traces[owner] ?? [] { state.index.remove(trace) }
            for trace in traces { state.index.insert(trace) }
            state.traces[owner] = traces
        }
    }

    /// Hides secrets that were found in stored values; of those with one owner the newest stay hidden.
    ///
    /// - Parameter owner: where they were found, so that a process that reads something new there each day does not remember all for ever.
    public func add(_ secrets: [String], foundIn owner: String) {
        guard !secrets.isEmpty else { return }
        add(secrets.lazy.map(Value.string), issuedTo: "found in " + owner)
    }

    /// How often it has learnt something: while this stays the same, `secrets(in:)` finds what it found before.
    public var additions: Int { state.withLock { $0.additions } }

    /// How many spellings are known.
    var spellings: Int { state.withLock { $0.index.count } }

    /// Every text inside a value.
    static func texts(in value: Value) -> [String] {
        switch value {
        case .string(let text): [text]
        case .int, .uint, .double: [value.text]
        case .bytes(let bytes): [String(decoding: bytes, as: UTF8.self)]
        case .list(let items): items.flatMap(texts)
        case .map(let map): map.values.flatMap(texts)
        case .optional(let optional): optional.value.map(texts) ?? []
        default: []
        }
    }

    /// The text without secrets; overlapping ones become one mask.
    public func redact(_ text: String) -> String {
        // The copy shares storage, so that other threads do not wait for a long text.
        let index = state.withLock { $0.index }
        var text = text
        return text.withUTF8 { bytes in
            let tokens = TokenShape.matches(in: bytes)
            guard !index.isEmpty || !tokens.isEmpty else { return nil }
            var found: [Range<Int>] = []
            for range in (index.matches(in: bytes) + tokens).sorted(by: { $0.upperBound < $1.upperBound }) {
                SecretIndex.merge(range, into: &found)
            }
            guard !found.isEmpty else { return nil }
            var result: [UInt8] = []
            result.reserveCapacity(bytes.count)
            var place = 0
            for range in found {
                result.append(contentsOf: bytes[place..<range.lowerBound])
                result.append(contentsOf: Self.mask.utf8)
                place = range.upperBound
            }
            result.append(contentsOf: bytes[place...])
            return String(decoding: result, as: UTF8.self)
        } ?? text
    }

    /// The secrets that stand in a value, as they are spelled there: mostly none.
    ///
    /// For whoever stores the value, because the process that shows it may never have known them. Signed tokens are not among them: they are known by their
    /// shape.
    public func secrets(in value: Value) -> [String] {
        let index = state.withLock { $0.index }
        guard !index.isEmpty else { return [] }
        var found: Set<String> = []
        Self.collect(value, index, &found)
        return found.isEmpty ? [] : found.sorted()
    }

    private static func collect(_ value: Value, _ index: SecretIndex, _ found: inout Set<String>) {
        switch value {
        case .string(var text):
            guard text.utf8.count >= minimumLength else { return }
            text.withUTF8 { bytes in
                for range in index.matches(in: bytes) { found.insert(String(decoding: bytes[range], as: UTF8.self)) }
            }
        // To write a number costs more than to search a text, and few secrets are one.
        case .int, .uint, .double: if index.hasNumbers { collect(.string(value.text), index, &found) }
        case .bytes(let bytes): collect(.string(String(decoding: bytes, as: UTF8.self)), index, &found)
        case .list(let items): for item in items { collect(item, index, &found) }
        case .map(let map):
            for entry in map {
                collect(entry.key, index, &found)
                collect(entry.value, index, &found)
            }
        case .optional(let optional): if let value = optional.value { collect(value, index, &found) }
        default: break
        }
    }

    /// The value with every text in it redacted, keys of maps too.
    public func redact(_ value: Value) -> Value {
        switch value {
        case .string(let text): return .string(redact(text))
        case .int, .uint, .double:
            let text = value.text
            let redacted = redact(text)
            return redacted == text ? value : .string(redacted)
        case .bytes(let bytes):
            let text = String(decoding: bytes, as: UTF8.self)
            let redacted = redact(text)
            return redacted == text ? value : .string(redacted)
        case .list(let items): return .list(items.map(redact))
        case .map(let map):
            var result = ValueMap()
            result.reserveCapacity(map.count)
            for entry in map { result[redact(entry.key)] = redact(entry.value) }
            return .map(result)
        case .optional(let optional): return .optional(OptionalValue(optional.value.map(redact)))
        default: return value
        }
    }
}
