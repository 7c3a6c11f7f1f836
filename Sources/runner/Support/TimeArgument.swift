import Engine
import Schedule

/// A time on the command line: RFC 3339, or what a clock in some zone shows: `2026-03-29T02:30`, `2026-03-29 02:30`,
/// `2026-03-29`, and of today `02:30`.
enum TimeArgument {
    case instant(Instant, precision: Duration)
    case wall(WallTime, precision: Duration)

    /// - Parameter today: what the clocks show now, for a time of day alone.
    init(_ text: String, option: String, today: WallTime) throws {
        if let instant = Instant(rfc3339: text) {
            self = .instant(instant, precision: text.contains(".") ? .milliseconds(1) : .seconds(1))
            return
        }
        // RFC 3339 wants seconds; people leave them out.
        if let instant = Instant(rfc3339: text.prefix(16) + ":00" + text.dropFirst(16)) {
            self = .instant(instant, precision: .seconds(60))
            return
        }
        let colons = text.utf8.count { $0 == UInt8(ascii: ":") }
        let precision: Duration = colons > 1 ? .seconds(1) : .seconds(60)
        let date = today.description.prefix(10)
        guard let wall = WallTime(text) ?? WallTime("\(date)T\(text)"), colons > 0 || WallTime(text) != nil else {
            throw Failure(
                .invalid,
                "\(option) takes a time, not `\(text)`; write 2026-03-29T02:30 or 02:30 for what the clock shows, or RFC 3339 "
                    + "such as 2026-03-29T02:30:00+01:00"
            )
        }
        self = .wall(wall, precision: precision)
    }

    /// The moment that is meant: of a time that comes twice the first, of one that is skipped the first after it.
    func instant(in zone: Zone) -> Instant {
        switch self {
        case .instant(let instant, _): return instant
        case .wall(let wall, _):
            switch zone.moments(of: wall) {
            case .once(let moment), .repeated(let moment, _), .skipped(let moment): return moment
            }
        }
    }

    /// What is asked of a trigger whose times are those of a zone.
    func asked(in zone: Zone) -> AskedTime {
        switch self {
        case .instant(let instant, let precision): AskedTime(instant, in: zone, precision: precision)
        case .wall(let wall, let precision): AskedTime(wall, in: zone, precision: precision)
        }
    }
}
