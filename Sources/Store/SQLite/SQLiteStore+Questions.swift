import CEL
import Foundation
import GRDB
import Schedule

extension SQLiteStore {
    /// See ``Store/runs(_:)``.
    public func runs(_ query: RunQuery) async throws(StoreError) -> [RunRecord] {
        if query.statuses?.isEmpty == true { return [] }
        return try await reader.read { database in
            var conditions: [String] = []
            var arguments: StatementArguments = []
            if let recipe = query.recipe {
                conditions.append("run.recipe = (SELECT key FROM recipe WHERE name = ?)")
                arguments += [recipe]
            }
            if let statuses = query.statuses {
                let words = statuses.map { "'\($0.rawValue)'" }.sorted().joined(separator: ", ")
                conditions.append("run.status IN (\(words))")
            }
            // Few of very many, perhaps: the small index of unfinished runs knows them.
            let areUnfinished = query.statuses?.allSatisfy { !$0.isFinal } ?? false
            if areUnfinished { conditions.append(RunRow.isUnfinished) }
            if let from = query.from {
                conditions.append("run.scheduled_at >= ?")
                arguments += [from.microseconds]
            }
            if let to = query.to {
                conditions.append("run.scheduled_at < ?")
                arguments += [to.microseconds]
            }
            let filter = conditions.isEmpty ? "" : "WHERE \(conditions.joined(separator: " AND "))"
            arguments += [max(0, query.limit)]
            let select = areUnfinished ? RunRow.selectUnfinished : RunRow.select
            return try Row.fetchAll(
                database,
                sql: "\(select) \(filter) ORDER BY run.scheduled_at DESC, run.id DESC LIMIT ?",
                arguments: arguments
            ).map(RunRow.record)
        }
    }

    /// See ``Store/run(_:)``.
    public func run(_ prefix: String) async throws(StoreError) -> RunDetail? {
        let prefix = prefix.lowercased()
        guard RunID.isPrefix(prefix) else { return nil }
        let found = try await reader.read { database -> StoredDetail? in
            // All ids that begin so lie between the prefix and the prefix with a character beyond the alphabet.
            let ids = try String.fetchAll(
                database,
                sql: "SELECT id FROM run WHERE id >= ? AND id < ? LIMIT 2",
                arguments: [prefix, prefix + "~"]
            )
            guard let id = ids.first else { return nil }
            guard ids.count == 1 else { throw StoreError.ambiguous(prefix: prefix) }
            return try StoredDetail(RunID(stored: id), database)
        }
        guard let found else { return nil }
        var actions: [ActionRecord] = []
        for row in found.actions { actions.append(try opened(row)) }
        let output = try opened(found.output, of: found.run.id, among: actions)
        let secrets = output?.secrets ?? []
        return RunDetail(
            run: found.run,
            inputs: try opened(found.inputs, .inputs(found.run.id)),
            actions: actions,
            output: output?.value == .null && !secrets.isEmpty ? nil : output?.value,
            error: found.error,
            secrets: secrets + actions.flatMap(\.secrets)
        )
    }

    /// The output of a run, wherever it is kept.
    private func opened(
        _ output: Data?,
        of run: RunID,
        among actions: [ActionRecord]
    ) throws(StoreError) -> MarkedValue? {
        guard let place = output.flatMap(OutputPlace.init(stored:)) else {
            return try openedMarked(output, .output(run))
        }
        return place.output(in: actions).map { MarkedValue($0.asJSONValue) }
    }

    /// See ``Store/lastRuns(of:)``.
    public func lastRuns(of recipes: [String]) async throws(StoreError) -> [String: RunRecord] {
        try await reader.read { database in
            let statement = try database.cachedStatement(
                sql: """
                    \(RunRow.select) WHERE run.recipe = (SELECT key FROM recipe WHERE name = ?)
                    ORDER BY run.scheduled_at DESC, run.id DESC LIMIT 1
                    """
            )
            var last: [String: RunRecord] = [:]
            for recipe in recipes {
                last[recipe] = try Row.fetchOne(statement, arguments: [recipe]).map(RunRow.record)
            }
            return last
        }
    }
}

/// A run with everything that is stored of it, still sealed.
private struct StoredDetail: Sendable {
    let run: RunRecord
    let inputs: Data?
    let output: Data?
    let error: String?
    let actions: [ActionRow]

    init?(_ id: RunID, _ database: Database) throws {
        guard
            let run = try Row.fetchOne(database, sql: "\(RunRow.select) WHERE run.id = ?", arguments: [id.text]),
            let more = try Row.fetchOne(
                database,
                sql: "SELECT inputs, output, error FROM run WHERE id = ?",
                arguments: [id.text]
            )
        else { return nil }
        self.run = try RunRow.record(run)
        inputs = try more.optional("inputs")
        output = try more.optional("output")
        error = try more.optional("error")
        actions = try ActionRow.fetch(id, database)
    }
}
