import CEL
import YAML

/// Reads requests: the HTTP verbs of recipes, and the requests inside a connector.
struct HTTPActionReader {
    let file: FileReader
    /// Reads the actions that are done with each page; nil in connectors, which have none.
    var pageActions: ((Node) -> [Action])?

    /// The request of an action whose verb has been found.
    func action(_ method: HTTPMethod, url: Node, _ reader: inout MappingReader) -> HTTPAction? {
        var action = file.template(url, as: "the URL").map { HTTPAction(method: method, url: $0) }
        let query = file.members(reader.take("query"), as: "`query`")
        let headers = file.members(reader.take("headers"), as: "`headers`")
        let body = body(&reader, method: method)
        let expectation = expectation(reader.take("expect"))
        let response = reader.choice("response", ResponseFormat.self)?.value ?? .auto
        let pagination = PaginationReader(file: file, actions: pageActions)
            .pagination(reader.takeNonNull("paginate"), of: reader)
        let saveTo = saveTo(&reader, method: method)
        let replay = reader.choice("replay", ReplayPolicy.self)?.value ?? .always
        let key = idempotencyKey(reader.take("idempotency_key"))
        let maxBytes = file.byteSize(reader.take("max_bytes"), as: "`max_bytes`")
        if action?.url.constant?.isEmpty == true {
            file.diagnostics.report("http.url", "the URL is empty", at: url.span, help: "write a path such as `/items`")
            return nil
        }
        let onStatus = onStatus(reader.takeNonNull("on_status"))
        let redirects = reader.choice("redirects", RedirectPolicy.self)?.value ?? .follow
        if !onStatus.isEmpty, pagination != nil, let entry = reader.entries.first(where: { $0.name == "on_status" }) {
            file.diagnostics.report(
                "http.on-status",
                "`on_status` and `paginate` exclude each other",
                at: entry.key.span,
                help: "list the statuses in `expect`, and look at `response.status` in `items`"
            )
        }
        checkHeaders(reader)
        action?.saveTo = saveTo
        action?.onStatus = onStatus
        action?.redirects = redirects
        action?.query = query
        action?.headers = headers
        action?.body = body
        if let expectation { action?.expect = expectation }
        action?.response = response
        action?.pagination = pagination
        action?.replay = replay
        action?.idempotencyKey = key
        if let maxBytes { action?.maxBytes = maxBytes }
        return action
    }

    /// A request that stands by itself, as `test:` does: a mapping with one HTTP verb.
    func request(_ node: Node, as what: String) -> HTTPAction? {
        guard var reader = MappingReader(node, as: what, into: file.diagnostics) else { return nil }
        let action = request(&reader, as: what, at: node)
        reader.finish()
        return action
    }

    /// The request among the keys of a mapping that has others beside it.
    func request(_ reader: inout MappingReader, as what: String, at node: Node) -> HTTPAction? {
        reader.known(HTTPMethod.allCases.map(\.rawValue))
        let verbs = reader.entries.filter { HTTPMethod(rawValue: $0.name) != nil }
        if verbs.count > 1 {
            file.diagnostics.report(
                "http.two-verbs",
                "\(what) is one request, and here are \(verbs.map { "`\($0.name)`" }.joined(separator: " and "))",
                at: verbs[1].key.span,
                help: "remove all but one"
            )
        }
        if let verb = verbs.first, let method = HTTPMethod(rawValue: verb.name), let url = reader.take(verb.name) {
            return self.action(method, url: url, &reader)
        }
        file.diagnostics.report(
            "http.no-verb",
            "\(what) needs a request",
            at: node.span,
            help: "write for example `get: /me`"
        )
        return nil
    }

    private func body(_ reader: inout MappingReader, method: HTTPMethod) -> RequestBody {
        let json = reader.take("json")
        let form = reader.take("form")
        let text = reader.take("body")
        let multipart = reader.take("multipart")
        let given = [json, form, text, multipart].compactMap { $0 }
        if given.count > 1 {
            file.diagnostics.report(
                "http.two-bodies",
                "a request has one body: `json`, `form`, `multipart` or `body`",
                at: given[1].span,
                help: "remove all but one"
            )
        }
        if let json {
            warnOfText(json)
            return .json(file.valueTemplate(json))
        }
        if let form { return file.members(form, as: "`form`").map(RequestBody.form) ?? .none }
        if let multipart { return MultipartReader(file: file, readsFiles: pageActions != nil).body(multipart) }
        if let text { return file.template(text, as: "`body`").map(RequestBody.text) ?? .none }
        return .none
    }

    /// JSON as a text goes out as a JSON string, which no server takes for the object that was meant.
    private func warnOfText(_ json: Node) {
        guard let text = json.scalar?.text, let first = text.first(where: { !$0.isWhitespace }),
            let last = text.last(where: { !$0.isWhitespace }),
            (first, last) == ("{", "}") || (first, last) == ("[", "]")
        else { return }
        file.diagnostics.report(
            .warning,
            "http.json-text",
            "this text is sent as one JSON string, in quotes",
            at: json.span,
            help: "write it as a mapping, or as `body:` with the header `Content-Type: application/json`"
        )
    }

    /// `save_to: PATH`, which leaves nothing for keys that read the body.
    private func saveTo(_ reader: inout MappingReader, method: HTTPMethod) -> Template? {
        guard let node = reader.takeNonNull("save_to"), let path = file.template(node, as: "`save_to`") else {
            return nil
        }
        for key in ["paginate", "response"] {
            guard let entry = reader.entries.first(where: { $0.name == key }) else { continue }
            file.diagnostics.report(
                "http.save-to",
                "`save_to` and `\(key)` exclude each other: what is saved is not read",
                at: entry.key.span,
                help: "remove one of them"
            )
        }
        if method == .head {
            file.diagnostics.report(
                "http.save-to",
                "the answer to `head` has no body that could be saved",
                at: node.span,
                help: "write `get`"
            )
        }
        guard let constant = path.constant else { return path }
        let problem: String? =
            constant.isEmpty
            ? "`save_to` has no path"
            : constant.split(separator: "/").contains("..")
                ? "`save_to` must not climb with `..`" : constant.hasSuffix("/") ? "`save_to` is a directory" : nil
        guard let problem else { return path }
        file.diagnostics.report(
            "http.save-to",
            problem,
            at: node.span,
            help: "write the path of a file inside the workspace, or an absolute one"
        )
        return nil
    }

    private func expectation(_ node: Node?) -> Expectation? {
        guard let node else { return nil }
        switch node.content {
        case .sequence(let items):
            return .statuses(items.compactMap { status($0) })
        case .scalar(let scalar):
            if StatusRange.parse(scalar.text) != nil { return status(node).map { .statuses([$0]) } }
            if case .int = scalar.value { return status(node).map { .statuses([$0]) } }
            if Self.looksLikeStatuses(scalar.text) {
                file.diagnostics.report(
                    "http.expect",
                    "`\(scalar.text)` is no status",
                    at: node.span,
                    help: "write `200`, a class such as `2xx`, a range such as `200-299`, or a list: `[200, 404]`"
                )
                return nil
            }
            return file.expression(node, as: "`expect`").map(Expectation.condition)
        case .mapping:
            file.diagnostics.report(
                "http.expect",
                "`expect` is a list of statuses or an expression",
                at: node.span,
                help: "write `expect: [200, 404]`"
            )
            return nil
        }
    }

    /// `200 OK`, `200,404`, `6xx`, `200..299`: not what CEL could make something of.
    private static func looksLikeStatuses(_ text: String) -> Bool {
        let start = text.utf8.prefix(3)
        guard start.count == 3, let first = start.first, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(first),
            start.dropFirst().allSatisfy({
                (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) || $0 | 0x20 == UInt8(ascii: "x")
            })
        else { return false }
        return !text.utf8.contains { "=<>!&|?+*/%".utf8.contains($0) }
    }

    /// `on_status: { 404: EXPR, "/pattern/": EXPR }`.
    private func onStatus(_ node: Node?) -> [(signal: Signal, body: ValueTemplate)] {
        guard let node else { return [] }
        guard case .mapping(let entries) = node.content else {
            file.diagnostics.report(
                "http.on-status",
                "`on_status` is a mapping of statuses or `/patterns/` to values",
                at: node.span,
                help: "write `on_status: { 404: null }`"
            )
            return []
        }
        return entries.compactMap { entry in
            guard let scalar = entry.key.scalar, let signal = SignalReader(file: file).signal(scalar, at: entry.key)
            else {
                return nil
            }
            return (signal, file.valueTemplate(entry.value))
        }
    }

    private func status(_ node: Node) -> ClosedRange<Int>? {
        if case .scalar(let scalar) = node.content, let range = StatusRange.parse(scalar.text) { return range }
        file.diagnostics.report(
            "http.status",
            "this is no HTTP status",
            at: node.span,
            help: "write a status such as `404`, or a class such as `4xx`"
        )
        return nil
    }

    private func idempotencyKey(_ node: Node?) -> IdempotencyKey? {
        guard let node, case .scalar(let scalar) = node.content else {
            if let node { file.diagnostics.report("type.text", "`idempotency_key` is `true` or text", at: node.span) }
            return nil
        }
        switch scalar.value {
        case .bool(true): return .perAction
        case .bool(false), .null: return nil
        default:
            if ["yes", "on", "true"].contains(scalar.text.lowercased()) {
                file.diagnostics.report(
                    .warning,
                    "http.idempotency-key",
                    "this text is the key, the same in every run, so a server that goes by it does this once for all",
                    at: node.span,
                    help: "write `true`, without quotes, for a new key in each run"
                )
            }
            return .template(file.templates.template(scalar.text, node: node))
        }
    }

    /// A header's name must be a token (RFC 9110 section 5.6.2).
    private func checkHeaders(_ reader: MappingReader) {
        guard let node = reader.entries.first(where: { $0.name == "headers" })?.value,
            case .mapping(let entries) = node.content
        else { return }
        for entry in entries where !HTTPToken.isValid(entry.name) {
            file.diagnostics.report(
                "http.header",
                "`\(entry.name)` is no header name",
                at: entry.key.span,
                help: "use letters, digits and `-`"
            )
        }
        guard reader.entries.contains(where: { $0.name == "multipart" }),
            let entry = entries.first(where: { $0.name.lowercased() == "content-type" })
        else { return }
        file.diagnostics.report(
            "http.multipart",
            "the `Content-Type` of `multipart` holds its boundary, which is not known here",
            at: entry.key.span,
            help: "remove it: it is sent by itself"
        )
    }
}

/// The token of RFC 9110 section 5.6.2.
public enum HTTPToken {
    private static let marks = Set("!#$%&'*+-.^_`|~".utf8)

    /// Whether the text is a token.
    public static func isValid(_ text: String) -> Bool {
        !text.isEmpty
            && text.utf8.allSatisfy { byte in
                (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
                    || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) || marks.contains(byte)
            }
    }
}
