public import Recipe
public import Schedule

/// What would fire over a period, and what that means for the connections: nothing is run.
public struct Foresight: Sendable {
    /// One recipe's share.
    public struct Share: Sendable {
        /// Its name.
        public let recipe: String
        /// How often it would fire.
        public let fires: Int
    }

    /// A second in which many recipes would start.
    public struct Peak: Sendable {
        /// The second.
        public let at: Instant
        /// How many starts.
        public let starts: Int
        /// Which recipes, sorted.
        public internal(set) var recipes: [String] = []
    }

    /// A time in which nothing would start.
    public struct Pause: Sendable {
        /// The last start before it, or the beginning of the period.
        public let from: Instant
        /// The first start after it, or the end of the period.
        public let to: Instant
    }

    /// A change of the clocks that touches fire times.
    public struct ClockChange: Sendable {
        /// The zone.
        public let zone: Zone
        /// The moment.
        public let at: Instant
        /// The offsets before and after, in seconds east of UTC.
        public let offsets: (before: Int, after: Int)
        /// What becomes of the fire times, by recipe.
        public internal(set) var effects: [(recipe: String, effect: ClockChangeEffect)]
    }

    /// What one connection would be asked for.
    public struct Load: Sendable {
        /// The connection's name.
        public let connection: String
        /// Requests in the whole period, at least.
        public internal(set) var calls = 0
        /// `foreach` or pages may make them more.
        public internal(set) var mayBeMore = false
        /// What the connection allows; nil where it sets no limit.
        public let limit: RateLimit?
        /// The most requests in any time as long as the limit's (without one: in any second), and where it begins.
        public internal(set) var peak: (at: Instant, calls: Int)?

        /// Whether requests would have to wait for the limit.
        public var isOverLimit: Bool { limit.map { (peak?.calls ?? 0) > $0.count } ?? false }
    }

    /// The period.
    public let from: Instant
    /// The first moment that is no longer in it.
    public let to: Instant
    /// How often something would start; jitter is counted.
    public internal(set) var starts = 0
    /// Starts in each hour of the period, the first one from `firstHour` on.
    public internal(set) var hours: [Int] = []
    /// When the first hour begins: a round one in the zone that was given.
    public internal(set) var firstHour: Instant
    /// The recipes, the busiest first.
    public internal(set) var shares: [Share] = []
    /// The busiest seconds, the busiest first.
    public internal(set) var peaks: [Peak] = []
    /// The longest times without a start, the longest first.
    public internal(set) var pauses: [Pause] = []
    /// The changes of the clocks that touch fire times, in order.
    public internal(set) var clockChanges: [ClockChange] = []
    /// The connections, by name.
    public internal(set) var loads: [Load] = []

    /// How many peaks and pauses are kept.
    public static let shownLimit = 10

    /// Looks at a workspace's recipes over a period.
    ///
    /// - Parameter zone: where hours are round.
    public init(_ workspace: Workspace, from: Instant, to: Instant, zone: Zone) {
        var simulation = Simulation(workspace, from: from, to: to, zone: zone)
        simulation.run()
        self = simulation.result
    }

    init(from: Instant, to: Instant, firstHour: Instant) {
        self.from = from
        self.to = to
        self.firstHour = firstHour
    }
}
