import CEL
import Connections
import Recipe
import Schedule

extension HTTPAction {
    /// Whether sending it again changes nothing, neither at the server nor here; pages have checkpoints of their own.
    var isSafe: Bool { method.isSafe && pagination == nil && saveTo == nil }

    /// Whether sending it twice does no more than sending it once.
    var isRepeatable: Bool { method.isIdempotent || idempotencyKey != nil }
}

extension Performance {
    /// The verbs `get post put patch delete head`.
    func send(_ request: HTTPAction, in scope: inout Scope) async throws(Exit) -> VerbResult {
        try await HTTPSender(self, request, in: scope).perform(in: &scope)
    }
}

extension HTTPSender {
    /// Sends the request, or those for its pages.
    func perform(in scope: inout Scope) async throws(Exit) -> VerbResult {
        let prepared = try prepare()
        // What is done again after a crash may be done again together with what was before.
        if performance.durability != .soon { try await run.checkpoints.flush() }
        let start = run.services.clock.uptime()
        if let pagination = request.pagination {
            return try await read(pagination, from: prepared, since: start, in: &scope)
        }
        // A resumed run must know that the effect may have been had.
        if !request.isRepeatable || run.delivery == .atMostOnce {
            try await run.checkpoints.begin(performance.record)
        }
        return result(of: try await send(prepared), attempts: attempts, since: start)
    }

    private func read(
        _ pagination: Pagination,
        from first: PreparedRequest,
        since start: Duration,
        in scope: inout Scope
    ) async throws(Exit) -> VerbResult {
        let reader = PageReader(sender: self, pagination: pagination, first: first, start: start)
        return try await pagination.actions == nil ? reader.gather() : reader.stream(in: &scope)
    }
}
