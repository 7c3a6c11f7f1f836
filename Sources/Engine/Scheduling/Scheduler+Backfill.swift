import Recipe
import Schedule
import Store

/// Something that the scheduler does at a moment of its own, beside the fires of triggers.
enum Chore: Sendable, Hashable {
    /// Run the next of a recipe's backfill.
    case backfill(String)
    /// See whether a run of a recipe succeeded in time.
    case expectation(String)
    /// Go on with parked runs, of any recipe.
    case parked
    /// Remove history that is too old.
    case history
    /// Give back what memory many runs took.
    case memory
}

extension Scheduler {
    /// How long a backfill waits before it looks again whether a run of another process is still in its way.
    private static let retryPause = Duration.seconds(5)

    /// Looks for backfills that others have asked for.
    func lookForBackfills() async {
        do {
            for recipe in try await services.store.pendingBackfills() where plans[recipe] != nil {
                let earliest = backfills[recipe] ?? now
                backfills[recipe] = earliest
                chores.set(.backfill(recipe), to: max(now, earliest))
            }
        } catch {
            services.observer.observe(.storeFailed(error))
        }
    }

    /// Starts the next run of a backfill, unless one is still in its way.
    func continueBackfill(of recipe: String) async {
        guard let plan = plans[recipe] else {
            backfills[recipe] = nil
            return
        }
        do {
            let version = plan.recipe.version
            let rule: StartRule = plan.recipe.triggers.allSatisfy { $0.overlap == .allow } ? .besideOthers : .inTurn
            let turn = try await services.store.takeBackfill(
                of: recipe,
                version: version,
                node: services.node,
                rule
            )
            switch turn {
            case .taken(let run):
                let order = try await order(of: run, plan)
                backfills[recipe] = now + (order.trigger?.catchUp.pace ?? Defaults.catchUpPace)
                start(order)
                await fillSlots()
            case .mustWait:
                // A run of this node says when it ends; of others perhaps nobody does.
                if heldRuns[recipe] == nil { chores.set(.backfill(recipe), to: now + Self.retryPause) }
            case .none:
                backfills[recipe] = nil
            }
        } catch {
            services.observer.observe(.storeFailed(error))
            chores.set(.backfill(recipe), to: now + Self.retryPause)
        }
    }
}
