/// A stretch of time in which a zone's offset does not change, with what daylight saving arithmetic needs to know of
/// its neighbours.
struct ZoneSegment: Sendable, Hashable {
    /// The first second, on the scale of Unix time.
    var start: Int64
    /// The first second that is no longer in it.
    var end: Int64
    /// Seconds east of UTC.
    var offset: Int64
    /// The greatest wall time that any earlier segment reached: below it wall time repeats, and between it and this
    /// segment's first wall time there is a gap.
    var reachedBefore: Int64
    /// The least wall time with which any later segment begins: from it on, wall time comes again.
    var returnsAt: Int64

    /// The wall time at the start.
    @inline(__always)
    var wallStart: Int64 { start &+ offset }
    /// The wall time at the end, which is the first one not reached.
    @inline(__always)
    var wallEnd: Int64 { end &+ offset }

    func shifted(by seconds: Int64) -> ZoneSegment {
        ZoneSegment(
            start: start + seconds,
            end: end + seconds,
            offset: offset,
            reachedBefore: reachedBefore + seconds,
            returnsAt: returnsAt + seconds
        )
    }
}

/// All that is known of a zone, ready to be asked.
///
/// Immutable, so it is shared without a lock.
final class ZoneRules: Sendable {
    /// The first second of each segment, ascending; what the search runs over.
    private let starts: [Int64]
    private let segments: [ZoneSegment]
    private let typeIndices: [UInt8]
    private let types: [TZif.LocalType]
    /// From `cycle.start + 400 years` on everything is as 400 years before: the Gregorian calendar, weekdays included,
    /// and so the footer's rule repeat.
    private let cycle: (start: Int64, isRepeating: Bool)
    /// Tells two versions of a zone's file apart.
    let fingerprint: UInt64

    static let utc = ZoneRules(fixedOffset: 0, abbreviation: "UTC")

    /// 400 Gregorian years in seconds.
    private static let cycleLength: Int64 = 146_097 * 86_400
    /// Beyond any instant, and yet far enough from overflow to be added to.
    static let distantPast = Int64.min / 4
    static let distantFuture = Int64.max / 4

    init(fixedOffset offset: Int, abbreviation: String) {
        let type = TZif.LocalType(offset: offset, isDaylight: false, abbreviation: abbreviation)
        (starts, segments, typeIndices) = ZoneRules.segments([], types: [type])
        types = [type]
        cycle = (0, false)
        fingerprint = StableHash.fnv1a64("\(offset) \(abbreviation)")
    }

    convenience init(rule: POSIXRule, fingerprint: UInt64) {
        var data = TZifParts(types: [TZif.LocalType(rule.standard, isDaylight: false)], transitions: [])
        data.footer = rule
        self.init(data, fingerprint: fingerprint)
    }

    convenience init(_ file: TZif, fingerprint: UInt64) {
        var data = TZifParts(types: file.types, transitions: file.transitions)
        data.footer = file.footer
        self.init(data, fingerprint: fingerprint)
    }

    private init(_ data: TZifParts, fingerprint: UInt64) {
        var data = data
        let startYear = data.extendByFooter()
        (starts, segments, typeIndices) = ZoneRules.segments(data.transitions, types: data.types)
        types = data.types
        cycle = (
            Int64(CivilDate(year: startYear + 2, month: 1, day: 1).daysSinceEpoch) * 86_400,
            data.footer?.daylight != nil
        )
        self.fingerprint = fingerprint
    }

    private static func segments(
        _ transitions: [(at: Int64, type: Int)],
        types: [TZif.LocalType]
    ) -> ([Int64], [ZoneSegment], [UInt8]) {
        let starts = [distantPast] + transitions.map(\.at)
        let indices = [0] + transitions.map(\.type)
        var segments = starts.indices.map { index in
            ZoneSegment(
                start: starts[index],
                end: index + 1 < starts.count ? starts[index + 1] : distantFuture,
                offset: Int64(types[indices[index]].offset),
                reachedBefore: distantPast * 2,
                returnsAt: distantFuture * 2
            )
        }
        for index in segments.indices.dropFirst() {
            segments[index].reachedBefore = max(segments[index - 1].reachedBefore, segments[index - 1].wallEnd)
        }
        for index in segments.indices.dropLast().reversed() {
            segments[index].returnsAt = min(segments[index + 1].returnsAt, segments[index + 1].wallStart)
        }
        return (starts, segments, indices.map { UInt8(truncatingIfNeeded: $0) })
    }

    /// The segment that a second of Unix time lies in.
    @inline(__always)
    func segment(at seconds: Int64) -> ZoneSegment {
        if segments.count == 1 { return segments[0] }
        let shift = shift(of: seconds)
        let segment = segments[index(of: seconds &- shift)]
        return shift == 0 ? segment : segment.shifted(by: shift)
    }

    func type(at seconds: Int64) -> TZif.LocalType {
        types[Int(typeIndices[index(of: seconds &- shift(of: seconds))])]
    }

    @inline(__always)
    private func shift(of seconds: Int64) -> Int64 {
        guard seconds >= cycle.start &+ ZoneRules.cycleLength, cycle.isRepeating else { return 0 }
        return (seconds - cycle.start) / ZoneRules.cycleLength * ZoneRules.cycleLength
    }

    /// The last segment that begins at or before the second.
    @inline(__always)
    private func index(of seconds: Int64) -> Int {
        starts.withUnsafeBufferPointer { starts in
            var low = 0
            var count = starts.count
            // Without a branch on the comparison: for times spread over the years it would be mispredicted every other
            // step.
            while count > 1 {
                let half = count >> 1
                low = starts[low &+ half] <= seconds ? low &+ half : low
                count &-= half
            }
            return low
        }
    }
}

extension TZif.LocalType {
    init(_ period: POSIXRule.Period, isDaylight: Bool) {
        self.init(offset: period.offset, isDaylight: isDaylight, abbreviation: period.abbreviation)
    }
}

/// A file's transitions while the footer's rule is written out after them.
private struct TZifParts {
    var types: [TZif.LocalType]
    var transitions: [(at: Int64, type: Int)]
    var footer: POSIXRule?

    /// Appends the changes of a little more than 400 years; returns the year from which they follow the footer.
    mutating func extendByFooter() -> Int {
        let last = transitions.last?.at ?? Int64.min / 8
        // A zone that has had the same rule since ever is written out from the year in which Unix time began.
        let startYear = transitions.isEmpty ? 1970 : CivilDate(daysSinceEpoch: Int(floorDivide(last, by: 86_400))).year
        guard let footer, footer.daylight != nil else { return startYear }
        for year in startYear...(startYear + 403) {
            for change in footer.changes(in: year) where change.at > last {
                let type = index(of: TZif.LocalType(change.period, isDaylight: change.isDaylight))
                // Where daylight saving time holds all year it ends at the very moment at which it begins again.
                if transitions.last?.at == change.at { transitions.removeLast() }
                transitions.append((at: change.at, type: type))
            }
        }
        return startYear
    }

    private mutating func index(of type: TZif.LocalType) -> Int {
        if let index = types.firstIndex(of: type) { return index }
        types.append(type)
        return types.count - 1
    }
}
