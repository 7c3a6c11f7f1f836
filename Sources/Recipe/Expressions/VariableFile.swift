public import CEL
public import YAML

/// A file in YAML or JSON that gives variables: each key at its top is one.
public enum VariableFile {
    /// The variables of a file; nil when it cannot be read, which is among the diagnostics.
    public static func read(_ source: Source) -> (variables: ValueMap?, diagnostics: [Diagnostic]) {
        // JSON has no marks to keep and no limit but memory: a saved response is read as fast as a response is.
        if source.text.utf8.first(where: { !$0.isJSONSpace }) == UInt8(ascii: "{"),
            case .map(let map)? = try? Value(json: source.text)
        {
            return (map, [])
        }
        let diagnostics = Diagnostics(source)
        let node = parse(source, into: diagnostics)
        guard !diagnostics.hasErrors else { return (nil, diagnostics.sorted) }
        guard let node, !node.isNull else { return (ValueMap(), diagnostics.sorted) }
        guard case .map(let map) = Value(plain: node) else {
            diagnostics.report(
                "input.mapping",
                "the input must be a mapping: its keys become variables",
                at: node.span,
                help: "write `name: value` lines, for example `items: [1, 2]`"
            )
            return (nil, diagnostics.sorted)
        }
        return (map, diagnostics.sorted)
    }
}

extension UInt8 {
    fileprivate var isJSONSpace: Bool { self == 0x20 || self == 0x0A || self == 0x0D || self == 0x09 }
}
