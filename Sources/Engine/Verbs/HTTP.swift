import CEL
import Connections
import Recipe
import Schedule

extension HTTPAction {
    /// Whether sending it twice does no more than sending it once.
    var isRepeatable: Bool { method.isIdempotent || idempotencyKey != nil }
}

extension Performance {
    /// The verbs `get post put patch delete head`.
    func send(_ request: HTTPAction, in scope: Scope) async throws(Exit) -> VerbResult {
        let session = try run.session(for: action.connection ?? run.recipe.connection, action: action.path)
        var sender = HTTPSender(performance: self, request: request, session: session, scope: scope)
        let prepared = try sender.prepare()
        try await run.checkpoints.flush()
        // A resumed run must know that the effect may have been had.
        if !request.isRepeatable || run.recipe.delivery == .atMostOnce { try await run.checkpoints.begin(record) }
        let start = run.services.clock.uptime()
        guard let pagination = request.pagination else {
            let response = try await sender.send(prepared)
            return sender.result(of: response, since: start)
        }
        return try await sendPages(prepared, pagination, &sender, since: start)
    }

    /// Reads page after page until there is no next one; each is a full request with its own attempts.
    ///
    /// An empty page, a next URL that was there before, and `max_pages` end it too, because servers forget to.
    private func sendPages(
        _ first: PreparedRequest,
        _ pagination: Pagination,
        _ sender: inout HTTPSender,
        since start: Duration
    ) async throws(Exit) -> VerbResult {
        var items: [Value] = []
        var seen: Set<String> = []
        var prepared = first
        var pages = 0
        while true {
            let response = try await sender.send(prepared)
            pages += 1
            let visible = sender.scope.with("response", response.value)
            let page = try evaluate { () throws(ExpressionError) in try pagination.items.evaluate(in: visible) }
            let found = try list(page, pagination.items)
            items.append(contentsOf: found)
            let next = try evaluate { () throws(ExpressionError) in try pagination.next.evaluate(in: visible) }
            guard pages < pagination.maxPages, !found.isEmpty, let url = try nextURL(next, pagination.next),
                seen.insert(url).inserted
            else {
                var result = sender.result(of: response, since: start)
                guard case .map(var members) = result.value else { return result }
                members["items"] = .list(items)
                members["pages"] = .int(Int64(pages))
                result.value = .map(members)
                return result
            }
            prepared = sender.page(pages + 1, at: url, after: response, like: first)
        }
    }

    /// The items of one page; a page without any may say null.
    private func list(_ value: Value, _ expression: Expression) throws(Exit) -> [Value] {
        switch value {
        case .list(let items): return items
        case .null: return []
        case .optional(let optional): return try list(optional.value ?? .null, expression)
        default:
            let message = "`items` of `paginate` needs a list, and this is \(value.typeName.name)"
            throw .failed(RunError(action: action.path, kind: .type, message: message, place: expression.place))
        }
    }

    private func nextURL(_ value: Value, _ expression: Expression) throws(Exit) -> String? {
        switch value {
        case .string(let url): return url.isEmpty ? nil : url
        case .null: return nil
        case .optional(let optional): return try nextURL(optional.value ?? .null, expression)
        default:
            let message = "`next` of `paginate` needs a URL, and this is \(value.typeName.name)"
            throw .failed(RunError(action: action.path, kind: .type, message: message, place: expression.place))
        }
    }
}
