import CEL
import YAML

/// Reads `paginate`: where a page's items are, and the one way in which the next page is asked for.
struct PaginationReader {
    let file: FileReader
    /// Reads the actions of `do`; nil where there can be none.
    let actions: ((Node) -> [Action])?

    private static let mend =
        "write below it `items: ${{ response.body.data }}`, and how the next page is asked for, for example `link: next`"
    private static let ways = ["next", "cursor", "page", "offset", "link"]

    /// - Parameter request: the mapping that `paginate` stands in.
    func pagination(_ node: Node?, of request: MappingReader) -> Pagination? {
        guard let node, var reader = MappingReader(node, as: "`paginate`", into: file.diagnostics, help: Self.mend)
        else { return nil }
        let items = reader.require("items", help: "add `items: ${{ response.body.data }}`")
        let last = reader.takeNonNull("last")
        let maxPages = reader.int("max_pages", in: 1...1_000_000)?.value ?? Defaults.maxPages
        let inner = innerActions(&reader)
        let (way, size) = way(&reader, at: node, of: request)
        reader.finish()
        guard let items, let way, let expression = file.expression(items, as: "`items`") else { return nil }
        return Pagination(
            items: expression,
            way: way,
            last: last.flatMap { file.expression($0, as: "`last`") },
            size: size,
            maxPages: maxPages,
            actions: inner
        )
    }

    private func way(
        _ reader: inout MappingReader,
        at node: Node,
        of request: MappingReader
    ) -> (Pagination.Way?, size: Int?) {
        let present = reader.entries.filter { Self.ways.contains($0.name) }
        let values = Self.ways.map { ($0, reader.takeNonNull($0)) }
        let name = reader.string("param")
        let location = reader.choice("in", PageParameter.Location.self)
        guard let chosen = present.first else {
            file.diagnostics.report(
                "paginate.no-way",
                "`paginate` does not say how the next page is asked for",
                at: reader.entries.first?.key.span ?? node.span,
                help:
                    "add `next: …` (its URL), `cursor: …`, `page: { param: page }`, `offset: { param: offset }` or `link: next`"
            )
            return (nil, nil)
        }
        if present.count > 1 {
            file.diagnostics.report(
                "paginate.two-ways",
                "pages are asked for in one way, and these are two: `\(chosen.name)` and `\(present[1].name)`",
                at: present[1].key.span,
                help: "remove one of them"
            )
        }
        if chosen.name != "cursor" {
            for key in ["param", "in"] {
                guard let entry = reader.entries.first(where: { $0.name == key }) else { continue }
                let hasParameter = chosen.name == "page" || chosen.name == "offset"
                file.diagnostics.report(
                    "paginate.parameter",
                    "`\(key)` belongs to `cursor`, and the pages are asked for by `\(chosen.name)`",
                    at: entry.key.span,
                    help: hasParameter ? "write it below it: `\(chosen.name): { \(key): … }`" : "remove it"
                )
            }
        }
        guard let value = values.first(where: { $0.0 == chosen.name })?.1 else {
            reader.reportMissing(chosen)
            return (nil, nil)
        }
        switch chosen.name {
        case "next": return (file.expression(value, as: "`next`").map(Pagination.Way.next), nil)
        case "link": return (relation(value).map { .link(relation: $0) }, nil)
        case "cursor":
            let parameter = PageParameter(name: name?.value ?? "cursor", location: location?.value ?? .query)
            check(parameter, isOwn: false, at: location?.span ?? chosen.key.span, of: request)
            return (file.expression(value, as: "`cursor`").map { .cursor($0, parameter) }, nil)
        default: return counted(value, by: chosen.name, of: request)
        }
    }

    /// `page:` and `offset:`: the parameter's name, or a mapping.
    private func counted(
        _ node: Node,
        by way: String,
        of request: MappingReader
    ) -> (Pagination.Way?, size: Int?) {
        func make(_ parameter: PageParameter, _ start: Int) -> Pagination.Way {
            way == "page" ? .number(parameter, start: start) : .offset(parameter, start: start)
        }
        let first = way == "page" ? 1 : 0
        if case .scalar(let scalar) = node.content, case .string(let name) = scalar.value, !name.isEmpty {
            let parameter = PageParameter(name: name, location: .query)
            check(parameter, isOwn: true, at: node.span, of: request)
            return (make(parameter, first), nil)
        }
        guard var reader = MappingReader(node, as: "`\(way)` of `paginate`", into: file.diagnostics) else {
            return (nil, nil)
        }
        let name = reader.string("param")
        let location = reader.choice("in", PageParameter.Location.self)
        let start = reader.int("start", in: 0...1_000_000_000)?.value ?? first
        let size = reader.int("size", in: 1...1_000_000)?.value
        reader.finish()
        let parameter = PageParameter(name: name?.value ?? way, location: location?.value ?? .query)
        check(parameter, isOwn: true, at: location?.span ?? name?.span ?? node.span, of: request)
        return (make(parameter, start), size)
    }

    /// - Parameter isOwn: the first request has the parameter too, so that the recipe must not give it.
    private func check(_ parameter: PageParameter, isOwn: Bool, at span: Span, of request: MappingReader) {
        func entries(_ key: String) -> [Entry]? {
            guard let entry = request.entries.first(where: { $0.name == key }) else { return nil }
            if case .mapping(let entries) = entry.value.content { return entries }
            return []
        }
        if parameter.name.isEmpty {
            file.diagnostics.report("paginate.parameter", "the parameter has no name", at: span)
        }
        let own: [Entry]
        switch parameter.location {
        case .query: own = entries("query") ?? []
        case .body:
            guard let body = entries("json") ?? entries("form") else {
                file.diagnostics.report(
                    "paginate.parameter",
                    "`in: body` needs a body that the parameter can go into",
                    at: span,
                    help: "add `json: {}` or `form: {}` to the request, or write `in: query`"
                )
                return
            }
            own = body
        }
        guard isOwn, let entry = own.first(where: { $0.name == parameter.name }) else { return }
        file.diagnostics.report(
            "paginate.parameter",
            "`\(entry.name)` is what `paginate` counts, from the first request on",
            at: entry.key.span,
            help: "remove it here, and write `start:` below `paginate` if it does not begin as usual"
        )
    }

    /// A relation of RFC 8288 section 3.3, such as `next`.
    private func relation(_ node: Node) -> String? {
        if case .scalar(let scalar) = node.content, case .string(let name) = scalar.value, !name.isEmpty,
            name.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "$") })
        {
            return name
        }
        file.diagnostics.report(
            "paginate.link",
            "`link` is the relation of a `Link` header, in one word",
            at: node.span,
            help: "write `link: next`"
        )
        return nil
    }

    private func innerActions(_ reader: inout MappingReader) -> [Action]? {
        guard let node = reader.takeNonNull("do") else { return nil }
        guard let actions else {
            file.diagnostics.report(
                "paginate.do",
                "a connector's operation does nothing with its pages but give their items",
                at: node.span,
                help: "remove `do`; recipes have it"
            )
            return nil
        }
        return actions(node)
    }
}

extension MappingReader {
    /// Reports a key without a value.
    fileprivate func reportMissing(_ entry: Entry) {
        diagnostics.report(
            "yaml.empty-value",
            "`\(entry.name)` has no value",
            at: entry.key.span,
            help: "write a value after the colon, or remove the key"
        )
    }
}
