import Testing

@testable import Schedule

/// What holds for every zone, every year and every expression.
struct CronPropertyTests {
    private static let expressions = [
        "0 * * * *", "*/30 * * * *", "30 2 * * *", "0 0 * * *", "15 1,2,3 * * *", "0 */2 * * *", "59 23 L * *",
        "30 0 * * SUN",
    ]

    private static let policies =
        DaylightSavingPolicy.Gap.allCases.flatMap { gap in
            DaylightSavingPolicy.Overlap.allCases.map { DaylightSavingPolicy(gap: gap, overlap: $0) }
        } + [.standard]

    @Test func `fire times increase, and next and previous are inverse, around every change of every zone`() throws {
        var random = SplitMix(seed: 1)
        let last = Instant(seconds: 2_208_988_800)
        for name in Zone.names() {
            let zone = try Zone(named: name)
            var instant = Instant(seconds: 0)
            while let change = zone.nextOffsetChange(after: instant), change.at < last {
                instant = change.at
                let text = Self.expressions.randomElement(using: &random) ?? "0 * * * *"
                let policy = Self.policies.randomElement(using: &random) ?? .standard
                try check(CronSchedule(CronExpression(text), zone: zone, dst: policy), around: change.at)
            }
        }
    }

    private func check(_ schedule: CronSchedule, around change: Instant) throws {
        var time = change - .seconds(3 * 3_600)
        var before: Instant?
        for _ in 0..<5 {
            let next = try #require(schedule.next(after: time))
            #expect(next > time)
            #expect(next.microseconds % 1_000_000 == 0)
            // Between a time and its next one there is nothing, from whichever side one looks.
            #expect(schedule.previous(before: next + .microseconds(1)) == next)
            #expect(schedule.next(after: next - .microseconds(1)) == next)
            if let before {
                #expect(schedule.previous(before: next) == before, "\(schedule.zone) \(schedule.expression)")
            }
            before = next
            time = next
        }
    }

    @Test func `every minute fires as often on a day as the day has minutes, in every zone`() throws {
        var random = SplitMix(seed: 23)
        for name in Zone.names() {
            let zone = try Zone(named: name)
            let every = Schedule.cron(CronSchedule(try CronExpression("* * * * *"), zone: zone))
            let noon = Schedule.cron(CronSchedule(try CronExpression("0 12 * * *"), zone: zone))
            var instant = Instant(seconds: 0)
            while let change = zone.nextOffsetChange(after: instant), change.at < Instant(seconds: 2_208_988_800) {
                // The day of the change, and one on which nothing happens.
                let some = Instant(seconds: Int64.random(in: 0...2_208_988_800, using: &random))
                for moment in [change.at, some] {
                    guard let day = day(of: moment, in: zone) else { continue }
                    let (start, end) = (day.start - .microseconds(1), day.end - .microseconds(1))
                    let minutes = (day.end - day.start).wholeMicroseconds / 60_000_000
                    #expect(every.count(after: start, through: end) == Int(minutes), "\(name) \(moment)")
                    if day.hasNoon { #expect(noon.count(after: start, through: end) == 1, "\(name) \(moment)") }
                }
                instant = change.at
            }
        }
    }

    /// The day that a moment lies in, from its first moment to that of the next day; nil where an offset has seconds, so
    /// that minutes are no minutes, or where midnight comes twice.
    private func day(of moment: Instant, in zone: Zone) -> (start: Instant, end: Instant, hasNoon: Bool)? {
        let wall = zone.wallTime(at: moment)
        let number = CivilDate(year: wall.year, month: wall.month, day: wall.day).daysSinceEpoch
        let moments = [0, 43_200, 86_400, -43_200].map {
            zone.moments(of: WallTime(secondsSinceEpoch: Int64(number) * 86_400 + $0))
        }
        var bounds: [Instant] = []
        for midnight in [moments[0], moments[2]] {
            switch midnight {
            case .once(let moment), .skipped(let moment): bounds.append(moment)
            case .repeated: return nil
            }
        }
        guard bounds.allSatisfy({ zone.offset(at: $0) % 60 == 0 }), zone.offset(at: bounds[0] - .seconds(1)) % 60 == 0
        else {
            return nil
        }
        // Where a whole day was left out its noon fires at the first moment of the next one.
        if case .once = moments[1], case .once = moments[3] { return (bounds[0], bounds[1], true) }
        return (bounds[0], bounds[1], false)
    }

    @Test func `no question takes long, in any zone`() throws {
        // The rarest days, and a time that a policy always forbids: the longest searches that there are.
        let hard = [
            (try CronExpression("0 0 29 2 MON", dayMatch: .and), DaylightSavingPolicy.standard),
            (try CronExpression("30 2 * 3 0L"), DaylightSavingPolicy(gap: .skip)),
            (try CronExpression("30 2 L-2W 2 *"), .standard),
        ]
        let clock = ContinuousClock()
        for name in Zone.names() {
            let zone = try Zone(named: name)
            for (expression, dst) in hard {
                let schedule = CronSchedule(expression, zone: zone, dst: dst)
                // The best of a few, since others use this machine too. Optimised it is a hundredth of this.
                let times = (0..<3).map { index in
                    clock.measure {
                        _ = schedule.next(after: Instant(seconds: 1_700_000_000 + Int64(index) * 97_000_000))
                    }
                }
                #expect(times.min() ?? .zero < .milliseconds(100), "\(name) \(expression)")
            }
        }
    }

    @Test func `a fixed daily time fires once on each day that exists`() throws {
        for name in [
            "Europe/Paris", "America/New_York", "Australia/Lord_Howe", "America/Santiago", "Africa/Casablanca",
            "Asia/Amman",
        ] {
            let zone = try Zone(named: name)
            for text in ["30 2 * * *", "0 0 * * *", "30 23 * * *"] {
                let schedule = Schedule.cron(CronSchedule(try CronExpression(text), zone: zone))
                let start = try #require(Instant(rfc3339: "2019-12-31T00:00:00Z"))
                let times = Array(schedule.instants(after: start).prefix(3_660))
                let days = times.map { zone.wallTime(at: $0) }.map {
                    CivilDate(year: $0.year, month: $0.month, day: $0.day).daysSinceEpoch
                }
                #expect(zip(days, days.dropFirst()).allSatisfy { $1 - $0 == 1 }, "\(name) \(text)")
            }
        }
    }

    @Test func `the answer is the same as that of trying every minute`() throws {
        var random = SplitMix(seed: 3)
        for _ in 0..<40 {
            let text =
                "\(Int.random(in: 0...59, using: &random)) */\(Int.random(in: 1...5, using: &random)) "
                + "\(Int.random(in: 1...28, using: &random)),L * \(Int.random(in: 0...6, using: &random))"
            let schedule = CronSchedule(try CronExpression(text), zone: .utc)
            let start = Instant(seconds: Int64.random(in: 0...2_000_000_000, using: &random) / 60 * 60)
            let next = try #require(schedule.next(after: start))
            let fields = schedule.expression.fields
            var minute = start.wholeSeconds + 60
            while !matches(fields, minute) { minute += 60 }
            #expect(next == Instant(seconds: minute), "\(text) after \(start)")
        }
    }

    /// The definition, without the search: the fields one by one.
    private func matches(_ fields: CronFields, _ seconds: Int64) -> Bool {
        let wall = WallTime(secondsSinceEpoch: seconds)
        guard fields.minutes >> UInt64(wall.minute) & 1 == 1, fields.hours >> UInt64(wall.hour) & 1 == 1 else {
            return false
        }
        let isLast = wall.day == CivilDate.length(ofMonth: wall.month, year: wall.year)
        return fields.days >> UInt32(wall.day) & 1 == 1 || isLast || fields.weekdays >> UInt32(wall.weekday) & 1 == 1
    }

    @Test func `the rarest expressions are found, and what a policy forbids is given up`() throws {
        let paris = try Zone(named: "Europe/Paris")
        let rare = CronSchedule(try CronExpression("0 0 29 2 MON", dayMatch: .and), zone: paris)
        let times = Array(Schedule.cron(rare).instants(after: Instant(seconds: 1_700_000_000)).prefix(3)).map {
            $0.rfc3339(in: paris)
        }
        #expect(times == ["2044-02-29T00:00:00+01:00", "2072-02-29T00:00:00+01:00", "2112-02-29T00:00:00+01:00"])
        let never = CronSchedule(try CronExpression("30 2 * 3 0L"), zone: paris, dst: DaylightSavingPolicy(gap: .skip))
        #expect(never.next(after: Instant(seconds: 1_700_000_000)) == nil)
    }
}

/// Counting and listing give what asking for one time after the other gives.
struct CountingTests {
    @Test(arguments: [
        "* * * * *", "*/7 3-9 * * MON-FRI", "30 2 * * *", "0 0 L * *", "15 1,2,3 29 2 *", "*/20 30 1-3 * * *",
        "0 0 13 * FRI", "0 22-2 * * *",
    ])
    func `a count is the number of fire times`(text: String) throws {
        var random = SplitMix(seed: 17)
        let zones = [
            "UTC", "Europe/Paris", "Australia/Lord_Howe", "America/Santiago", "Pacific/Apia", "Africa/Casablanca",
        ]
        for _ in 0..<60 {
            let zone = try Zone(named: try #require(zones.randomElement(using: &random)))
            let dst = DaylightSavingPolicy(
                gap: DaylightSavingPolicy.Gap.allCases.randomElement(using: &random),
                overlap: DaylightSavingPolicy.Overlap.allCases.randomElement(using: &random)
            )
            let cron = CronSchedule(
                try CronExpression(text),
                zone: zone,
                dst: Bool.random(using: &random) ? dst : .standard
            )
            // Near a change of the clocks, where one can go wrong.
            let asked = Instant(seconds: Int64.random(in: 0...2_000_000_000, using: &random))
            let near = zone.nextOffsetChange(after: asked)?.at ?? asked
            let start = near - .seconds(Int64.random(in: 0...9_000, using: &random)) + .microseconds(250_000)
            let schedule = Schedule.cron(cron)
            let times = Array(schedule.instants(after: start).prefix(40))
            let end = try #require(times.last) - .microseconds(Bool.random(using: &random) ? 0 : 1)
            let expected = times.filter { $0 <= end }
            #expect(schedule.count(after: start, through: end) == expected.count, "\(text) \(zone) \(start)")
            var listed: [Int64] = []
            schedule.forEachSecond(after: start, through: end) { listed.append($0) }
            #expect(listed == expected.map(\.wholeSeconds), "\(text) \(zone) \(start)")
        }
    }

    @Test func `a count keeps to the bounds, and needs no walk`() throws {
        let every = Schedule.cron(CronSchedule(try CronExpression("* * * * * *"), zone: .utc))
        let year = try #require(Instant(rfc3339: "2026-01-01T00:00:00Z"))
        let next = try #require(Instant(rfc3339: "2027-01-01T00:00:00Z"))
        #expect(every.count(after: year, through: next) == 31_536_000)
        let bounds = FireBounds(start: year + .seconds(10), end: year + .seconds(20))
        #expect(every.count(after: year, through: next, in: bounds) == 10)
        let interval = Schedule.interval(try IntervalSchedule(period: .milliseconds(10), phase: .milliseconds(3)))
        #expect(interval.count(after: year, through: next) == 3_153_600_000)
        #expect(interval.count(after: year, through: next, in: bounds) == 1_000)
        #expect(interval.count(after: next, through: year) == 0)
    }
}
