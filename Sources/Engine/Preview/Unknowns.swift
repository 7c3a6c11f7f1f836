import CEL
import Recipe

/// Which variables have no value because only an answer could give it, and the texts that stand for what reads them.
struct Unknowns {
    /// Paths such as `actions.list`: nothing at or below them is known.
    private(set) var paths: Set<[String]> = []
    private var sources: [String] = []

    /// Whether an expression reads something of which there is no value.
    func touch(_ expression: Expression) -> Bool {
        guard !paths.isEmpty else { return false }
        return expression.program.references.contains { reference in
            paths.contains { $0.starts(with: reference.path) || reference.path.starts(with: $0) }
        }
    }

    mutating func insert(_ path: String...) { paths.insert(path) }

    mutating func insert(_ path: [String]) { paths.insert(path) }

    /// From now on there is a value.
    mutating func remove(_ path: String...) { paths.remove(path) }

    /// Forgets what became unknown inside a block; what it did to `vars` stays.
    mutating func leave(to before: Set<[String]>) {
        paths = before.filter { $0.first != "vars" }.union(paths.filter { $0.first == "vars" })
    }

    /// A text in place of an expression that cannot be evaluated: letters and digits, so that no encoding changes it.
    mutating func standIn(for expression: Expression) -> String? {
        guard touch(expression) else { return nil }
        sources.append(Self.text(expression))
        return Self.mark(sources.count - 1)
    }

    /// A text with the expressions themselves in place of what stood for them.
    func revealed(_ text: String) -> String {
        var text = text
        for (number, source) in sources.enumerated() where text.contains(Self.mark(number)) {
            text = text.replacing(Self.mark(number), with: source)
        }
        return text
    }

    /// An expression as it stands in a file, in one line.
    static func text(_ expression: Expression) -> String {
        "${{ \(expression.program.source.split(whereSeparator: \.isWhitespace).joined(separator: " ")) }}"
    }

    private static func mark(_ number: Int) -> String { "UNKNOWNx\(number)xUNKNOWN" }
}
