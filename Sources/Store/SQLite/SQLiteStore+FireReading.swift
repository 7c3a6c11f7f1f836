import GRDB
public import Schedule

extension SQLiteStore: FireReading {
    /// See ``FireReading/triggerHistories(of:)``.
    public func triggerHistories(of recipe: String?) async throws(StoreError) -> [TriggerHistory] {
        try await reader.read { database in
            let select = """
                SELECT recipe.name, trigger.name, since, until, last_fire, pruned_until
                FROM trigger JOIN recipe ON recipe.key = trigger.recipe JOIN trigger_span ON trigger_span.trigger = trigger.key
                WHERE recipe.name = ifnull(?, recipe.name) ORDER BY recipe.name, trigger.name, since
                """
            var histories: [TriggerHistory] = []
            let rows = try Row.fetchCursor(database, sql: select, arguments: [recipe])
            while let row = try rows.next() {
                let key = TriggerKey(recipe: try row.required(0), trigger: try row.required(1))
                let span = TriggerHistory.Span(since: try row.instant(2), until: try row.optionalInstant(3))
                if histories.last?.key == key {
                    histories[histories.count - 1].spans.append(span)
                    continue
                }
                histories.append(
                    TriggerHistory(
                        key: key,
                        spans: [span],
                        lastFire: try row.optionalInstant(4),
                        prunedUntil: try row.optionalInstant(5)
                    )
                )
            }
            return histories
        }
    }

    /// See ``FireReading/fires(of:after:limit:)``.
    public func fires(
        of trigger: TriggerKey,
        after moment: Instant,
        limit: Int
    ) async throws(StoreError) -> [RunRecord] {
        try await reader.read { database in
            let statement = try database.cachedStatement(
                sql: "\(Self.selectFires) AND run.scheduled_at > ? ORDER BY run.scheduled_at LIMIT ?"
            )
            let arguments: StatementArguments = [trigger.recipe, trigger.trigger, moment.microseconds, limit]
            return try Row.fetchAll(statement, arguments: arguments).map(RunRow.record)
        }
    }

    /// See ``FireReading/lastFire(of:through:)``.
    public func lastFire(of trigger: TriggerKey, through moment: Instant) async throws(StoreError) -> RunRecord? {
        try await reader.read { database in
            let statement = try database.cachedStatement(
                sql: "\(Self.selectFires) AND run.scheduled_at <= ? ORDER BY run.scheduled_at DESC LIMIT 1"
            )
            let arguments: StatementArguments = [trigger.recipe, trigger.trigger, moment.microseconds]
            return try Row.fetchOne(statement, arguments: arguments).map(RunRow.record)
        }
    }

    /// See ``FireReading/nodes()``.
    public func nodes() async throws(StoreError) -> [NodeRecord] {
        try await reader.read { database in try Self.nodes(in: database) }
    }

    private static let selectFires =
        "\(RunRow.selectOfRecipe) WHERE run.recipe = (SELECT key FROM recipe WHERE name = ?) AND trigger.name = ?"
}
