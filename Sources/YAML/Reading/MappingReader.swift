/// Takes the keys of one mapping, one by one, and reports what does not fit; reading goes on after each report.
///
/// Take every key that may occur, then call `finish()`, which reports those that nothing took.
public struct MappingReader {
    /// Where the mapping stands.
    public let span: Span
    /// Where reports go.
    public let diagnostics: Diagnostics
    /// All entries, in the order of the file.
    public let entries: [Entry]
    /// What the mapping is, with its article: `a trigger`.
    let what: String
    private var knownKeys: [String] = []

    /// Begins to read a mapping; reports anything else and is nil then.
    ///
    /// - Parameters:
    ///   - what: names the thing for people, with its article, such as `a trigger`.
    ///   - help: what to write in place of something that is no mapping.
    public init?(_ node: Node, as what: String, into diagnostics: Diagnostics, help: @autoclosure () -> String? = nil) {
        guard case .mapping(let entries) = node.content else {
            Self.refuse(node, as: what, into: diagnostics, help: help())
            return nil
        }
        self.span = node.span
        self.diagnostics = diagnostics
        self.entries = entries
        self.what = what
    }

    /// The value of a key, null included; nil when the key is absent.
    ///
    /// The key counts as known from here on.
    public mutating func take(_ key: String) -> Node? {
        entry(key)?.value
    }

    /// The value of a key; nil when the key is absent or its value is null.
    public mutating func takeNonNull(_ key: String) -> Node? {
        take(key).flatMap { $0.isNull ? nil : $0 }
    }

    /// The value of a key that must be there; reports one that is absent or has no value.
    public mutating func require(_ key: String, help: String? = nil) -> Node? {
        guard let entry = entry(key) else {
            diagnostics.report("yaml.missing-key", "\(what) needs the key `\(key)`", at: heading, help: help)
            return nil
        }
        guard !entry.value.isNull else {
            reportEmpty(entry, expected: "a value", help: help)
            return nil
        }
        return entry.value
    }

    /// More keys that `finish()` accepts.
    public mutating func known(_ keys: String...) {
        knownKeys.append(contentsOf: keys)
    }

    /// Reports each key that was neither taken nor declared known, with the nearest known one.
    ///
    /// - Parameter foreign: what is written here for keys that other tools have.
    public func finish(foreign: [String: String] = [:]) {
        for entry in entries where !knownKeys.contains(entry.name) {
            let free = knownKeys.filter { key in !entries.contains { $0.name == key } }
            let nearest =
                Suggestion.nearest(to: entry.name, among: free) ?? Suggestion.nearest(to: entry.name, among: knownKeys)
            diagnostics.report(
                "yaml.unknown-key",
                "\(what) has no key `\(entry.name)`",
                at: entry.key.span,
                help: missingSpace(entry) ?? foreign[entry.name] ?? nearest.map { "did you mean `\($0)`?" } ?? listing
            )
        }
    }

    /// The entry of a key, which counts as known from here on.
    mutating func entry(_ key: String) -> Entry? {
        knownKeys.append(key)
        return entries.first { $0.name == key }
    }

    func reportEmpty(_ entry: Entry, expected: String, help: String? = nil) {
        diagnostics.report(
            "yaml.empty-value",
            "`\(entry.name)` has no value; expected \(expected)",
            at: entry.key.span,
            help: help ?? "write a value after the colon, or remove the key"
        )
    }

    /// The first key: a missing one is reported there, rather than under the whole mapping.
    private var heading: Span {
        entries.first?.key.span ?? span
    }

    /// `{cron:x}` is a key `cron:x` without a value.
    private func missingSpace(_ entry: Entry) -> String? {
        entry.value.isNull ? entry.key.scalar.flatMap(Self.missingSpace) : nil
    }

    private static func missingSpace(_ scalar: Scalar) -> String? {
        guard scalar.style == .plain else { return nil }
        let shape = LineShape(scalar.text[...].prefix { $0 != "\n" && $0 != " " })
        guard let colon = shape.tightColon else { return nil }
        let key = shape.wholeText(from: 0).prefix { $0 != ":" }
        return "put a space after the colon: `\(key): \(shape.text(from: colon + 1))`"
    }

    private var listing: String? {
        guard !knownKeys.isEmpty else { return nil }
        var seen: Set<String> = []
        let names = knownKeys.filter { seen.insert($0).inserted }
        let shown = names.prefix(20).map { "`\($0)`" }.joined(separator: ", ")
        return "known keys: \(shown)\(names.count > 20 ? ", …" : "")"
    }

    private static func refuse(_ node: Node, as what: String, into diagnostics: Diagnostics, help: String?) {
        diagnostics.report(
            "yaml.wrong-type",
            "expected \(what) as a mapping, found \(node.kindInWords)",
            at: node.span,
            help: node.scalar.flatMap(missingSpace) ?? help ?? "write `key: value` lines"
        )
    }
}
