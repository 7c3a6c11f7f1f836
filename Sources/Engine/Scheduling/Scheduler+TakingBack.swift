import Recipe
import Schedule
import Store

/// A clock that was ahead by hours or years, and is set back: what was recorded of fire times that are still to come is taken back.
///
/// Else a trigger whose next ten years were recorded as missed would be silent for ten years. What ran in that time keeps its record, so that no fire time
/// runs twice.
extension Scheduler {
    /// A record may be so much later than the clock: fires are claimed ahead, and clocks are read one after the other.
    private static let tolerance = Duration.seconds(1)

    /// Whether records that reach up to a moment were written by a clock that was ahead.
    static func isAhead(_ recorded: Instant, at now: Instant) -> Bool { recorded - now > tolerance }

    /// After a step of the clock.
    func takeBack() async {
        let moment = now
        let keys = watches.values.filter { Self.isAhead($0.last, at: moment) || $0.owes(after: moment) }.map(\.key)
        guard !keys.isEmpty else { return }
        do {
            try await takeBack(keys.compactMap { key in watches[key].map { (key, $0.trigger) } }, at: moment)
        } catch {
            services.observer.observe(.storeFailed(error))
            wasClockSet = true
            return
        }
        for key in keys {
            watches[key]?.takeBack(to: moment)
            requeue(key)
        }
        for recipe in backfills.keys {
            backfills[recipe] = moment
            chores.set(.backfill(recipe), to: moment)
        }
        await watchExpectations()
    }

    /// Takes back what the store has of these triggers' fire times after a moment.
    func takeBack(_ triggers: [(TriggerKey, Trigger)], at moment: Instant) async throws(StoreError) {
        let rules = Dictionary(triggers) { first, _ in first }
        try await services.store.takeBack(triggers.map(\.0), after: moment) { key, first in
            guard let rule = rules[key],
                let last = rule.schedule.previous(before: moment + .microseconds(1), in: rule.bounds), last > first
            else { return nil }
            return (last, rule.count(after: first - .microseconds(1), through: last))
        }
    }
}
