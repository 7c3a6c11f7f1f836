import Schedule

/// Measures fire times on one core: `swift run -c release ScheduleBenchmark`.
///
/// The aims: 5 million next fire times a second for ordinary expressions of five fields in UTC, 4 million in a zone with daylight saving, and no single
/// answer that takes more than 1 ms.
let start = Instant(seconds: 1_767_225_600)  // 2026-01-01T00:00:00Z
let ordinary = [
    "* * * * *", "*/5 * * * *", "0 * * * *", "*/15 9-17 * * MON-FRI", "30 6 * * *", "0 9 * * MON", "15 3 1 * *",
    "0 0 1 1 *", "5,35 8,12,18 * * *", "10 4 * * SUN", "0 22 * * 1-5", "30 2 * * *",
]

/// A value that the optimizer cannot do without.
var checksum: Int64 = 0

func schedule(_ text: String, _ zone: Zone, _ policy: DaylightSavingPolicy = .standard, _ days: DayMatch = .or) throws
    -> CronSchedule
{
    CronSchedule(try CronExpression(text, dayMatch: days), zone: zone, dst: policy)
}

/// The best of several rounds, in answers a second.
func rate(of schedules: [CronSchedule], _ body: (CronSchedule, Int) -> Void) -> Double {
    let count = 50_000
    var best = Duration.seconds(3600)
    for _ in 0..<5 {
        let begin = ContinuousClock.now
        for schedule in schedules { body(schedule, count) }
        best = min(best, begin.duration(to: .now))
    }
    return Double(count * schedules.count) / (best / .seconds(1))
}

func report(_ name: String, _ rate: Double) {
    let padding = String(repeating: " ", count: max(1, 44 - name.count))
    print("\(name)\(padding)\((rate / 10_000).rounded() / 100) million a second")
}

/// Moments over some forty years, in no order.
let moments = (0..<50_000).map { number in
    Instant(seconds: start.microseconds / 1_000_000 + Int64(number) * 7_919_017 % 1_262_304_000)
}

for (name, zone) in [
    ("UTC", Zone.utc), ("Europe/Paris", try Zone(named: "Europe/Paris")),
    ("America/New_York", try Zone(named: "America/New_York")),
    ("Australia/Lord_Howe", try Zone(named: "Australia/Lord_Howe")),
] {
    let schedules = try ordinary.map { try schedule($0, zone) }
    report(
        "one after another, \(name)",
        rate(of: schedules) { schedule, count in
            var moment = start
            for _ in 0..<count { moment = schedule.next(after: moment) ?? start }
            checksum &+= moment.microseconds
        }
    )
    report(
        "from moments in no order, \(name)",
        rate(of: schedules) { schedule, count in
            for moment in moments.prefix(count) {
                checksum &+= schedule.next(after: moment)?.microseconds ?? 0
            }
        }
    )
}

// The rare and the impossible, each from many moments; the slowest single answer counts.
let paris = try Zone(named: "Europe/Paris")
let rare: [(String, CronSchedule)] = [
    ("0 0 29 2 MON, both days", try schedule("0 0 29 2 MON", paris, .standard, .and)),
    ("0 0 29 2 *", try schedule("0 0 29 2 *", paris)),
    ("59 59 23 31 12 SUN, both days", try schedule("59 59 23 31 12 SUN", paris, .standard, .and)),
    ("0 0 L-29 2-7/5 *", try schedule("0 0 L-29 2-7/5 *", paris)),
    (
        "30 2 * 3 SUNL, always in the gap, skipped",
        try schedule("30 2 * 3 SUNL", paris, DaylightSavingPolicy(gap: .skip))
    ),
    (
        "15 2 28 3 SUN in the gap, moved",
        try schedule("15 2 28 3 SUN", paris, DaylightSavingPolicy(gap: .next), .and)
    ),
]
var slowest = (time: Duration.zero, name: "")

/// Keeps what takes longest; of five measurements the best, since what delays one is seldom the schedule.
@MainActor func look(_ name: String, _ schedule: CronSchedule, at moment: Instant) {
    var best = Duration.seconds(1)
    for _ in 0..<5 {
        let begin = ContinuousClock.now
        checksum &+= schedule.next(after: moment)?.microseconds ?? 0
        checksum &+= schedule.previous(before: moment)?.microseconds ?? 0
        best = min(best, begin.duration(to: .now))
    }
    if best > slowest.time { slowest = (best, name) }
}

for (name, schedule) in rare {
    for moment in moments.prefix(500) {
        look(name, schedule, at: moment)
    }
}
// Hostile ones: every field of what is rarest, put together at random, in zones with odd rules.
struct Dice: RandomNumberGenerator {
    var state: UInt64 = 1

    mutating func next() -> UInt64 {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return state ^ state >> 29
    }
}
var dice = Dice()
let zones = try [
    "Europe/Paris", "Australia/Lord_Howe", "Africa/Casablanca", "America/Scoresbysund", "Pacific/Apia", "UTC",
]
.map { try Zone(named: $0) }
let fields = [
    ["0", "59", "*/59", "7"], ["0", "59", "30", "*/31"], ["0", "2", "1,2,3", "23"],
    ["29", "30", "31", "L", "L-30", "L-29", "LW", "31W", "29W", "1W", "15W", "*", "?"],
    ["2", "2", "4", "2,4", "12", "3", "*"],
    ["*", "MON#5", "SUN#5", "5L", "SUN", "MON-TUE", "?", "6#1"],
]
var count = 0
while count < 3_000 {
    let text = fields.map { $0.randomElement(using: &dice) ?? "*" }.joined(separator: " ")
    guard let zone = zones.randomElement(using: &dice),
        let schedule = try? schedule(
            text,
            zone,
            Bool.random(using: &dice) ? .standard : DaylightSavingPolicy(gap: .skip),
            Bool.random(using: &dice) ? .and : .or
        )
    else { continue }
    count += 1
    for _ in 0..<10 {
        let moment = moments.randomElement(using: &dice) ?? start
        look(text, schedule, at: moment)
    }
}
print("slowest answer, both ways: \(slowest.time / .microseconds(1)) µs (\(slowest.name))")
if checksum == 0 { print("nothing was computed") }
