import FoundationEssentials
import HTTPTypes
import Hummingbird
import NIOCore

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

    /// `POST /api/v5/issues/search`: the same list, asked for with a JSON object of the same parameters, those of the page in `page` too.
    func searchIssues(_ call: Call) async -> Response {
        guard let body = await call.body(),
            let search = try? JSONDecoder().decode(IssueSearch.self, from: Data(body.readableBytesView)),
            let query = FormFields(search.query)
        else { return .refusal(.badRequest, "bad_search", "the body is a JSON object of texts and numbers") }
        return issues(call.request, query: query)
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

/// What a search asks for.
private struct IssueSearch: Decodable {
    struct Paging: Decodable {
        var after: String?
    }

    var state: String?
    var cursor: String?
    var page: Int?
    var offset: Int?
    var limit: Int?
    /// As interfaces like GraphQL nest it.
    var paging: Paging?

    enum CodingKeys: String, CodingKey {
        case state, cursor, page, offset, limit, paging
        case perPage = "per_page"
    }

    var perPage: Int?

    /// The same as a query.
    var query: String {
        let pairs: [(String, String?)] = [
            ("state", state), ("cursor", cursor ?? paging?.after), ("page", page.map { "\($0)" }),
            ("offset", offset.map { "\($0)" }), ("limit", limit.map { "\($0)" }), ("per_page", perPage.map { "\($0)" }),
        ]
        return pairs.compactMap { name, value in value.map { "\(name)=\($0)" } }.joined(separator: "&")
    }
}
