import Recipe
import Schedule
import Store

extension Scheduler {
    /// Whether the end of a run can mean anything for alarms.
    func isNews(_ order: RunOrder, _ result: RunResult) -> Bool {
        guard order.run.fire.recipe != Recipe.alertName else { return false }
        switch result.status {
        case .failed, .timedOut: return true
        default:
            guard openAlarms.isEmpty, let recipe = plans[order.run.fire.recipe]?.recipe else { return true }
            let expected = recipe.alarms.expectations
            return expected.successEvery != nil || expected.maxLateness != nil
        }
    }

    /// What the end of a run means for alarms: of its recipe, and of the connections.
    func judge(_ order: RunOrder, _ result: RunResult) async {
        let name = order.run.fire.recipe
        // What alarms do raises none, else a broken chat would call itself for ever.
        guard name != Recipe.alertName, let recipe = plans[name]?.recipe else { return }
        switch result.status {
        case .succeeded:
            if !openAlarms.isEmpty {
                await clear(AlarmKey(.failures, of: name), run: order.run.id)
                await clear(AlarmKey(.noSuccess, of: name), run: order.run.id)
                await clearConnections()
            }
            if let every = recipe.alarms.expectations.successEvery { chores.set(.expectation(name), to: now + every) }
        case .failed, .timedOut:
            await judgeStreak(recipe, order.run, result)
            await judgeConnections(order.run)
        default: break
        }
        await judgeLateness(recipe, order.run, result)
    }

    private func judgeStreak(_ recipe: Recipe, _ run: RunRecord, _ result: RunResult) async {
        let key = AlarmKey(.failures, of: recipe.name)
        guard openAlarms[key] == nil else { return }
        let query = RunQuery(
            recipe: recipe.name,
            statuses: [.succeeded, .failed, .timedOut],
            limit: recipe.alarms.alertAfter
        )
        guard let last = await asking({ store async throws(StoreError) in try await store.runs(query) }),
            last.count == recipe.alarms.alertAfter,
            last.allSatisfy({ $0.status != .succeeded })
        else { return }
        let runs = recipe.alarms.alertAfter == 1 ? "a run failed" : "\(recipe.alarms.alertAfter) runs in a row failed"
        let message = "\(runs); the last: \(result.reason ?? result.status.rawValue)"
        let since = last.last?.finishedAt ?? now
        await raise(AlarmRecord(key: key, since: since, message: message, count: recipe.alarms.alertAfter), run: run.id)
    }

    /// Live fires only: what is caught up is late because nobody was there.
    func judgeLateness(_ recipe: Recipe, _ run: RunRecord, _ result: RunResult) async {
        guard run.cause == .schedule, run.attempt == 1, let longest = recipe.alarms.expectations.maxLateness,
            let lateness = result.lateness
        else { return }
        let key = AlarmKey(.lateness, of: recipe.name)
        guard lateness > longest else { return await clear(key, run: run.id) }
        let message =
            "the fire of \(run.fire.scheduledAt.rfc3339()) started \(DurationText.format(lateness)) late, "
            + "later than \(DurationText.format(longest))"
        await raise(AlarmRecord(key: key, since: run.fire.scheduledAt, message: message), run: run.id)
    }

    // MARK: Connections

    private func judgeConnections(_ run: RunRecord) async {
        for token in await asking({ store async throws(StoreError) in try await store.tokens() }) ?? [] {
            let key = AlarmKey(.needsAttention, of: token.connection)
            guard case .needsAttention(let message) = token.state, end(of: key) == nil else { continue }
            let alarm = AlarmRecord(
                key: key,
                since: now,
                message: "the connection \(token.connection) needs attention: \(message)"
            )
            await raise(alarm, run: run.id)
        }
    }

    private func clearConnections() async {
        guard openAlarms.keys.contains(where: { $0.kind == .needsAttention }) else { return }
        guard let tokens = await asking({ store async throws(StoreError) in try await store.tokens() }) else { return }
        for key in openAlarms.keys where key.kind == .needsAttention {
            let isWell = tokens.contains { $0.connection == key.subject && $0.state == .valid }
            let isIll = tokens.contains { token in
                guard token.connection == key.subject, case .needsAttention = token.state else { return false }
                return true
            }
            if isWell, !isIll { await clear(key, run: nil) }
        }
    }

    // MARK: Successes that do not come

    /// Waits for the successes that recipes are expected to have.
    func watchExpectations() async {
        for (name, plan) in plans where plan.recipe.alarms.expectations.successEvery != nil && plan.recipe.isEnabled {
            await judgeSuccess(of: name)
        }
    }

    /// Raises the alarm of a recipe that had no success for too long, or sets the moment at which it will be so.
    ///
    /// A pause is no silence: the time begins anew when it ends.
    func judgeSuccess(of name: String) async {
        guard let recipe = plans[name]?.recipe, recipe.isEnabled, let every = recipe.alarms.expectations.successEvery
        else {
            pausedExpectations.remove(name)
            return chores.set(.expectation(name), to: nil)
        }
        let query = RunQuery(recipe: name, statuses: [.succeeded], limit: 1)
        guard let last = await asking({ store async throws(StoreError) in try await store.runs(query) }) else {
            return chores.set(.expectation(name), to: now + Self.judgePause)
        }
        // By a clock that was ahead it may seem to be still to come.
        let begin = min(last.first?.finishedAt ?? firstSeen[name] ?? now, now)
        let pauses = (await asking { store async throws(StoreError) in try await store.pauses(after: begin) } ?? [])
            .filter { $0.recipe == name }
        let since = pauses.compactMap(\.until).reduce(begin, max)
        guard !pauses.contains(where: { $0.until == nil }) else {
            pausedExpectations.insert(name)
            return chores.set(.expectation(name), to: nil)
        }
        pausedExpectations.remove(name)
        let deadline = since + every
        guard deadline <= now else { return chores.set(.expectation(name), to: deadline) }
        let message =
            "no run of \(name) succeeded since \(since.rfc3339()), where one is expected every \(DurationText.format(every))"
        await raise(AlarmRecord(key: AlarmKey(.noSuccess, of: name), since: since, message: message), run: nil)
    }

    private static let judgePause = Duration.seconds(60)

    // MARK: Telling

    /// Which alarms are not over, also those of other nodes.
    func loadAlarms() async {
        guard let alarms = await asking({ store async throws(StoreError) in try await store.alarms() }) else { return }
        openAlarms = Dictionary(alarms.map { ($0.key, $0) }) { first, _ in first }
    }

    /// Ends the alarms that can never be over otherwise, because what they are about was taken away.
    ///
    /// While a file is wrong nobody can tell what was.
    func closeAlarms() async {
        guard workspace.isValid else { return }
        for key in openAlarms.keys {
            if let reason = end(of: key) { await clear(key, run: nil, because: reason) }
        }
    }

    /// Why there is nothing to watch any more; nil where there is.
    private func end(of key: AlarmKey) -> String? {
        if key.kind == .needsAttention {
            let isThere = workspace.connections[key.subject] != nil || Connection.isInline(key.subject)
            return isThere ? nil : "the connection was removed"
        }
        guard let recipe = plans[key.subject]?.recipe else { return "the recipe was removed" }
        guard recipe.isEnabled else { return "the recipe was disabled" }
        let expectations = recipe.alarms.expectations
        return switch key.kind {
        case .noSuccess where expectations.successEvery == nil: "no success is expected any more"
        case .lateness where expectations.maxLateness == nil: "it may be late now"
        case .noSuccess, .lateness, .failures, .needsAttention: nil
        }
    }

    /// Raises an alarm: once, whichever node sees it, until it is over.
    private func raise(_ alarm: AlarmRecord, run: RunID?) async {
        guard openAlarms[alarm.key] == nil else { return }
        let order = alertOrder(alarm, isOver: false, run: run)
        let request = order.map { ClaimRequest(run: $0.run, overlap: .allow, inputs: $0.inputs) }
        guard let isNew = await asking({ store async throws(StoreError) in try await store.raise(alarm, request) })
        else { return }
        openAlarms[alarm.key] = alarm
        guard isNew else { return }
        services.observer.observe(.alarmRaised(alarm))
        await tell(order)
    }

    /// Ends an alarm, and tells of it.
    ///
    /// - Parameter reason: why nothing more can come of it; nil when what it told of is well again.
    private func clear(_ key: AlarmKey, run: RunID?, because reason: String? = nil) async {
        guard let alarm = openAlarms[key] else { return }
        let order = alertOrder(alarm, isOver: true, because: reason, run: run)
        let request = order.map { ClaimRequest(run: $0.run, overlap: .allow, inputs: $0.inputs) }
        guard let wasOpen = await asking({ store async throws(StoreError) in try await store.clear(key, request) })
        else { return }
        openAlarms[key] = nil
        guard wasOpen else { return }
        services.observer.observe(.alarmCleared(alarm, reason: reason))
        await tell(order)
    }

    /// Starts the run of `on_alert`; other nodes learn of the alarm.
    private func tell(_ order: RunOrder?) async {
        services.store.notify()
        guard let order else { return }
        start(order)
        await fillSlots()
    }

    /// The run of the workspace's `on_alert`; nil where it has none.
    private func alertOrder(_ alarm: AlarmRecord, isOver: Bool, because reason: String? = nil, run: RunID?) -> RunOrder?
    {
        guard let plan = plans[Recipe.alertName] else { return nil }
        let trigger = "\(isOver ? "recovered" : alarm.key.kind.rawValue):\(alarm.key.subject)"
        let record = RunRecord(
            fire: FireKey(recipe: Recipe.alertName, trigger: trigger, scheduledAt: now),
            status: .queued,
            cause: .alarm,
            node: services.node,
            version: plan.recipe.version
        )
        let inputs = alarm.variable(isOver: isOver, because: reason, run: run)
        return order(record, plan, inputs: inputs)
    }

    /// Asks the store; nil when it refused, which is told.
    private func asking<Answer: Sendable>(
        _ question: (any Store) async throws(StoreError) -> Answer
    ) async -> Answer? {
        do throws(StoreError) {
            return try await question(services.store)
        } catch {
            services.observer.observe(.storeFailed(error))
            return nil
        }
    }
}
