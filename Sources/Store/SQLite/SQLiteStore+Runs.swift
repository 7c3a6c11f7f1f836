import CEL
import Foundation
import GRDB
public import Schedule

extension SQLiteStore {
    /// See ``Store/start(_:at:)``.
    public func start(_ requests: [StartRequest], at moment: Instant) async throws(StoreError) -> [StartOutcome] {
        try await writer.write { session in
            let pauses = try Self.openPauses(in: session.database)
            return try requests.map { try Self.start($0, at: moment, pauses, session) }
        }
    }

    private static func start(
        _ request: StartRequest,
        at moment: Instant,
        _ pauses: [Int64: PauseRecord],
        _ session: Writer.Session
    ) throws -> StartOutcome {
        let database = session.database
        guard let key = try liveRun(request.run, fence: request.fence, session) else { return .fenced }
        if let pause = try pause(ofRun: key, pauses, database) {
            let end = """
                UPDATE run SET status = 'paused', reason = ?, started_at = NULL, node = NULL, inputs = NULL WHERE key = ?
                """
            try database.cachedStatement(sql: end).execute(arguments: [pause.reason, key])
            return .paused(reason: pause.reason)
        }
        if request.rule == .inTurn {
            let before = """
                SELECT 1 FROM \(RunRow.unfinished), run AS own
                WHERE own.key = ? AND run.recipe = own.recipe AND \(RunRow.isLive) AND run.node IS NOT NULL AND run.key <> own.key
                    AND (run.status = 'running' OR (run.scheduled_at, run.id) < (own.scheduled_at, own.id))
                LIMIT 1
                """
            let isBehind = try Bool.fetchOne(database.cachedStatement(sql: before), arguments: [key]) != nil
            if isBehind { return .mustWait }
        }
        try session.hot("UPDATE run SET status = 'running', started_at = ifnull(started_at, ?) WHERE key = ?")
            .run(.integer(moment.microseconds), .integer(key))
        return .started
    }

    /// The pause that keeps a run from starting; nil for one that a person asked for.
    private static func pause(
        ofRun run: Int64,
        _ pauses: [Int64: PauseRecord],
        _ database: Database
    ) throws -> PauseRecord? {
        guard !pauses.isEmpty else { return nil }
        let select = "SELECT recipe FROM run WHERE key = ? AND cause <> 'person'"
        return try Int64.fetchOne(database.cachedStatement(sql: select), arguments: [run]).flatMap { pauses[$0] }
    }

    /// See ``Store/revise(_:fence:version:)``.
    public func revise(_ run: RunID, fence: Int64, version: String?) async throws(StoreError) {
        try await writer.write { session in
            let database = session.database
            let key = try Self.heldRun(run, fence: fence, session)
            if let version {
                try database.cachedStatement(sql: "UPDATE run SET version = ? WHERE key = ?")
                    .execute(arguments: [version, key])
            } else {
                // The fires before it have their records, or were never owed.
                let unfire = """
                    UPDATE trigger SET last_fire = run.scheduled_at - 1 FROM run
                    WHERE run.key = ? AND trigger.key = run.trigger AND last_fire = run.scheduled_at
                    """
                try database.cachedStatement(sql: unfire).execute(arguments: [key])
                try database.cachedStatement(sql: "DELETE FROM run WHERE key = ?").execute(arguments: [key])
            }
        }
    }

    /// See ``Store/queue(_:node:)``.
    public func queue(_ runs: [RunRecord], node: NodeID?) async throws(StoreError) -> [Bool] {
        try await writer.write { session in
            try runs.map { run in
                guard let key = try Self.liveRun(run.id, fence: run.fence, session) else { return false }
                return try session.hot("UPDATE run SET status = 'queued', started_at = NULL, node = ? WHERE key = ?")
                    .run(.text(node?.text), .integer(key)) > 0
            }
        }
    }

    /// See ``Store/begin(_:fence:)``.
    public func begin(_ action: ActionRecord, fence: Int64) async throws(StoreError) {
        try await write([action], of: action.run, fence: fence)
    }

    /// See ``Store/complete(_:of:fence:)``.
    public func complete(_ actions: [ActionRecord], of run: RunID, fence: Int64) async throws(StoreError) {
        try await write(actions, of: run, fence: fence)
    }

    /// See ``Store/complete(_:insteadOf:fence:)``.
    public func complete(
        _ action: ActionRecord,
        insteadOf inner: InnerActions,
        fence: Int64
    ) async throws(StoreError) {
        try await write([action], of: action.run, insteadOf: inner, fence: fence)
    }

    private func write(
        _ actions: [ActionRecord],
        of run: RunID,
        insteadOf inner: InnerActions? = nil,
        fence: Int64
    ) async throws(StoreError) {
        let rows = try await rows(of: actions)
        try await writer.write { session in
            let key = try Self.heldRun(run, fence: fence, session)
            if let inner { try ActionRow.delete(inner, run: key, session.database) }
            try Self.write(rows, run: key, session)
        }
        spilled?.note(rows, of: run)
        if let inner { spilled?.note(removed: inner, of: run) }
    }

    /// What the rows of actions hold.
    func rows(of actions: [ActionRecord]) async throws(StoreError) -> [ActionRow] {
        var rows: [ActionRow] = []
        rows.reserveCapacity(actions.count)
        for action in actions {
            rows.append(ActionRow(action: action, result: try sealed(action), done: try await digest(of: action)))
        }
        return rows
    }

    static func write(_ rows: [ActionRow], run: Int64, _ session: Writer.Session) throws {
        for row in rows {
            try row.write(run: run, session)
            if let done = row.done { try markDone(done, run: run, session.database) }
        }
    }

    /// See ``Store/finish(_:fence:)``.
    public func finish(_ end: RunEnd, fence: Int64) async throws(StoreError) {
        let rows = try await rows(of: end.actions)
        // What is known of the inputs by now is kept with the output, also of a run that gave none.
        let given = end.output ?? (end.outputSecrets.isEmpty ? nil : .null)
        let output: Data?
        if end.outputSecrets.isEmpty, let place = end.outputPlace {
            output = place.stored
        } else {
            output = try sealed(given, secrets: end.outputSecrets, .output(end.run))
        }
        try await writer.write { session in
            let database = session.database
            guard let key = try session.rows[end.run] ?? Self.liveRun(end.run, fence: fence, session) else {
                throw StoreError.fenced(end.run)
            }
            let cursor = try end.state.map { try self.cursor($0, of: end, key, database) }
            let update = try session.hot(
                """
                UPDATE run SET status = ?, reason = ?, error = ?, started_at = coalesce(?, started_at), finished_at = ?,
                    lateness = coalesce(?, lateness), output = ?
                WHERE key = ? AND id = ? AND fence = ? AND status IN ('queued', 'running')
                """
            )
            let updated = try update.run(
                .text(end.status.rawValue),
                .text(end.reason),
                .text(end.error),
                .integer(end.startedAt?.microseconds),
                .integer(end.finishedAt.microseconds),
                .integer(end.lateness?.wholeMicroseconds),
                .blob(output),
                .integer(key),
                .text(end.run.text),
                .integer(fence)
            )
            session.rows.forget(end.run)
            guard updated > 0 else { throw StoreError.fenced(end.run) }
            try Self.write(rows, run: key, session)
            if let (recipe, state) = cursor {
                try Self.commit(state, ofRecipe: recipe, run: end.run, at: end.finishedAt, database)
            }
        }
        spilled?.note(rows, of: end.run)
        spilled?.noteEnd(of: end.run)
    }

    /// See ``Store/orphans(now:isAlive:)``.
    public func orphans(
        now: Instant,
        isAlive: @Sendable (NodeRecord) -> Bool
    ) async throws(StoreError) -> [RunRecord] {
        let (runs, nodes) = try await reader.read { database in
            let live = try database.cachedStatement(
                sql:
                    "\(RunRow.selectUnfinished) WHERE \(RunRow.isLive) AND run.resume_at IS NULL AND NOT (\(Self.isPending)) ORDER BY run.scheduled_at, run.id"
            )
            return (try Row.fetchAll(live).map(RunRow.record), try Self.nodes(in: database))
        }
        guard !runs.isEmpty else { return [] }
        let alive = Set(nodes.lazy.filter(isAlive).map(\.id))
        return runs.filter { run in run.node.map { !alive.contains($0) } ?? true }
    }

    /// See ``Store/takeOver(_:fence:node:)``.
    public func takeOver(_ run: RunID, fence: Int64, node: NodeID) async throws(StoreError) -> RunRecord? {
        try await writer.write { session in
            let take = """
                UPDATE run SET status = iif(started_at IS NULL, 'queued', 'running'), fence = fence + 1,
                    attempt = attempt + (started_at IS NOT NULL), node = ?, finished_at = NULL, reason = NULL, error = NULL
                WHERE id = ? AND fence = ? AND status IN ('queued', 'running', 'interrupted')
                """
            try session.database.cachedStatement(sql: take).execute(arguments: [node.text, run.text, fence])
            guard session.database.changesCount > 0 else { return nil }
            let statement = try session.database.cachedStatement(sql: "\(RunRow.select) WHERE run.id = ?")
            return try Row.fetchOne(statement, arguments: [run.text]).map(RunRow.record)
        }
    }

    /// See ``Store/cancelRequests(of:)``.
    public func cancelRequests(of node: NodeID) async throws(StoreError) -> [CancelRequest] {
        try await reader.read { database in
            let select = """
                SELECT run.id, run.cancel FROM \(RunRow.unfinished)
                WHERE \(RunRow.isLive) AND run.node = ? AND run.cancel IS NOT NULL AND run.resume_at IS NULL
                """
            return try Row.fetchAll(database.cachedStatement(sql: select), arguments: [node.text]).map { row in
                CancelRequest(run: RunID(stored: try row.required(0)), reason: try row.required(1))
            }
        }
    }

    /// See ``Store/checkpoints(of:)``.
    public func checkpoints(of run: RunID) async throws(StoreError) -> [ActionRecord] {
        let rows = try await reader.read { try ActionRow.fetch(run, $0) }
        var actions: [ActionRecord] = []
        for row in rows { actions.append(try opened(row)) }
        return actions
    }

    /// The row number of a live run that is held with this fence; throws `fenced` when it is not.
    static func heldRun(_ run: RunID, fence: Int64, _ session: Writer.Session) throws -> Int64 {
        guard let key = try liveRun(run, fence: fence, session) else { throw StoreError.fenced(run) }
        return key
    }

    private static func liveRun(_ run: RunID, fence: Int64, _ session: Writer.Session) throws -> Int64? {
        if let row = session.rows[run] {
            return try session.hot(
                "SELECT key FROM run WHERE key = ? AND id = ? AND fence = ? AND status IN ('queued', 'running')"
            ).integer(.integer(row), .text(run.text), .integer(fence))
        }
        return try session.hot("SELECT key FROM run WHERE id = ? AND fence = ? AND status IN ('queued', 'running')")
            .integer(.text(run.text), .integer(fence))
    }

    /// The recipe of a run, and the state that it leaves, sealed: in the transaction, because only the row knows the recipe's name, and before anything is
    /// written, because this may fail by itself.
    private func cursor(
        _ state: Value,
        of end: RunEnd,
        _ run: Int64,
        _ database: Database
    ) throws -> (recipe: Int64, state: Data?) {
        let find = "SELECT recipe.key, recipe.name FROM run JOIN recipe ON recipe.key = run.recipe WHERE run.key = ?"
        guard let row = try Row.fetchOne(database.cachedStatement(sql: find), arguments: [run]) else {
            throw StoreError.fenced(end.run)
        }
        let state = try sealed(state, secrets: end.stateSecrets, .state(recipe: try row.required(1)))
        return (try row.required(0), state)
    }

    func sealed(_ action: ActionRecord) throws(StoreError) -> Data? {
        let place = SealedPlace.result(action.run, path: action.path, index: action.index)
        return try sealed(action.result, secrets: action.secrets, place)
    }

    /// The action of a row, with its result opened.
    func opened(_ row: ActionRow) throws(StoreError) -> ActionRecord {
        var action = row.action
        let place = SealedPlace.result(action.run, path: action.path, index: action.index)
        if let result = try openedMarked(row.result, place) {
            (action.result, action.secrets) = (result.value, result.secrets)
        }
        return action
    }
}
