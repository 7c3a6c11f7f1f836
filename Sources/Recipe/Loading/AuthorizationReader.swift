import CEL
import YAML

/// Reads `authorization:` of a connector.
struct AuthorizationReader {
    let file: FileReader

    func authorization(_ node: Node) -> Authorization {
        var result = Authorization()
        guard var reader = MappingReader(node, as: "`authorization`", into: file.diagnostics) else { return result }
        let kind = reader.choice("type", Authorization.Kind.self)
        result.kind = kind?.value ?? .none
        result.acquire = exchange(reader.takeNonNull("acquire"), as: "`acquire`")
        result.refresh = exchange(reader.takeNonNull("refresh"), as: "`refresh`")
        result.apply = apply(reader.takeNonNull("apply"))
        let refreshOn = reader.takeNonNull("refresh_on")
        result.refreshOn = refreshOn.map { signals($0, as: "`refresh_on`") }
        if result.refreshOn?.isEmpty == true { result.refreshOn = nil }
        result.detectOn = reader.takeNonNull("detect_on").map { signals($0, as: "`detect_on`") } ?? []
        if let time = reader.choice("acquire_when", Authorization.AcquireTime.self) { result.acquireWhen = time.value }
        result.identity = reader.takeNonNull("identity").flatMap { file.template($0, as: "`identity`") }
        _ = reader.take("noopener")
        reader.finish()

        if result.kind == .customAuth, result.acquire == nil {
            file.diagnostics.report(
                "authorization.acquire",
                "`custom_auth` needs `acquire`",
                at: kind?.span ?? node.span,
                help: "say how the token is gained, or write `type: api_key` when there is nothing to gain"
            )
        }
        if result.acquire != nil, result.refreshOn == nil {
            file.diagnostics.report(
                .warning,
                "authorization.refresh-on",
                "without `refresh_on` every failed request renews the token, a 404 too",
                at: kind?.span ?? node.span,
                help: "list the statuses: `refresh_on: [401]`"
            )
        }
        if result.acquire != nil, result.apply == nil {
            file.diagnostics.report(
                "authorization.apply",
                "the token is acquired but nothing applies it",
                at: kind?.span ?? node.span,
                help: "add `apply: { headers: { Authorization: \"Bearer ${{ connection.access_token }}\" } }`"
            )
        }
        return result
    }

    private func exchange(_ node: Node?, as what: String) -> Exchange? {
        guard let node else { return nil }
        let nodes: [Node]
        if case .sequence(let items) = node.content { nodes = items } else { nodes = [node] }
        let steps = nodes.compactMap { item -> Exchange.Step? in
            guard var reader = MappingReader(item, as: what, into: file.diagnostics) else { return nil }
            let id = file.identifier(reader.string("id"), as: "a step")
            let output = reader.take("output").map(file.valueTemplate)
            let request = HTTPActionReader(file: file).request(&reader, as: what, at: item)
            reader.finish()
            return request.map { Exchange.Step(id: id, request: $0, output: output) }
        }
        return steps.isEmpty ? nil : Exchange(steps: steps)
    }

    private func apply(_ node: Node?) -> Apply? {
        guard let node, var reader = MappingReader(node, as: "`apply`", into: file.diagnostics) else { return nil }
        var apply = Apply()
        apply.headers = file.members(reader.take("headers"), as: "`headers`")
        apply.query = file.members(reader.take("query"), as: "`query`")
        apply.body = file.members(reader.take("body"), as: "`body`")
        reader.finish()
        return apply
    }

    private func signals(_ node: Node, as what: String) -> [Signal] {
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
            if case .int(let status) = scalar.value { return self.status(Int(status), item, what) }
            return text(scalar.text, item, what)
        }
    }

    private func status(_ status: Int, _ node: Node, _ what: String) -> Signal? {
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

    private func text(_ text: String, _ node: Node, _ what: String) -> Signal? {
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
        if let status = Int(text) { return self.status(status, node, what) }
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
