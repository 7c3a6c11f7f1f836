public import Schedule

/// What is durable: fires, runs, checkpoints, cursors, tokens, renewals.
///
/// A mutating call returns only when its change would survive a power cut, and it is done whole or not at all; the cancellation of the calling task does not
/// stop it. Moments are passed in, the store has no clock of its own. Several processes (nodes) may use one store at a time: claims, fences and leases keep
/// them apart. Everything throws `StoreError`.
public protocol Store: Sendable {
    // MARK: Nodes

    /// Says that this process works on the store from now on, and forgets nodes that are dead.
    func register(_ node: NodeRecord, now: Instant) async throws(StoreError)

    /// Prolongs what other machines believe of the node. Not needed for processes of the same machine.
    func renewLease(of node: NodeID, until: Instant) async throws(StoreError)

    /// Says that the node is gone: what it still holds is an orphan at once.
    func unregister(_ node: NodeID) async throws(StoreError)

    // MARK: Wake-ups

    /// Tells every process that listens on this store to look at it; also this one.
    ///
    /// A wake-up carries nothing, and one can be lost in a crash: what it is about must be in the store before, and whoever needs it looks from time to time.
    func notify()

    /// One element whenever somebody calls `notify`; several that nobody has taken yet are one. Each call gives a stream of its own.
    func notifications() -> AsyncStream<Void>

    // MARK: Fires

    /// Takes fires, so that no other node does; one outcome per request, in order.
    ///
    /// Runs hold their recipe's slot while they are live and some node holds them, whichever it is. One transaction for all: a request sees the runs that earlier ones of the same call have claimed.
    func claim(_ requests: [ClaimRequest]) async throws(StoreError) -> [ClaimOutcome]

    /// Takes the fire of an ad-hoc run, in one transaction with what such a run needs: its node is registered, and its recipe's text kept.
    ///
    /// - Parameters:
    ///   - request: a run with its `version`.
    ///   - source: the text under that hash.
    func claim(
        _ request: ClaimRequest,
        by node: NodeRecord,
        source: String,
        now: Instant
    ) async throws(StoreError) -> ClaimOutcome

    /// Records fires that get no run (`missed`, `skipped`, `paused`); fires that have a record already are left alone.
    ///
    /// All fires of a trigger in one pause share one record, which grows: the first, the last and their number.
    func record(_ unserved: [RunRecord]) async throws(StoreError)

    /// Takes back what is recorded of fire times after `now`, by a clock that was ahead: those that got no run have no record any more, and may be claimed.
    ///
    /// What was claimed keeps its record. From then on these triggers owe what comes after `now`.
    ///
    /// - Parameter shorten: of a range that begins with this fire time and reaches beyond `now`, the last fire time that is not after `now`, and how many
    ///   there are up to that one; nil when the first is the only one.
    func takeBack(
        _ triggers: [TriggerKey],
        after now: Instant,
        shorten: @escaping @Sendable (TriggerKey, Instant) -> (last: Instant, count: Int)?
    ) async throws(StoreError)

    // MARK: Backfills

    /// Makes past fire times run after all: each is a queued run that no node holds. Gives what was made.
    ///
    /// A fire that has a run, or whose record was pruned, is left alone. Nil, and nothing is changed, when a record is not what it was found as.
    func backfill(_ backfill: Backfill) async throws(StoreError) -> [RunRecord]?

    /// The recipes that have runs of a backfill left which no node has taken.
    func pendingBackfills() async throws(StoreError) -> Set<String>

    /// Takes the oldest run of a recipe's backfill, when no other of its backfill is live and `rule` lets it.
    ///
    /// - Parameter version: that of the recipe, with which the run begins.
    func takeBackfill(
        of recipe: String,
        version: String,
        node: NodeID,
        _ rule: StartRule
    ) async throws(StoreError) -> BackfillTurn

    // MARK: Pauses

    /// Wants no fires of a recipe from `now` on; of one that is paused already only the note changes. Gives the pause.
    func pause(_ recipe: String, note: String?, now: Instant) async throws(StoreError) -> PauseRecord

    /// Ends a pause and gives it; nil when the recipe is not paused.
    func unpause(_ recipe: String, now: Instant) async throws(StoreError) -> PauseRecord?

    /// The pauses that last, and those that ended after a moment, in the order of their beginnings.
    func pauses(after moment: Instant?) async throws(StoreError) -> [PauseRecord]

    // MARK: Runs

    /// Moves queued runs to `running`, each if its rule lets it; one after the other, in one transaction.
    func start(_ requests: [StartRequest], at moment: Instant) async throws(StoreError) -> [StartOutcome]

    /// Changes a claim whose run has not begun: it will run another version of its recipe. Nil withdraws it, as if it had never been made.
    ///
    /// Throws `fenced` when the run is not the caller's any more.
    func revise(_ run: RunID, fence: Int64, version: String?) async throws(StoreError)

    /// Lets runs that have not begun wait as `queued`, also those that were claimed as `running`; those that are not the caller's any more are left alone.
    ///
    /// - Parameter node: who holds them from then on; nil: nobody, and any node may take them over.
    /// - Returns: for each run, in order, whether it was the caller's still.
    func queue(_ runs: [RunRecord], node: NodeID?) async throws(StoreError) -> [Bool]

    /// Marks an action as under way, before an effect that cannot be repeated. Throws `fenced` when the run is not the caller's any more.
    func begin(_ action: ActionRecord, fence: Int64) async throws(StoreError)

    /// Makes the results of a run's actions checkpoints, all in one transaction. Throws `fenced` when the run is not the caller's any more.
    func complete(_ actions: [ActionRecord], of run: RunID, fence: Int64) async throws(StoreError)

    /// Makes an action's result a checkpoint and removes those of the actions inside it. Throws `fenced` when the run is not the caller's any more.
    func complete(_ action: ActionRecord, insteadOf inner: InnerActions, fence: Int64) async throws(StoreError)

    /// Takes items of an action for a run, one answer per key, in order; an item that the run had taken before is its own still.
    ///
    /// All in one transaction. Throws `fenced` when the run is not the caller's any more.
    func claimItems(
        _ keys: [String],
        of action: String,
        run: RunID,
        fence: Int64,
        now: Instant
    ) async throws(StoreError) -> [ItemClaim]

    /// Ends a run: status, last actions, output and the recipe's cursor in one transaction. Throws `fenced` when the run is not the caller's any more.
    func finish(_ end: RunEnd, fence: Int64) async throws(StoreError)

    /// Lets a run out of memory until its time comes: it stays `running`, and holds its slot. Gives when it goes on: at once, where somebody wants it cancelled.
    ///
    /// Throws `fenced` when it is not the caller's any more.
    func park(_ parking: Parking, fence: Int64) async throws(StoreError) -> Instant

    /// Takes parked runs whose time has come, those first that waited longest: they are `running` on `node`, under a new fence.
    func takeParked(due now: Instant, limit: Int, node: NodeID) async throws(StoreError) -> [ResumedRun]

    /// All parked runs, in the order in which they go on.
    func parked() async throws(StoreError) -> [ParkedRun]

    /// When the next parked run goes on.
    func nextParked() async throws(StoreError) -> Instant?

    /// Live runs that no living node holds, oldest first; parked ones are none, nor those that wait for their turn in a backfill.
    func orphans(now: Instant, isAlive: @Sendable (NodeRecord) -> Bool) async throws(StoreError) -> [RunRecord]

    /// Takes a live or interrupted run over. Nil when `fence` is not its present number any more.
    ///
    /// Its fence rises by one. A run that had begun is `running` on `node`, with an attempt more; one that had not stays `queued`, and must still be started.
    func takeOver(_ run: RunID, fence: Int64, node: NodeID) async throws(StoreError) -> RunRecord?

    /// Ends a run that has not begun, or asks whoever holds it; nil when there is no such run.
    ///
    /// One whose holder is dead ends at once when no scheduler is alive either.
    func cancel(
        _ run: RunID,
        reason: String,
        now: Instant,
        isAlive: @escaping @Sendable (NodeRecord) -> Bool
    ) async throws(StoreError) -> CancelOutcome?

    /// Lets a run that has ended without success, or whose holder has died, go on: it is `running` on the caller's node, with an attempt more.
    ///
    /// Nil when its fence is not its present number any more.
    func reopen(_ reopening: Reopening) async throws(StoreError) -> RunRecord?

    /// The live runs of a node that others want to have cancelled.
    func cancelRequests(of node: NodeID) async throws(StoreError) -> [CancelRequest]

    /// The actions of a run that were begun or completed, in the order in which they began.
    func checkpoints(of run: RunID) async throws(StoreError) -> [ActionRecord]

    // MARK: Alarms

    /// The alarms that are not over, oldest first.
    func alarms() async throws(StoreError) -> [AlarmRecord]

    /// Records an alarm, and with it the run that tells of it. False, and nothing is recorded, when there is such an alarm already.
    func raise(_ alarm: AlarmRecord, _ request: ClaimRequest?) async throws(StoreError) -> Bool

    /// Ends an alarm, and records the run that tells of it. False when there is no such alarm.
    func clear(_ key: AlarmKey, _ request: ClaimRequest?) async throws(StoreError) -> Bool

    // MARK: Recipes

    /// Keeps the texts of recipes under their hashes, for runs that began with them. Writes nothing when they are there.
    func save(_ versions: [RecipeVersion], now: Instant) async throws(StoreError)

    /// The text kept under `hash`.
    func version(_ hash: String) async throws(StoreError) -> String?

    /// A recipe's cursor; nil when it never had one.
    func state(of recipe: String) async throws(StoreError) -> MarkedValue?

    /// The cursors that a recipe had, newest first: the last `StateVersion.limit`.
    func stateVersions(of recipe: String) async throws(StoreError) -> [StateVersion]

    /// Changes a recipe's cursor, unless a run of it is live; `force` does it all the same.
    func changeState(
        of recipe: String,
        _ edit: StateEdit,
        force: Bool,
        now: Instant
    ) async throws(StoreError) -> StateOutcome

    /// Gives what a recipe remembers to another one, for a recipe that was renamed: its cursors, and which items it has done.
    ///
    /// Refuses while a run of either is live, and when the other has a cursor; `force` does it all the same.
    func moveState(from old: String, to new: String, force: Bool) async throws(StoreError) -> StateOutcome

    /// All triggers that a scheduler ever saw, removed ones too.
    func triggers() async throws(StoreError) -> [TriggerRecord]

    /// How far the fires of triggers have records, in the same order.
    func progress(of triggers: [TriggerKey]) async throws(StoreError) -> [TriggerProgress]

    /// Says which triggers there are now: new ones begin to owe fires at `now`, so do those that come back; absent ones stop. Gives the present ones' records.
    ///
    /// Writes nothing when nothing has changed.
    func see(_ triggers: [TriggerKey], now: Instant) async throws(StoreError) -> [TriggerRecord]

    // MARK: Tokens

    /// The newest token of an identity.
    func token(_ identity: String) async throws(StoreError) -> TokenRecord?

    /// Asks for the right to renew a token. A lease whose time is over, or whose holder is a dead process of this machine, is taken over.
    func leaseRenewal(
        of identity: String,
        holder: NodeID,
        now: Instant,
        until: Instant
    ) async throws(StoreError) -> RenewalLease

    /// Stores a renewed token (its generation becomes `generation` + 1), records the renewal and gives the lease back.
    ///
    /// - Parameter generation: the one that the renewal started from; 0 when there was none. If the store holds another one, `token` is dropped.
    func commitRenewal(
        _ token: TokenRecord,
        expected generation: Int64,
        _ renewal: RenewalRecord,
        holder: NodeID
    ) async throws(StoreError) -> RenewalCommit

    /// Records that a renewal gave no token, and gives the lease back. The bag stays; the state changes only if no newer token has come meanwhile.
    func failRenewal(_ failure: RenewalFailure, _ renewal: RenewalRecord, holder: NodeID) async throws(StoreError)

    /// Gives the lease back without a renewal.
    func releaseRenewal(of identity: String, holder: NodeID) async throws(StoreError)

    /// All tokens, without their bags, by connection.
    func tokens() async throws(StoreError) -> [TokenRecord]

    /// The identities whose token is being renewed.
    func renewing(now: Instant) async throws(StoreError) -> Set<String>

    /// Renewals, newest first; of one connection, or of all.
    func renewals(of connection: String?, limit: Int) async throws(StoreError) -> [RenewalRecord]

    /// Keeps how the account behind a token is called; nil forgets it.
    func setAccount(_ name: String?, of identity: String) async throws(StoreError)

    /// The names of accounts, by identity.
    func accounts() async throws(StoreError) -> [String: String]

    /// Forgets a token: the next use acquires anew.
    func deleteToken(_ identity: String) async throws(StoreError)

    // MARK: Questions of people

    /// Runs, newest fire time first.
    func runs(_ query: RunQuery) async throws(StoreError) -> [RunRecord]

    /// The records of a recipe that concern fire times at or after one moment and before another, oldest first: also ranges that reach into it.
    func records(of recipe: String, from: Instant, to: Instant) async throws(StoreError) -> [RunRecord]

    /// One run with its actions; `prefix` is its id or a beginning that no other id has. Throws `ambiguous` when several do.
    func run(_ prefix: String) async throws(StoreError) -> RunDetail?

    /// The newest record of each recipe, where there is one.
    func lastRuns(of recipes: [String]) async throws(StoreError) -> [String: RunRecord]

    /// Removes history and gives the space back.
    ///
    /// Live runs stay. A task that is cancelled leaves the rest for the next time. A fire whose record was removed can never be claimed again, and the watermark of its trigger moves past it.
    ///
    /// - Parameters:
    ///   - before: runs with an earlier fire time, and earlier renewals, go.
    ///   - keep: of each recipe at most so many newest runs stay; nil is no such bound.
    ///   - now: items that were done go when their time is over by then.
    func prune(before: Instant, keep: Int?, now: Instant) async throws(StoreError) -> PruneResult
}

extension Store {
    /// Makes an action's result a checkpoint.
    ///
    /// Throws `fenced` when the run is not the caller's any more.
    public func complete(_ action: ActionRecord, fence: Int64) async throws(StoreError) {
        try await complete([action], of: action.run, fence: fence)
    }
}
