import Schedule
import Testing

struct CronScheduleTests {
    struct Row: Sendable, CustomTestStringConvertible {
        var story: String
        var expression: String
        var zone: String
        var after: String
        var expected: [String]
        var dst = DaylightSavingPolicy.standard
        var testDescription: String { story }
    }

    private static let paris = "Europe/Paris"

    @Test(arguments: [
        Row(
            story: "a fixed time in the hour lost to daylight saving fires right after it",
            expression: "30 2 * * *",
            zone: paris,
            after: "2026-03-28T12:00:00+01:00",
            expected: ["2026-03-29T03:00:00+02:00", "2026-03-30T02:30:00+02:00"]
        ),
        Row(
            story: "several fixed times in one gap fire once",
            expression: "0,15,30 2 * * *",
            zone: paris,
            after: "2026-03-29T01:00:00+01:00",
            expected: ["2026-03-29T03:00:00+02:00", "2026-03-30T02:00:00+02:00"]
        ),
        Row(
            story: "a time in the gap and one at its end fire once",
            expression: "0 2,3 * * *",
            zone: paris,
            after: "2026-03-29T01:00:00+01:00",
            expected: ["2026-03-29T03:00:00+02:00", "2026-03-30T02:00:00+02:00"]
        ),
        Row(
            story: "a repeating schedule fires at real times only",
            expression: "*/30 2 * * *",
            zone: paris,
            after: "2026-03-28T12:00:00+01:00",
            expected: ["2026-03-30T02:00:00+02:00", "2026-03-30T02:30:00+02:00"]
        ),
        Row(
            story: "a fixed time that comes twice fires the first time only",
            expression: "30 2 * * *",
            zone: paris,
            after: "2026-10-24T12:00:00+02:00",
            expected: ["2026-10-25T02:30:00+02:00", "2026-10-26T02:30:00+01:00"]
        ),
        Row(
            story: "asked within the repeated hour, a fixed time is not repeated",
            expression: "30 2 * * *",
            zone: paris,
            after: "2026-10-25T02:10:00+01:00",
            expected: ["2026-10-26T02:30:00+01:00"]
        ),
        Row(
            story: "a repeating schedule fires in both hours",
            expression: "30 * * * *",
            zone: paris,
            after: "2026-10-25T01:45:00+02:00",
            expected: ["2026-10-25T02:30:00+02:00", "2026-10-25T02:30:00+01:00", "2026-10-25T03:30:00+01:00"]
        ),
        Row(
            story: "gap: skip leaves the day out",
            expression: "30 2 * * *",
            zone: paris,
            after: "2026-03-28T12:00:00+01:00",
            expected: ["2026-03-30T02:30:00+02:00"],
            dst: DaylightSavingPolicy(gap: .skip)
        ),
        Row(
            story: "gap: next gives a repeating schedule one fire after the gap",
            expression: "*/20 2 * * *",
            zone: paris,
            after: "2026-03-28T12:00:00+01:00",
            expected: ["2026-03-29T03:00:00+02:00", "2026-03-30T02:00:00+02:00"],
            dst: DaylightSavingPolicy(gap: .next)
        ),
        Row(
            story: "overlap: last takes the second hour",
            expression: "30 2 * * *",
            zone: paris,
            after: "2026-10-24T12:00:00+02:00",
            expected: ["2026-10-25T02:30:00+01:00", "2026-10-26T02:30:00+01:00"],
            dst: DaylightSavingPolicy(overlap: .last)
        ),
        Row(
            story: "overlap: both takes both",
            expression: "30 2 * * *",
            zone: paris,
            after: "2026-10-24T12:00:00+02:00",
            expected: ["2026-10-25T02:30:00+02:00", "2026-10-25T02:30:00+01:00"],
            dst: DaylightSavingPolicy(overlap: .both)
        ),
        Row(
            story: "with seconds the same rule holds",
            expression: "15 30 2 * * *",
            zone: paris,
            after: "2026-03-28T12:00:00+01:00",
            expected: ["2026-03-29T03:00:00+02:00", "2026-03-30T02:30:15+02:00"]
        ),
        Row(
            story: "midnight that does not exist",
            expression: "0 0 * * *",
            zone: "America/Sao_Paulo",
            after: "2018-11-03T12:00:00-03:00",
            expected: ["2018-11-04T01:00:00-02:00", "2018-11-05T00:00:00-02:00"]
        ),
        Row(
            story: "a whole day that does not exist",
            expression: "0 12 * * *",
            zone: "Pacific/Apia",
            after: "2011-12-29T12:00:00-10:00",
            expected: ["2011-12-31T00:00:00+14:00", "2011-12-31T12:00:00+14:00"]
        ),
        Row(
            story: "half an hour that does not exist",
            expression: "15 2 * * *",
            zone: "Australia/Lord_Howe",
            after: "2026-10-03T12:00:00+10:30",
            expected: ["2026-10-04T02:30:00+11:00", "2026-10-05T02:15:00+11:00"]
        ),
        Row(
            story: "years past the table follow the footer",
            expression: "30 2 * * *",
            zone: paris,
            after: "2437-03-28T12:00:00+01:00",
            expected: ["2437-03-29T03:00:00+02:00"]
        ),
        Row(
            story: "a wrapping range of hours",
            expression: "0 22-2/2 * * *",
            zone: "UTC",
            after: "2026-01-01T21:00:00Z",
            expected: ["2026-01-01T22:00:00+00:00", "2026-01-02T00:00:00+00:00", "2026-01-02T02:00:00+00:00"]
        ),
        Row(
            story: "either day field is enough",
            expression: "0 0 13 * FRI",
            zone: "UTC",
            after: "2026-02-07T00:00:00Z",
            expected: ["2026-02-13T00:00:00+00:00", "2026-02-20T00:00:00+00:00"]
        ),
    ])
    func `gives the fire times of the table`(row: Row) throws {
        let zone = try Zone(named: row.zone)
        let schedule = CronSchedule(try CronExpression(row.expression), zone: zone, dst: row.dst)
        let expected = try row.expected.map { try #require(Instant(rfc3339: $0)) }
        let after = try #require(Instant(rfc3339: row.after))
        let found = Array(Schedule.cron(schedule).instants(after: after).prefix(expected.count))
        #expect(found == expected, "\(found.map { $0.rfc3339(in: zone) })")
        // And backwards.
        let last = try #require(expected.last)
        let back = Schedule.cron(schedule).instants(before: last + .microseconds(1)).prefix(expected.count)
        #expect(Array(back.reversed()) == expected)
    }

    @Test func `day_match and joins two restricted day fields`() throws {
        let schedule = CronSchedule(try CronExpression("0 0 13 * FRI", dayMatch: .and), zone: .utc)
        #expect(schedule.next(after: Instant(seconds: 1_770_940_800))?.description == "2026-03-13T00:00:00Z")
    }

    @Test func `H depends on the key and on nothing else`() throws {
        let one = try CronExpression("H H(0-5) H * *", hashKey: "nightly")
        let same = try CronExpression("H H(0-5) H * *", hashKey: "nightly")
        #expect(one.isSameSchedule(as: same))
        let others = try (0..<50).map { try CronExpression("H * * * *", hashKey: "recipe \($0)") }
        let minutes = others.map { CronSchedule($0, zone: .utc).next(after: Instant(seconds: 0)) }
        #expect(Set(minutes).count > 25)
        #expect(one.usesHash)
        #expect(try !CronExpression("5 * * * THU").usesHash)
    }

    @Test func `H with a step fires at that distance`() throws {
        let schedule = Schedule.cron(CronSchedule(try CronExpression("H/15 * * * *", hashKey: "sync"), zone: .utc))
        let times = Array(schedule.instants(after: Instant(seconds: 0)).prefix(9))
        #expect(zip(times, times.dropFirst()).allSatisfy { $1 - $0 == .seconds(900) })
    }
}
