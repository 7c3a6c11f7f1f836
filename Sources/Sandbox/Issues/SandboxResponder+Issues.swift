import HTTPTypes
import Hummingbird

extension SandboxResponder {
    /// `GET /api/v5/issues`: one page, which names the next one in `meta.next_url`, `meta.next_cursor` and a `Link` header (RFC 8288).
    func issues(_ request: Request, query: FormFields) -> Response {
        let page: IssuePage
        do {
            page = try IssuePage(query: query, defaultSize: state.configuration.perPage)
        } catch {
            return .refusal(.badRequest, "bad_page", error.message)
        }
        var filter: IssueCatalogue.State?
        if let text = query["state"], text != "all" {
            guard let known = IssueCatalogue.State(rawValue: text) else {
                return .refusal(.badRequest, "bad_state", "state must be open, closed or all")
            }
            filter = known
        }
        let total = state.issues.count(in: filter)
        var headers = HTTPFields()
        var nextURL = JSONValue.null
        var nextCursor = JSONValue.null
        if page.offset + page.size < total {
            let address = "http://\(request.head.authority ?? "")\(request.uri.path)?\(page.nextQuery(after: query))"
            headers[.link] = "<\(address)>; rel=\"next\""
            nextURL = .string(address)
            nextCursor = .string(IssuePage.cursor(offset: page.offset + page.size))
        }
        return .json(
            [
                "data": state.issues.page(in: filter, offset: page.offset, size: page.size),
                "meta": [
                    "total": .int(total),
                    "page": .int(page.offset / page.size + 1),
                    "per_page": .int(page.size),
                    "next_url": nextURL,
                    "next_cursor": nextCursor,
                ],
            ],
            headers: headers
        )
    }

    /// `GET /api/v5/issues/:id`: one issue, as it stands in the list.
    func issue(_ id: Substring) -> Response {
        guard let issue = Int(id).flatMap(state.issues.issue(id:)) else {
            return .refusal(.notFound, "not_found", "there is no issue \(id)")
        }
        return .json(["data": .raw(issue)])
    }

    /// `GET /api/v5/campaign/`: the list that the guide to the Percolate connector reads.
    func campaigns(query: FormFields) -> Response {
        var limit = Self.campaigns.count
        if let text = query["limit"] {
            guard let asked = Int(text), IssuePage.sizes.contains(asked) else {
                return .refusal(.badRequest, "bad_page", "limit must be a number from 1 to 1000")
            }
            limit = asked
        }
        return .json(["data": .array(Array(Self.campaigns.prefix(limit)))])
    }

    private static let campaigns: [JSONValue] = [
        "Spring launch", "Summer sale", "Autumn webinar", "Winter newsletter", "Customer stories", "Partner week",
    ].enumerated().map { index, title in
        [
            "id": .string("campaign:\(index + 1)"),
            "title": .string(title),
            "status": .string(index % 3 == 2 ? "archived" : "active"),
        ]
    }
}
