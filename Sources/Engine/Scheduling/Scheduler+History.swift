import Recipe
import Schedule
import Store

extension Scheduler {
    /// How often history that is too old is removed, and how soon after the start of a process: soon enough for one that never lives long.
    private static let pruneInterval = (first: Duration.seconds(600), later: Duration.seconds(6 * 3_600))

    /// Looks at the age of history after a start or a step of the clock, later than all that has to be done then.
    func expectPruning() { chores.set(.history, to: now + Self.pruneInterval.first) }

    /// Removes what is older than the workspace's `history.keep`, in a task of its own: fires that are due must not wait for it.
    func pruneHistory() {
        chores.set(.history, to: now + Self.pruneInterval.later)
        guard pruning == nil else { return }
        let (store, observer) = (services.store, services.observer)
        let (moment, keep) = (now, workspace.settings.historyKeep)
        pruning = Task {
            do throws(StoreError) {
                _ = try await store.prune(before: moment - keep, keep: nil, now: moment)
            } catch {
                observer.observe(.storeFailed(error))
            }
            self.pruning = nil
        }
    }
}
