public import Schedule

/// What starts a recipe: a schedule and the rules around it (DESIGN section 5).
///
/// A class, since it never changes and many hold it: the recipe, what watches it, each run.
public final class Trigger: Sendable {
    /// A hash of kind, expression and zone, or the trigger's own `id:` (DESIGN section 10).
    public let id: String
    private let timing: Shared<TriggerTiming>
    private let sharedRules: Shared<TriggerRules>
    /// Where it stands in the file.
    public let place: Place

    init(id: String, timing: TriggerTiming, rules: TriggerRules, place: Place, in pool: TriggerPool) {
        self.id = id
        self.timing = pool.timings.shared(timing)
        sharedRules = pool.rules.shared(rules)
        self.place = place
    }

    private init(_ other: Trigger, timing: Shared<TriggerTiming>) {
        id = other.id
        self.timing = timing
        sharedRules = other.sharedRules
        place = other.place
    }

    /// The pure rule.
    public var schedule: Schedule { timing.value.schedule }
    /// The rule as it was written: `*/15 9-17 * * MON-FRI` or `every 90s`.
    public var text: String { timing.value.text }
    /// The zone in which its times are shown.
    public var zone: Zone { timing.value.zone }

    private var rules: TriggerRules { sharedRules.value }

    /// What is done about fire times that passed while no process ran.
    public var catchUp: CatchUpRule { rules.catchUp }
    /// What is done about a fire time while the last run is still going.
    public var overlap: OverlapRule { rules.overlap }
    /// A fire time is not started later than this after its time; nil has no limit.
    public var startDeadline: Duration? { rules.startDeadline }
    /// The most that a start is delayed, by a stable amount per fire; zero for none.
    public var jitter: Duration { rules.jitter }
    /// One more run whenever a process starts.
    public var runsOnStart: Bool { rules.runsOnStart }
    /// No fire time before this.
    public var start: Instant? { rules.start }
    /// No fire time at or after this.
    public var end: Instant? { rules.end }
    /// A disabled trigger has no fires.
    public var isEnabled: Bool { rules.isEnabled }

    /// This trigger with the rules that its zone has now, or itself where they have not changed; see `Zone.reloadDatabase()`.
    ///
    /// - Parameter pool: that of the triggers that are refreshed together.
    public func refreshed(in pool: TriggerPool) -> Trigger {
        let new = timing.value.refreshed
        return new == timing.value ? self : Trigger(self, timing: pool.timings.shared(new))
    }

    /// When it fires at all.
    public var bounds: FireBounds { FireBounds(start: start, end: end) }

    /// The first fire time after a moment, within `start` and `end`.
    public func next(after instant: Instant) -> Instant? {
        schedule.next(after: instant, in: bounds)
    }
}

/// What triggers that are read together have in common.
public final class TriggerPool: Sendable {
    let timings = Pool<TriggerTiming>()
    let rules = Pool<TriggerRules>()

    /// An empty one.
    public init() {}
}

/// When a trigger fires.
struct TriggerTiming: Sendable, Hashable {
    var schedule: Schedule
    var text: String
    var zone: Zone

    var refreshed: TriggerTiming {
        TriggerTiming(schedule: schedule.refreshed(), text: text, zone: zone.refreshed())
    }
}

/// The rules around a trigger's schedule.
struct TriggerRules: Sendable, Hashable {
    var catchUp: CatchUpRule
    var overlap: OverlapRule
    var startDeadline: Duration?
    var jitter: Duration
    var runsOnStart: Bool
    var start: Instant?
    var end: Instant?
    var isEnabled: Bool
}

/// What is done about missed fire times.
public struct CatchUpRule: Sendable, Hashable {
    /// Which of them run.
    public enum Policy: String, Sendable, CaseIterable {
        case none, latest, all
    }

    /// Which of the missed times run; the rest is recorded as missed.
    public var policy = Policy.latest
    /// Older ones are never run.
    public var window = Duration.seconds(24 * 3600)
    /// At most so many run, the newest.
    public var limit = 100
    /// The time between the starts of two of them.
    public var pace = Defaults.catchUpPace
}

/// What is done about a fire time while the last run is still going.
public enum OverlapRule: String, Sendable, CaseIterable {
    /// The fire is recorded as skipped.
    case skip
    /// One fire waits at most; a newer one takes its place.
    case queueOne = "queue_one"
    /// All fires wait, in order.
    case queue
    /// The run that is going is cancelled, and the fire waits until it has ended.
    case cancel
    /// Both runs go on.
    case allow
}
