import GRDB
import Schedule

/// How a `RunRecord` is read from its row.
enum RunRow {
    /// What a query of all runs selects; more conditions and an order may follow.
    static let select = select(from: "run")

    /// The same of unfinished runs, to be followed by a condition that begins with `isUnfinished` or `isLive`.
    static let selectUnfinished = select(from: unfinished)

    /// The same of one recipe's runs, to be followed by a condition on `run.recipe`, in the order of fire times.
    ///
    /// Named, because SQLite's planner might walk the runs of all recipes in that order.
    static let selectOfRecipe = select(from: "run INDEXED BY run_recipe")

    /// Unfinished runs, through their small index.
    ///
    /// Named, because SQLite's planner would rather walk the whole history in the order that is asked for.
    static let unfinished = "run INDEXED BY run_live"

    /// What `run_live` holds, word for word as the index says it.
    static let isUnfinished = "(run.status = 'queued' OR run.status = 'running' OR run.status = 'interrupted')"

    /// Live runs hold a slot of their recipe.
    static let isLive = "\(isUnfinished) AND run.status <> 'interrupted'"

    /// - Parameter columns: more of them, behind those that make a record.
    static func select(from runs: String, adding columns: [String] = []) -> String {
        """
        SELECT run.id, recipe.name, trigger.name, run.scheduled_at, run.started_at, run.finished_at, run.status, run.reason, run.lateness, run.attempt,
            run.node, run.fence, run.version, run.missed_until, run.missed_count, run.cause, run.origin, run.cancel, run.spent\(columns.map { ", " + $0 }.joined())
        FROM \(runs) JOIN trigger ON trigger.key = run.trigger JOIN recipe ON recipe.key = run.recipe
        """
    }

    /// Columns are read by their place in `select`: by name it takes several times as long, which a long listing feels.
    static func record(_ row: Row) throws -> RunRecord {
        var run = RunRecord(
            id: RunID(stored: try row.required(0)),
            fire: FireKey(
                recipe: try row.required(1),
                trigger: try row.required(2),
                scheduledAt: try row.instant(3)
            ),
            status: try row.word(6),
            cause: try row.word(15),
            startedAt: try row.optionalInstant(4),
            finishedAt: try row.optionalInstant(5),
            reason: try row.optional(7),
            lateness: (try row.optional(8) as Int64?).map { .microseconds($0) },
            attempt: try row.required(9),
            node: (try row.optional(10) as String?).map(NodeID.init),
            fence: try row.required(11),
            version: try row.optional(12),
            missedUntil: try row.optionalInstant(13),
            missedCount: try row.optional(14),
            origin: (try row.optional(16) as String?).map(RunID.init(stored:))
        )
        run.cancelReason = try row.optional(17)
        if let spent: Int64 = try row.optional(18) { run.spent = .microseconds(spent) }
        return run
    }
}
