public import Connections
public import Schedule

/// Where the engine gets its time and its wake-ups from; tests give one whose hands they move.
public protocol EngineClock: WallClock {
    /// An alarm that is not set; `ring` may be called on any thread, and once too often.
    func makeAlarm(_ ring: @escaping @Sendable () -> Void) -> any Alarm

    /// Calls `react` whenever somebody sets the wall clock, as long as the returned watch lives.
    func watchSteps(_ react: @escaping @Sendable () -> Void) -> (any ClockWatching)?
}

/// One wake-up that can be moved.
///
/// It costs nothing while it is not set.
public protocol Alarm: Sendable {
    /// Rings once at a moment, at once if it has passed; nil rings never.
    func set(_ moment: AlarmMoment?)
}

/// When an alarm rings.
public enum AlarmMoment: Sendable, Hashable {
    /// When the wall clock shows this, also after it was set or the machine slept.
    case at(Instant)
    /// After so much time.
    case after(Duration)
}

/// Notices that the wall clock is set, until it is released.
public protocol ClockWatching: Sendable {}
