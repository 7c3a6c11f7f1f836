import Schedule

/// From one moment to just before another, as `--from` and `--to` say.
struct Period {
    let from: Instant
    let to: Instant

    /// Up to now, and 24 hours long, where nothing else is said.
    static func past(from: String?, to: String?, zone: Zone, now: Instant) throws -> Period {
        let end = try moment(to, "--to", zone, now) ?? now
        return try Period(from: moment(from, "--from", zone, now) ?? end - .seconds(86_400), to: end)
    }

    /// From now on, and so long, where nothing else is said.
    static func coming(from: String?, to: String?, zone: Zone, now: Instant, length: Duration) throws -> Period {
        let start = try moment(from, "--from", zone, now) ?? now
        return try Period(from: start, to: moment(to, "--to", zone, now) ?? start + length)
    }

    private init(from: Instant, to: Instant) throws {
        guard from < to else { throw Failure(.invalid, "--from must lie before --to") }
        (self.from, self.to) = (from, to)
    }

    private static func moment(_ text: String?, _ option: String, _ zone: Zone, _ now: Instant) throws -> Instant? {
        try text.map { try TimeArgument($0, option: option, today: zone.wallTime(at: now)).instant(in: zone) }
    }
}
