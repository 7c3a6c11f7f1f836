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
        if result.kind == .multi {
            result.alternatives = alternatives(&reader, at: kind?.span ?? node.span)
        } else {
            read(&reader, into: &result)
            check(result, at: kind?.span ?? node.span)
        }
        reader.finish()
        return result
    }

    private func read(_ reader: inout MappingReader, into result: inout Authorization) {
        result.acquire = exchange(reader.takeNonNull("acquire"), as: "`acquire`")
        result.refresh = exchange(reader.takeNonNull("refresh"), as: "`refresh`")
        result.revoke = exchange(reader.takeNonNull("revoke"), as: "`revoke`")
        result.apply = apply(&reader)
        if result.kind == .oauth2 { OAuth2KeyReader(file: file).read(&reader, into: &result) }
        let signals = SignalReader(file: file)
        let refreshOn = reader.takeNonNull("refresh_on")
        result.refreshOn = refreshOn.map { signals.signals($0, as: "`refresh_on`") }
        // A list without an entry is as good as none; one whose entries are all wrong has been reported.
        if case .sequence(let entries)? = refreshOn?.content, entries.isEmpty { result.refreshOn = nil }
        result.detectOn = reader.takeNonNull("detect_on").map { signals.signals($0, as: "`detect_on`") } ?? []
        if let time = reader.choice("acquire_when", Authorization.AcquireTime.self) { result.acquireWhen = time.value }
        result.identity = reader.takeNonNull("identity").flatMap(accountName)
        // Only a browser window's behaviour (SDK-SEMANTICS section 3).
        _ = reader.take("noopener")
    }

    private func check(_ result: Authorization, at span: Span) {
        if result.kind == .customAuth, result.acquire == nil {
            file.diagnostics.report(
                "authorization.acquire",
                "`custom_auth` needs `acquire`",
                at: span,
                help: "say how the token is gained, or write `type: api_key` when there is nothing to gain"
            )
        }
        if result.acquire != nil, result.refreshOn == nil {
            file.diagnostics.report(
                .warning,
                "authorization.refresh-on",
                "without `refresh_on` every failed request renews the token, a 404 too",
                at: span,
                help: "list the statuses: `refresh_on: [401]`"
            )
        }
        if [.basicAuth, .apiKey].contains(result.kind), result.apply == nil {
            file.diagnostics.report(
                .warning,
                "authorization.apply",
                "nothing adds the credential to requests",
                at: span,
                help: "add `apply: { headers: { … } }`, or write `type: none`"
            )
        }
        if result.acquire != nil, result.apply == nil {
            file.diagnostics.report(
                "authorization.apply",
                "the token is acquired but nothing applies it",
                at: span,
                help: "add `apply: { headers: { Authorization: \"Bearer ${{ connection.access_token }}\" } }`"
            )
        }
    }

    private func alternatives(_ reader: inout MappingReader, at span: Span) -> Alternatives? {
        let selectedNode = reader.takeNonNull("selected")
        let selected = selectedNode.flatMap { file.template($0, as: "`selected`") }
        guard let node = reader.takeNonNull("options"), case .mapping(let entries) = node.content, !entries.isEmpty
        else {
            file.diagnostics.report(
                "authorization.options",
                "`multi` needs `options`",
                at: span,
                help: "write one authorization below each name: `options: { api_key: { type: api_key, … }, … }`"
            )
            return nil
        }
        guard let selected else {
            if selectedNode == nil {
                file.diagnostics.report(
                    "authorization.selected",
                    "`multi` needs `selected`",
                    at: span,
                    help: "name the option: `selected: ${{ connection.auth_type }}`"
                )
            }
            return nil
        }
        return Alternatives(selected: selected, options: entries.compactMap(option))
    }

    private func option(_ entry: Entry) -> Alternatives.Option? {
        guard var reader = MappingReader(entry.value, as: "an authorization", into: file.diagnostics) else {
            return nil
        }
        var result = Authorization()
        let kind = reader.choice("type", Authorization.Kind.self)
        result.kind = kind?.value ?? .none
        if let kind, kind.value == .multi {
            file.diagnostics.report(
                "authorization.nested-multi",
                "an option cannot be `multi` itself",
                at: kind.span,
                help: "list all options of it in the outer one"
            )
        }
        let fields = FieldReader(file: file).fields(reader.take("fields"))
        read(&reader, into: &result)
        check(result, at: kind?.span ?? entry.key.span)
        reader.finish()
        return Alternatives.Option(name: entry.name, authorization: result, fields: fields)
    }

    /// A text from the bag, or a request and what of its answer is the name.
    private func accountName(_ node: Node) -> AccountName? {
        guard case .mapping = node.content else { return file.template(node, as: "`identity`").map(AccountName.text) }
        let steps = exchange(node, as: "`identity`")?.steps
        guard let step = steps?.first else { return nil }
        guard step.output != nil else {
            file.diagnostics.report(
                "authorization.identity",
                "`identity` does not say what of the answer is the name",
                at: node.span,
                help: "add `output: ${{ response.body.email }}`"
            )
            return nil
        }
        return .request(step)
    }

    /// A request, or a list of them.
    func exchange(_ node: Node?, as what: String) -> Exchange? {
        guard let node else { return nil }
        let nodes: [Node]
        if case .sequence(let items) = node.content { nodes = items } else { nodes = [node] }
        let steps = nodes.compactMap { item -> Exchange.Step? in
            guard var reader = MappingReader(item, as: what, into: file.diagnostics) else { return nil }
            let id = file.identifier(reader.string("id"), as: "a step")
            let output = reader.take("output").map(file.valueTemplate)
            let request = HTTPActionReader(file: file).request(&reader, as: what, at: item)
            reader.finish()
            if request?.onStatus.isEmpty == false {
                file.diagnostics.report(
                    "http.on-status",
                    "`on_status` has no meaning in \(what)",
                    at: item.span,
                    help: "say with `expect` which answers are a success"
                )
            }
            return request.map { Exchange.Step(id: id, request: $0, output: output) }
        }
        return steps.isEmpty ? nil : Exchange(steps: steps)
    }

    /// `apply`, which older connectors call `credentials` (SDK-SEMANTICS section 3).
    private func apply(_ reader: inout MappingReader) -> Apply? {
        let node = reader.takeNonNull("apply")
        let older = reader.takeNonNull("credentials")
        if node != nil, let older {
            file.diagnostics.report(
                "authorization.two-applies",
                "`credentials` is the older name of `apply`, and both are here",
                at: older.span,
                help: "write all of it into `apply`"
            )
        }
        return (node ?? older).flatMap(apply)
    }

    /// The settings of a signature; a mapping must have these keys, an expression gives them when it is evaluated.
    private func signature(_ node: Node?, as what: String, _ keys: [String], optional: [String] = []) -> ValueTemplate?
    {
        guard let node else { return nil }
        if case .mapping = node.content, var reader = MappingReader(node, as: what, into: file.diagnostics) {
            for key in keys { _ = reader.require(key, help: "add `\(key): ${{ connection.\(key) }}`") }
            reader.known(optional)
            reader.finish()
        }
        return file.members(node, as: what)
    }

    private func apply(_ node: Node) -> Apply? {
        guard var reader = MappingReader(node, as: "`apply`", into: file.diagnostics) else { return nil }
        var apply = Apply()
        apply.headers = file.members(reader.take("headers"), as: "`headers`")
        apply.query = file.members(reader.take("query"), as: "`query`")
        apply.body = file.members(reader.take("body"), as: "`body`")
        let aws = signature(
            reader.takeNonNull("aws_sigv4"),
            as: "`aws_sigv4`",
            ["access_key_id", "secret_access_key", "region", "service"],
            optional: ["session_token"]
        )
        let digest = signature(reader.takeNonNull("digest"), as: "`digest`", ["username"], optional: ["password"])
        reader.finish()
        apply.signature = aws.map(Apply.Signature.awsSigV4) ?? digest.map(Apply.Signature.digest)
        if aws != nil, digest != nil {
            file.diagnostics.report(
                "authorization.two-signatures",
                "a request is signed in one way: `aws_sigv4` or `digest`",
                at: node.span,
                help: "remove one of them"
            )
        }
        return apply
    }
}
