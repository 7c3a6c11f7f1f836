/// A time zone of the system's tz database: what offset from UTC holds when.
///
/// The rules are read from TZif files (RFC 9636) and shared by all zones of the same name in the process. Two zones are
/// equal when the names and the rules are: after an update of the database changed a zone, the one made before and the
/// one made after differ.
public struct Zone: Sendable, Hashable {
    /// The name in the tz database, such as `Europe/Paris`.
    public let name: String
    let rules: ZoneRules

    /// Coordinated Universal Time; it needs no database.
    public static let utc = Zone(name: "UTC", rules: .utc)

    init(name: String, rules: ZoneRules) {
        self.name = name
        self.rules = rules
    }

    /// The zone of a name in the tz database, exactly as it is spelled there.
    ///
    /// The database is the directory that `TZDIR` names, else `/usr/share/zoneinfo`. A zone is read once per process;
    /// see `reloadDatabase`.
    ///
    /// - Throws: `ZoneError`: no such name (with the name that was probably meant), no database, an unreadable file.
    public init(named name: String) throws(ZoneError) {
        self.init(name: name, rules: try ZoneDatabase.rules(named: name))
    }

    /// A zone that is always so many seconds east of UTC; it needs no database.
    public init(secondsEast offset: Int) {
        let magnitude = abs(offset)
        let name = (offset < 0 ? "-" : "+") + padded(magnitude / 3_600, 2) + ":" + padded(magnitude / 60 % 60, 2)
        self.init(name: name, rules: offset == 0 ? .utc : ZoneRules(fixedOffset: offset, abbreviation: name))
    }

    /// The offset at a moment, in seconds east of UTC.
    public func offset(at instant: Instant) -> Int {
        Int(rules.segment(at: instant.wholeSeconds).offset)
    }

    /// The abbreviation in use at a moment, such as `CEST`; zones without one have digits (`+03`).
    public func abbreviation(at instant: Instant) -> String {
        rules.type(at: instant.wholeSeconds).abbreviation
    }

    /// Whether daylight saving time is in force at a moment.
    public func isDaylightSaving(at instant: Instant) -> Bool {
        rules.type(at: instant.wholeSeconds).isDaylight
    }

    /// What the clocks of the zone show at a moment; fractions of a second are dropped.
    public func wallTime(at instant: Instant) -> WallTime {
        let seconds = instant.wholeSeconds
        return WallTime(secondsSinceEpoch: seconds + rules.segment(at: seconds).offset)
    }

    /// The next moment after this one at which the offset changes, and the offsets before and after; nil when there is
    /// none any more.
    public func nextOffsetChange(after instant: Instant) -> (at: Instant, before: Int, after: Int)? {
        var segment = rules.segment(at: instant.wholeSeconds)
        // A transition may change only the abbreviation; a zone with a yearly rule has no last one, so the search ends
        // after two years of such.
        let horizon = instant.wholeSeconds + 2 * 366 * 86_400
        while segment.end < ZoneRules.distantFuture {
            let next = rules.segment(at: segment.end)
            if next.offset != segment.offset {
                return (Instant(seconds: segment.end), Int(segment.offset), Int(next.offset))
            }
            guard next.end < horizon || next.end == ZoneRules.distantFuture || next.start < horizon else { return nil }
            segment = next
        }
        return nil
    }

    /// Whether name and rules are the same.
    public static func == (left: Zone, right: Zone) -> Bool {
        left.rules === right.rules && left.name == right.name
            || left.name == right.name && left.rules.fingerprint == right.rules.fingerprint
    }

    /// Hashes the name.
    public func hash(into hasher: inout Hasher) {
        hasher.combine(name)
    }
}

extension Zone: CustomStringConvertible {
    /// The name.
    public var description: String { name }
}
