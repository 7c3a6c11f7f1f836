import Testing

@testable import Schedule

struct CronExplanationTests {
    @Test(arguments: [
        // Times of day.
        ("30 2 * * *", "at 02:30, every day"),
        ("0 0,12 * * *", "at 00:00 and 12:00, every day"),
        ("15 30 6 * * *", "at 06:30:15, every day"),
        ("@daily", "at 00:00, every day"),
        ("* * * * *", "every minute"),
        ("0 * * * *", "at minute 0 of every hour"),
        ("*/15 9-17 * * MON-FRI", "every 15 minutes from 09:00 through 17:59, Monday to Friday"),
        ("0,30 9-17 * * *", "every 30 minutes from 09:00 through 17:59"),
        ("* 9 * * *", "every minute from 09:00 through 09:59"),
        ("0 9-11 * * *", "every hour from 09:00 through 11:00"),
        ("5 */2 * * *", "every 2 hours from 00:05 through 22:05"),
        ("0,20,50 * * * *", "at minutes 0, 20 and 50 of every hour"),
        ("0-29 9-17 * * *", "every minute from 0 through 29 of every hour from 09 through 17"),
        ("0 9-12,15,17,18 * * *", "at minute 0 of hours 09 through 12, 15, 17 and 18"),
        ("*/20 */2 * * *", "every 20 minutes in every 2nd hour from 00 through 22"),
        // A step that does not divide the hour starts anew in each.
        ("*/7 * * * *", "every 7th minute from 0 through 56 of every hour"),
        ("5/15 * * * *", "every 15th minute from 5 through 50 of every hour"),
        // Wrapping ranges are said from where they begin.
        ("0 22-2 * * *", "every hour from 22:00 through 02:00"),
        ("0 22-3/2 * * *", "every 2 hours from 22:00 through 02:00"),
        ("*/10 22-2 * * *", "every 10 minutes from 22:00 through 02:59"),
        ("0 9 * * FRI-MON", "at 09:00, Friday to Monday"),
        ("0 9 * NOV-FEB *", "at 09:00, in November to February"),
        // Seconds.
        ("*/10 * * * * *", "every 10 seconds"),
        ("30 * * * * *", "at second 30 of every minute"),
        ("*/10 30 6 * * *", "every 10 seconds from 06:30:00 through 06:30:59"),
        ("* * 9-17 * * *", "every second from 09:00:00 through 17:59:59"),
        ("0-9 */5 * * * *", "every second from 0 through 9 of every 5th minute from 0 through 55 of every hour"),
        // Days.
        ("0 6,18 1 * *", "at 06:00 and 18:00, on the 1st of the month"),
        ("0 0 1 * MON", "at 00:00, on the 1st or on any Monday"),
        ("0 0 1-7 * MON,TUE", "at 00:00, on the 1st through 7th or on any Monday or Tuesday"),
        ("0 0 13 * MON-FRI", "at 00:00, on the 13th or on any day from Monday to Friday"),
        ("0 0 */2 * MON", "at 00:00, on every 2nd day from the 1st through the 31st, if that is a Monday"),
        ("0 0 1-31 * MON", "at 00:00, every day"),
        ("0 9 * * MON-FRI/2", "at 09:00, on Monday, Wednesday and Friday"),
        ("0 9 * * MON#2", "at 09:00, on the 2nd Monday of the month"),
        ("0 9 * * 5L", "at 09:00, on the last Friday of the month"),
        ("0 9 15W * *", "at 09:00, on the weekday (Monday to Friday) nearest to the 15th of the month"),
        ("0 9 LW * *", "at 09:00, on the last weekday (Monday to Friday) of the month"),
        ("0 9 L-3 * *", "at 09:00, on the day 3 days before the last day of the month"),
        ("0 9 15,L * *", "at 09:00, on the 15th and on the last day of the month"),
        ("0 9 1 * 5L", "at 09:00, on the 1st or on the last Friday of the month"),
        // Months.
        ("@yearly", "at 00:00, on the 1st of January"),
        ("0 12 1,15 */3 *", "at 12:00, on the 1st and 15th of January, April, July and October"),
        ("0 0 L JAN-MAR *", "at 00:00, on the last day of the month, in January to March"),
    ])
    func `says in plain English what it asks for`(text: String, words: String) throws {
        #expect(try CronExpression(text).explanation == words)
    }

    @Test func `day_match and is a condition`() throws {
        let both = try CronExpression("0 0 13 * FRI", dayMatch: .and)
        #expect(both.explanation == "at 00:00, on the 13th, if that is a Friday")
        let range = try CronExpression("0 0 13 * MON-WED", dayMatch: .and)
        #expect(range.explanation == "at 00:00, on the 13th, if that is one of Monday to Wednesday")
    }

    @Test func `H is said by the number that was chosen`() throws {
        let words = try CronExpression("H H(0-5) * * *", hashKey: "nightly").explanation
        let fire = try #require(
            CronSchedule(CronExpression("H H(0-5) * * *", hashKey: "nightly"), zone: .utc)
                .next(after: Instant(seconds: 0))
        )
        let wall = Zone.utc.wallTime(at: fire)
        #expect(words == "at \(padded(wall.hour, 2)):\(padded(wall.minute, 2)), every day")
    }

    @Test(arguments: [
        (
            "*/15 9-17 * * MON-FRI", "2026-03-29T10:07",
            ["its day of week field `MON-FRI` excludes Sunday", "its minute field `*/15` excludes 7"]
        ),
        ("0 0 13 * FRI", "2026-03-29T00:00", ["neither day field, `13` nor `FRI`, holds Sunday the 29th"]),
        ("0 0 13 * FRI", "2026-03-13T00:00", []),
        (
            "0 0 L JAN *", "2026-03-30T00:00",
            ["its month field `JAN` excludes March", "its day of month field `L` excludes the 30th"]
        ),
        ("@daily", "2026-03-30T05:00:10", ["its hour field `0` excludes 5", "five fields mean second 0"]),
        ("*/30 * * * * *", "2026-03-30T05:00:10", ["its second field `*/30` excludes 10"]),
    ])
    func `names the fields that exclude a time`(text: String, wall: String, reasons: [String]) throws {
        let wall = try #require(WallTime(wall))
        #expect(try CronExpression(text).exclusions(of: wall).map(\.description) == reasons)
    }

    @Test func `a time is excluded exactly when the schedule does not give it`() throws {
        var random = SplitMix(seed: 11)
        let texts = ["*/7 3-9 * * MON-FRI", "0 0 13 * FRI", "5 4 L,15 * *", "* * 1-7 * SUN#1", "10-20 22-2 * 2-10/3 *"]
        for _ in 0..<2_000 {
            let expression = try CronExpression(try #require(texts.randomElement(using: &random)))
            let minute = Instant(seconds: Int64.random(in: 0...2_000_000_000, using: &random) / 60 * 60)
            let isGiven = CronSchedule(expression, zone: .utc).next(after: minute - .seconds(1)) == minute
            #expect(expression.exclusions(of: Zone.utc.wallTime(at: minute)).isEmpty == isGiven)
        }
    }
}

struct ScheduleInWordsTests {
    private func notes(_ text: String, _ dst: DaylightSavingPolicy = .standard) throws -> [String] {
        let zone = try Zone(named: "Europe/Paris")
        let schedule = Schedule.cron(CronSchedule(try CronExpression(text), zone: zone, dst: dst))
        let moment = try #require(Instant(rfc3339: "2026-01-01T00:00:00Z"))
        return ScheduleInWords(schedule, zone: zone, recipe: "", after: moment).notes
    }

    @Test func `says what the next changes of the clocks do`() throws {
        #expect(
            try notes("30 2 * * *").suffix(2) == [
                "2026-03-29T02:30:00 does not exist: fires at 2026-03-29T03:00:00+02:00 instead",
                "2026-10-25T02:30:00 comes twice: fires at 2026-10-25T02:30:00+02:00 only",
            ]
        )
        #expect(
            try notes("*/30 * * * *").suffix(2) == [
                "2026-03-29T02:00:00 does not exist: does not fire",
                "2026-10-25T02:00:00 comes twice: fires at 2026-10-25T02:00:00+02:00 and at 2026-10-25T02:00:00+01:00",
            ]
        )
        #expect(
            try notes("30 2 * * *", DaylightSavingPolicy(overlap: .last)).last?.hasSuffix("02:30:00+01:00 only") == true
        )
        #expect(try notes("0 12 * * *").count == 1)
    }

    @Test func `says whether it repeats, and what the day fields mean`() throws {
        #expect(try notes("0 12 * * *").first?.hasPrefix("it does not repeat") == true)
        #expect(try notes("* 12 * * *").first?.hasPrefix("it repeats") == true)
        #expect(try notes("0 0 13 * FRI").first?.contains("either is enough") == true)
    }
}
