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
        if case .int(let number) = scalar.value { return status(Int(number), node) }
        return text(scalar.text, node)
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
            if flags.isEmpty || flags == "i" {
                let body = String(text[text.index(after: text.startIndex)..<end])
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
