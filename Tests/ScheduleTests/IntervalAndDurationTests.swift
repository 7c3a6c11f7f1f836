import Schedule
import Testing

struct IntervalScheduleTests {
    @Test func `keeps its phase for ever and in both directions`() throws {
        let schedule = try IntervalSchedule(period: .seconds(90), hashKey: "open-issues")
        var time = Instant(seconds: -1_000)
        for _ in 0..<50 {
            let next = try #require(schedule.next(after: time))
            #expect(next > time)
            #expect(schedule.previous(before: next + .microseconds(1)) == next)
            #expect((next - Instant(seconds: 0) - schedule.phase).wholeMicroseconds % 90_000_000 == 0)
            time = next
        }
        #expect(schedule == (try IntervalSchedule(period: .seconds(90), hashKey: "open-issues")))
    }

    @Test func `equal intervals of many recipes spread over the period`() throws {
        let phases = try (0..<100).map { try IntervalSchedule(period: .seconds(60), hashKey: "recipe-\($0)").phase }
        for quarter in 0..<4 {
            #expect(phases.filter { $0 >= .seconds(quarter * 15) && $0 < .seconds(quarter * 15 + 15) }.count > 10)
        }
    }

    @Test func `aligned to the clock it fires at round times`() throws {
        let after = try #require(Instant(rfc3339: "2026-11-24T10:07:00Z"))
        let rows: [(Duration, String)] = [
            (.seconds(900), "2026-11-24T10:15:00Z"), (.seconds(86_400), "2026-11-25T00:00:00Z"),
            (.seconds(604_800), "2026-11-30T00:00:00Z"),
        ]
        for (period, expected) in rows {
            #expect(try IntervalSchedule.alignedToClock(period: period).next(after: after)?.description == expected)
        }
    }

    @Test(arguments: ["0s", "-5s", "1ms", "0"])
    func `refuses an interval that would never let go`(text: String) throws {
        let error = try #require(throws: DurationError.self) { try IntervalSchedule.parsePeriod(text) }
        #expect(error.range == 0..<text.utf8.count)
        #expect(error.help != nil)
    }

    @Test func `start and end bound a schedule`() throws {
        let schedule = Schedule.interval(try IntervalSchedule(period: .seconds(10), phase: .zero))
        let bounds = FireBounds(start: Instant(seconds: 100), end: Instant(seconds: 130))
        #expect(schedule.instants(after: Instant(seconds: 0), in: bounds).map(\.wholeSeconds) == [100, 110, 120])
        #expect(schedule.instants(before: Instant(seconds: 500), in: bounds).map(\.wholeSeconds) == [120, 110, 100])
    }
}

struct DurationTextTests {
    @Test(arguments: [
        ("250ms", 250), ("90s", 90_000), ("5m", 300_000), ("1h30m", 5_400_000), ("2d", 172_800_000),
        ("1w", 604_800_000),
        ("1.5h", 5_400_000), ("PT5M", 300_000), ("P1DT12H", 129_600_000), ("P2W", 1_209_600_000), ("pt0,5s", 500),
        ("0", 0),
    ])
    func `reads both notations`(text: String, milliseconds: Int) throws {
        #expect(try DurationText.parse(text) == .milliseconds(milliseconds))
    }

    @Test(arguments: [
        ("5 parsecs", "parsecs", "unknown unit", "ns, us, ms"), ("5 minutes", " minutes", "not a unit", "write 5m"),
        ("90", "90", "unit is missing", "90s"), ("P1M", "1M", "no fixed length", "P30D"), ("", "", "empty", "90s"),
        ("soon", "soon", "not a duration", "90s"), ("PT", "PT", "not an ISO 8601", "PT5M"),
        ("400000w", "400000w", "292 years", ""),
    ])
    func `says where, what and what instead`(text: String, part: String, reason: String, mend: String) throws {
        let error = try #require(throws: DurationError.self) { try DurationText.parse(text) }
        let wrong = String(decoding: Array(text.utf8)[error.range], as: UTF8.self)
        #expect(wrong == part || wrong == " " + part)
        #expect(error.message.contains(reason), "\(error.message)")
        if !mend.isEmpty { #expect(error.help?.contains(mend) == true, "\(error.help ?? "")") }
    }

    @Test(arguments: [
        (0, "0s"), (250, "250ms"), (90_000, "1m30s"), (5_400_000, "1h30m"), (172_800_000, "2d"), (604_800_000, "1w"),
        (1_500, "1.5s"),
        (-90_000, "-1m30s"), (90_061_000, "1d1h1m1s"),
    ])
    func `writes what it reads`(milliseconds: Int, text: String) throws {
        #expect(DurationText.format(.milliseconds(milliseconds)) == text)
        #expect(try DurationText.parse(text) == .milliseconds(milliseconds))
    }

    @Test(arguments: [
        ("64KiB", 65_536), ("10MB", 10_000_000), ("1.5 GiB", 1_610_612_736), ("4096", 4_096), ("512b", 512),
    ])
    func `reads sizes`(text: String, bytes: Int) throws {
        #expect(try ByteSizeText.parse(text) == bytes)
    }

    @Test(arguments: ["", "KiB", "10 parsecs", "-5MB", "99999999999TiB"])
    func `refuses what is no size`(text: String) {
        #expect(throws: ByteSizeError.self) { try ByteSizeText.parse(text) }
    }
}

struct InstantTests {
    @Test(arguments: [
        "2026-03-29T02:30:00Z", "1969-12-31T23:59:59.999Z", "2026-01-01T00:00:00.000001Z", "0001-01-01T00:00:00Z",
        "9999-12-31T23:59:59Z",
    ])
    func `writes RFC 3339 as it was read`(text: String) {
        #expect(Instant(rfc3339: text)?.description == text)
    }

    @Test(arguments: [
        "2026-02-29T00:00:00Z", "2026-01-01T24:00:00Z", "2026-01-01T00:00:00", "2026-1-1T00:00:00Z",
        "2026-01-01T00:00:00.Z", "",
    ])
    func `refuses what is no moment`(text: String) {
        #expect(Instant(rfc3339: text) == nil)
    }

    @Test func `shows the offset of the zone`() throws {
        let instant = try #require(Instant(rfc3339: "2026-07-01T12:00:00.5+05:30"))
        #expect(instant.rfc3339(in: try Zone(named: "Europe/Paris")) == "2026-07-01T08:30:00.500+02:00")
        #expect(instant.rfc3339() == "2026-07-01T06:30:00.500Z")
    }
}
