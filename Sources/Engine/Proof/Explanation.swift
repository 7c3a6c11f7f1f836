public import Recipe
public import Schedule
public import Store

/// Why a recipe did, or did not, run at a time.
public struct Explanation: Sendable {
    /// The rule that applied.
    public enum Verdict: String, Sendable, CaseIterable {
        /// The fire got a run.
        case ran
        /// The fire got no run because of the overlap rule.
        case skipped
        /// The fire passed while nobody was there to serve it, or too late.
        case missed
        /// The fire passed while a person had the recipe paused, or will while it is.
        case paused
        /// The fire is due, and its record comes when its turn does, or when a process starts.
        case pending
        /// There is no record where there should be one.
        case lost
        /// The fire is still to come.
        case ahead
        /// A run that no trigger started.
        case byHand = "by_hand"
        /// The schedule does not ask for the time.
        case notScheduled = "not_scheduled"
        /// The clocks skipped the time, and so the schedule does not ask for it.
        case skippedByClocks = "skipped_by_clocks"
        /// The time lies before the trigger's `start`, or not before its `end`.
        case outOfBounds = "out_of_bounds"
        /// The recipe or the trigger is disabled.
        case disabled
        /// No process had seen the trigger then, or it was not there.
        case notOwed = "not_owed"
        /// The records of the time were pruned.
        case pruned
        /// The recipe has no trigger.
        case noTrigger = "no_trigger"
    }

    /// The rule that applied.
    public internal(set) var verdict: Verdict
    /// What happened and why, as one sentence.
    public internal(set) var sentence: String
    /// The trigger that the sentence speaks of.
    public internal(set) var trigger: Trigger?
    /// The fire time that the sentence speaks of, which may be another than the one asked about.
    public internal(set) var fireTime: Instant?
    /// What the fire ended in.
    public internal(set) var run: RunRecord?
    /// The nearest fire times before and after, where the time asked about is none.
    public internal(set) var nearest: (before: Instant?, after: Instant?) = (nil, nil)
}

/// A time that somebody asks about: what a clock in a zone shows, or a moment.
public struct AskedTime: Sendable {
    /// What the clock shows.
    public let wall: WallTime
    /// When the clock shows it.
    public let moments: WallTimeMoments
    /// How much is meant by it: asked about `02:30`, a fire at 02:30:17 counts.
    public let precision: Duration

    /// What the clocks of a zone show.
    public init(_ wall: WallTime, in zone: Zone, precision: Duration) {
        self.wall = wall
        self.precision = precision
        moments = zone.moments(of: wall)
    }

    /// A moment.
    public init(_ moment: Instant, in zone: Zone, precision: Duration) {
        wall = zone.wallTime(at: moment)
        self.precision = precision
        moments = .once(moment)
    }

    /// The wall time as a person would write it.
    var text: String {
        precision >= .seconds(60) ? String(wall.description.dropLast(3)) : wall.description
    }
}
