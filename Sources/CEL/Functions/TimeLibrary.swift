/// Parts of timestamps and durations (cel-spec, "List of Standard Definitions": date and time functions).
enum TimeLibrary {
    typealias TimeZones = @Sendable (_ name: String, _ secondsSinceEpoch: Int64) -> Int?

    static func functions(_ timeZones: @escaping TimeZones) -> [Function] {
        [
            part("getFullYear", timeZones) { time, _ in time.year },
            part("getMonth", timeZones) { time, _ in time.month - 1 },
            part("getDate", timeZones) { time, _ in time.day },
            part("getDayOfMonth", timeZones) { time, _ in time.day - 1 },
            part("getDayOfWeek", timeZones) { time, _ in time.dayOfWeek },
            part("getDayOfYear", timeZones) { time, _ in time.dayOfYear },
            part("getHours", timeZones) { time, _ in time.hour },
            part("getMinutes", timeZones) { time, _ in time.minute },
            part("getSeconds", timeZones) { time, _ in time.second },
            part("getMilliseconds", timeZones) { _, timestamp in Int(timestamp.nanoseconds / 1_000_000) },
            Function("getHours", whole { $0 / 3_600_000_000_000 }),
            Function("getMinutes", whole { $0 / 60_000_000_000 }),
            Function("getSeconds", whole { $0 / 1_000_000_000 }),
            // Only the part below a second, unlike the others.
            Function("getMilliseconds", whole { $0 / 1_000_000 % 1000 }),
        ]
    }

    private static func whole(_ part: @escaping @Sendable (Int64) -> Int64) -> Overload {
        .one(.duration, .int, .member) { value, _ in
            guard case .duration(let duration) = value else { return .null }
            return .int(part(duration.nanoseconds))
        }
    }

    private static func part(
        _ name: String,
        _ timeZones: @escaping TimeZones,
        _ part: @escaping @Sendable (CivilTime, Timestamp) -> Int
    ) -> Function {
        Function(
            name,
            .one(.timestamp, .int, .member) { value, _ in
                guard case .timestamp(let timestamp) = value else { return .null }
                return .int(Int64(part(CivilTime(secondsSinceEpoch: timestamp.seconds), timestamp)))
            },
            .two(.timestamp, .string, .int, .member) { (value, zone, _) throws(EvaluationError) in
                guard case .timestamp(let timestamp) = value else { return .null }
                let offset = try offset(of: zone.asString, at: timestamp, timeZones)
                return .int(Int64(part(CivilTime(secondsSinceEpoch: timestamp.seconds + offset), timestamp)))
            }
        )
    }

    /// Seconds east of UTC.
    private static func offset(
        of zone: String,
        at timestamp: Timestamp,
        _ timeZones: TimeZones
    ) throws(EvaluationError) -> Int64 {
        if zone == "UTC" || zone == "Z" { return 0 }
        var reader = TimeReader(zone)
        if let offset = reader.offset(requiringSign: false), reader.isAtEnd { return Int64(offset) }
        guard let offset = timeZones(zone, timestamp.seconds) else {
            throw .invalid("unknown time zone '\(zone.prefix(60))'")
        }
        return Int64(offset)
    }
}
