import GRDB
import Schedule

/// How a `RunRecord` is read from its row.
enum RunRow {
    /// What a query of runs selects; more conditions and an order may follow.
    static let select = """
        SELECT run.id, recipe.name AS recipe, trigger.name AS trigger, run.scheduled_at, run.started_at, run.finished_at, run.status, run.reason,
            run.lateness, run.attempt, run.node, run.fence, run.version, run.missed_until, run.missed_count
        FROM run JOIN trigger ON trigger.key = run.trigger JOIN recipe ON recipe.key = run.recipe
        """

    /// Live runs hold a slot of their recipe.
    ///
    /// Written so that the index of unfinished runs serves it.
    static let isLive = "run.status IN ('queued', 'running', 'interrupted') AND run.status <> 'interrupted'"

    static func record(_ row: Row) throws -> RunRecord {
        RunRecord(
            id: RunID(stored: try row.required("id")),
            fire: FireKey(
                recipe: try row.required("recipe"),
                trigger: try row.required("trigger"),
                scheduledAt: try row.instant("scheduled_at")
            ),
            status: try row.word("status"),
            startedAt: try row.optionalInstant("started_at"),
            finishedAt: try row.optionalInstant("finished_at"),
            reason: try row.optional("reason"),
            lateness: (try row.optional("lateness") as Int64?).map { .microseconds($0) },
            attempt: try row.required("attempt"),
            node: (try row.optional("node") as String?).map(NodeID.init),
            fence: try row.required("fence"),
            version: try row.optional("version"),
            missedUntil: try row.optionalInstant("missed_until"),
            missedCount: try row.optional("missed_count")
        )
    }
}
