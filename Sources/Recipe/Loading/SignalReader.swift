import CEL
import YAML

/// Reads signals: statuses, whole texts and `/patterns/`.
struct SignalReader {
    let file: FileReader

    /// The entries of a list, or a single one.
    func signals(_ node: Node, as what: String) -> [Signal] {
        let items: [Node]
        if case .sequence(let list) = node.content { items = list } else { items = [node] }
        return items.compactMap { item in
            guard case .scalar(let scalar) = item.content else {
                file.diagnostics.report(
                    "authorization.signal",
                    "an entry of \(what) is a status, a text or a `/pattern/`",
                    at: item.span
                )
                return nil
            }
            return signal(scalar, at: item)
        }
    }

    /// One entry.
    func signal(_ scalar: Scalar, at node: Node) -> Signal? {
        switch scalar.value {
        case .int(let number): return status(Int(number), node)
        case .string(let text) where !text.isEmpty: return self.text(text, node)
        default:
            // `null`, `true`, a fraction or nothing would be compared with whole bodies, and mean nothing there.
            file.diagnostics.report(
                "authorization.signal",
                "\(scalar.text.isEmpty ? "an empty text" : "`\(scalar.text)`") is no status, text or `/pattern/`",
                at: node.span,
                help: "write a status such as `401`, or put a text in quotes"
            )
            return nil
        }
    }

    /// Flags of other languages' patterns.
    private static let foreignFlags: Set<Character> = ["d", "g", "i", "m", "s", "u", "v", "x", "y"]

    /// The first digit of `4xx`, as `expect` and `retry` take it.
    private static func statusClass(_ text: String) -> Character? {
        guard text.count == 3, text.lowercased().hasSuffix("xx"), let digit = text.first, ("1"..."5").contains(digit)
        else {
            return nil
        }
        return digit
    }

    private func status(_ status: Int, _ node: Node) -> Signal? {
        guard (100...599).contains(status) else {
            file.diagnostics.report(
                "http.status",
                "\(status) is no HTTP status",
                at: node.span,
                help: "write a number from 100 to 599"
            )
            return nil
        }
        return .status(status)
    }

    private func text(_ text: String, _ node: Node) -> Signal? {
        if text.hasPrefix("/"), let end = text.lastIndex(of: "/"), end > text.startIndex {
            let flags = text[text.index(after: end)...]
            let body = String(text[text.index(after: text.startIndex)..<end])
            guard !body.isEmpty || !flags.isEmpty else {
                file.diagnostics.report(
                    "authorization.pattern",
                    "an empty pattern is found in every response",
                    at: node.span,
                    help: "write what is to be found between the slashes"
                )
                return nil
            }
            if flags != "i", !flags.isEmpty, flags.count <= 3, flags.allSatisfy({ Self.foreignFlags.contains($0) }) {
                file.diagnostics.report(
                    "authorization.pattern",
                    "a pattern has no flag but `i`",
                    at: node.span,
                    help: "write `/\(body)/` or `/\(body)/i`; others stand in it, such as `(?s)`"
                )
                return nil
            }
            if flags.isEmpty || flags == "i" {
                do {
                    return .pattern(try Pattern(body, ignoreCase: flags == "i"))
                } catch {
                    file.diagnostics.report(
                        "authorization.pattern",
                        "this pattern is not valid: \(error.message)",
                        at: node.span,
                        help: "write RE2 syntax between slashes"
                    )
                    return nil
                }
            }
        }
        if let status = Int(text) { return self.status(status, node) }
        if let digit = Self.statusClass(text) {
            file.diagnostics.report(
                "authorization.signal",
                "`\(text)` is no status",
                at: node.span,
                help: "list the statuses, or write `'/^\(digit)\\d\\d /'`, which is found in code and reason"
            )
            return nil
        }
        if !text.contains(" "), !text.hasPrefix("{"), text.lowercased() == text || text.contains("_") {
            file.diagnostics.report(
                .warning,
                "authorization.fragment",
                "`\(text)` must equal the whole body, the reason phrase, or code and reason",
                at: node.span,
                help: "write `/\(text)/` to find it anywhere"
            )
        }
        return .text(text)
    }
}
