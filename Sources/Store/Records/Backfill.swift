public import Schedule

/// Past fire times that are to run after all: what of a trigger's records changes for that.
///
/// Whoever makes it has looked at the records; where they are others by now, the store changes nothing of it.
public struct Backfill: Sendable, Hashable {
    /// One record that stands for a range of fire times, of which some are to run: what stays of it, before them and after them.
    public struct Split: Sendable, Hashable {
        /// A part that keeps a record of its own.
        public struct Part: Sendable, Hashable {
            /// Its first fire time.
            public var first: Instant
            /// Its last one.
            public var last: Instant
            /// How many it holds.
            public var count: Int

            /// A part.
            public init(first: Instant, last: Instant, count: Int) {
                (self.first, self.last, self.count) = (first, last, count)
            }
        }

        /// The record as it was found.
        public var record: RunRecord
        /// The parts that stay, earliest first: two at most.
        public var rest: [Part]

        /// A split.
        public init(record: RunRecord, rest: [Part]) {
            (self.record, self.rest) = (record, rest)
        }
    }

    /// Ranges that are taken apart.
    public var splits: [Split]
    /// Records of one fire time each that become runs, as they were found.
    public var records: [RunRecord]
    /// Fire times that have no record, or none of their own: a queued run without a node for each.
    public var fires: [RunRecord]

    /// A backfill.
    public init(splits: [Split] = [], records: [RunRecord] = [], fires: [RunRecord] = []) {
        (self.splits, self.records, self.fires) = (splits, records, fires)
    }
}

/// The store's answer to the question for the next run of a backfill.
public enum BackfillTurn: Sendable, Hashable {
    /// The run is the caller's, `queued`: start it.
    case taken(RunRecord)
    /// Another run of the recipe is in the way.
    case mustWait
    /// Nothing is left, or the recipe is paused.
    case none
}
