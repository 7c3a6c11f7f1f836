import CEL
import Connections
import Recipe
import Schedule

extension HTTPAction {
    /// Whether sending it twice does no more than sending it once.
    var isRepeatable: Bool { method.isIdempotent || idempotencyKey != nil }
}

extension HTTPSender {
    /// The verbs `get post put patch delete head`.
    func perform() async throws(Exit) -> VerbResult {
        let prepared = try prepare()
        try await run.checkpoints.flush()
        // A resumed run must know that the effect may have been had.
        if !request.isRepeatable || run.plan.recipe.delivery == .atMostOnce {
            try await run.checkpoints.begin(performance.record)
        }
        let start = run.services.clock.uptime()
        guard let pagination = request.pagination else { return result(of: try await send(prepared), since: start) }
        return try await sendPages(prepared, pagination, since: start)
    }

    /// Reads page after page until there is no next one; each is a full request with its own attempts.
    ///
    /// An empty page, a next URL that was there before, and `max_pages` end it too, because servers forget to.
    private func sendPages(
        _ first: PreparedRequest,
        _ pagination: Pagination,
        since start: Duration
    ) async throws(Exit) -> VerbResult {
        var items: [Value] = []
        var seen: Set<String> = []
        var prepared = first
        var pages = 0
        while true {
            let response = try await send(prepared)
            pages += 1
            let visible = scope.with("response", response.value)
            let listed = try performance.evaluate { () throws(ExpressionError) in
                try pagination.items.evaluate(in: visible)
            }
            let found = try list(listed, pagination.items)
            items.append(contentsOf: found)
            let next = try performance.evaluate { () throws(ExpressionError) in
                try pagination.next.evaluate(in: visible)
            }
            guard pages < pagination.maxPages, !found.isEmpty, let url = try nextURL(next, pagination.next),
                seen.insert(url).inserted
            else {
                var result = result(of: response, since: start)
                guard case .map(var members) = result.value else { return result }
                members["items"] = .list(items)
                members["pages"] = .int(Int64(pages))
                result.value = .map(members)
                return result
            }
            prepared = page(pages + 1, at: url, after: response, like: first)
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
            throw .failed(RunError(action: step.action.path, kind: .type, message: message, place: expression.place))
        }
    }

    private func nextURL(_ value: Value, _ expression: Expression) throws(Exit) -> String? {
        switch value {
        case .string(let url): return url.isEmpty ? nil : url
        case .null: return nil
        case .optional(let optional): return try nextURL(optional.value ?? .null, expression)
        default:
            let message = "`next` of `paginate` needs a URL, and this is \(value.typeName.name)"
            throw .failed(RunError(action: step.action.path, kind: .type, message: message, place: expression.place))
        }
    }
}
