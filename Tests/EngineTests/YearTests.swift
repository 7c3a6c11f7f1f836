import Connections
import Foundation
import Recipe
import Schedule
import Store
import Testing

@testable import Engine

/// Promise P1 over a year: 500 recipes, and all that can happen to a process, its clock and its files.
///
/// `RUNNER_LONG_TESTS=1` fires many times as often.
@Suite(.timeLimit(.minutes(30))) struct YearTests {
    private static let isLong = ProcessInfo.processInfo.environment["RUNNER_LONG_TESTS"] != nil
    private static let begin = Instant.at("2026-01-01T00:00:00Z")

    @Test(arguments: isLong ? [1, 2, 3] : [1] as [UInt64])
    func `neither the audit nor a recount finds a gap or a double in a year of 500 recipes`(seed: UInt64) async throws {
        let clock = ManualEngineClock(at: Self.begin)
        var year = try Year(seed: seed, clock: clock, recipes: 500, isLong: Self.isLong)
        try await year.start()
        let end = Self.begin + .seconds(365 * 86_400)
        while clock.now() < end { try await year.goOn() }
        try await year.settle()
        let audits = try await year.audits()
        let unproven = audits.filter { !$0.isProven }
        #expect(unproven.isEmpty, "\(unproven.prefix(3))")
        #expect(audits.map(\.asked).reduce(0, +) > 5_000)
        try await year.recount()
    }
}

/// A year of a workspace, and a book of its own about what each trigger owed.
private struct Year {
    /// A time in which a trigger was watched.
    private struct Watched {
        var since: Instant
        /// The last moment at which a process watched it; nil while one does.
        var until: Instant?
    }

    private var random: Dice
    private let clock: ManualEngineClock
    private let bench: Workbench
    private let isLong: Bool
    private var texts: [String: String] = [:]
    private var process: SchedulerProcess
    private var book: [TriggerKey: [Watched]] = [:]
    private var rules: [TriggerKey: Trigger] = [:]
    private var paused: Set<String> = []
    /// When the process that runs was last seen alive; moments of a dead one are not watched.
    private var lastAlive: Instant
    private var latest: Instant

    private static let length: @Sendable (RunOrder) -> Duration = { order in
        let hash = StableHash.fnv1a64("\(order.run.fire.recipe)\(order.run.fire.scheduledAt.microseconds)")
        return hash % 20 == 0 ? .seconds(Int64(hash / 20 % 120)) : .zero
    }

    init(seed: UInt64, clock: ManualEngineClock, recipes: Int, isLong: Bool) throws {
        random = Dice(seed)
        self.clock = clock
        self.isLong = isLong
        // All of it is looked at in the end.
        bench = try Workbench(["runner.yml": "history: { keep: 1000d }\n"], clock: clock)
        process = SchedulerProcess(bench, clock: clock, length: Self.length)
        (lastAlive, latest) = (clock.now(), clock.now())
        for number in 0..<recipes { try write("r\(number)", recipe()) }
    }

    // MARK: Recipes

    private mutating func write(_ name: String, _ text: String?) throws {
        texts[name] = text
        if let text { try bench.write("\(name).yml", text) } else { try bench.remove("\(name).yml") }
    }

    private mutating func pick(_ words: [String]) -> String { words.randomElement(using: &random) ?? "" }

    private mutating func number(_ range: ClosedRange<Int>) -> Int { Int.random(in: range, using: &random) }

    private mutating func recipe() -> String {
        let zones = [
            "UTC", "Europe/Paris", "America/New_York", "Australia/Lord_Howe", "America/Santiago", "Africa/Casablanca",
            "Asia/Kolkata",
        ]
        let time = "\(number(0...59)) \(number(0...4))"
        let often = isLong ? ["*/20 * * * *", "\(number(0...59)) * * * *"] : ["\(number(0...59)) */6 * * *"]
        let weekday = pick(["MON", "SUN", "FRI-SUN", "3L", "TUE#2"])
        let cron = [
            "\(time) \(number(1...28)) * *", "\(time) L * *", "\(time) 15W * *", "\(time) * * \(weekday)",
            "\(time) * * \(weekday)",
            "H H(1-3) 1,15 * *", number(0...4) == 0 ? "\(time) * * *" : "\(time) 13 * FRI",
            "*/30 2 \(number(1...28)) * *",
            number(0...9) == 0 ? often.randomElement(using: &random) ?? "" : "\(time) */7 * *",
        ]
        let catchUp = "catch_up: \(pick(["none", "latest", "all"])), catch_up_window: \(pick(["1h", "1d", "7d"]))"
        var rules = "\(catchUp), overlap: \(pick(["skip", "allow"]))"
        if number(0...9) == 0 { rules += ", start_deadline: 1m" }
        if number(0...9) == 0 { rules += ", start: 2026-03-01T00:00:00Z, end: 2026-10-01T00:00:00Z" }
        let trigger =
            number(0...9) == 0
            ? "interval: \(number(2...20))d" : "cron: '\(pick(cron))', timezone: \(pick(zones))"
        return "trigger: { \(trigger), \(rules) }\nactions: [{ log: x }]\n"
    }

    /// Changes some files: new rules, new names, disabled, removed, back again.
    private mutating func edit() throws {
        for _ in 0..<number(1...12) {
            let name = "r\(number(0...texts.count - 1))"
            switch number(0...3) {
            case 0: try write(name, "enabled: false\n" + recipe())
            case 1: if texts[name] != nil { try write(name, nil) }
            case 2:
                try write(
                    name,
                    "# changed\n" + (texts[name] ?? recipe()).replacing("enabled: false\n", with: "")
                )
            default: try write(name, recipe())
            }
        }
    }

    // MARK: Time

    mutating func start() async throws {
        process = SchedulerProcess(bench, clock: clock, length: Self.length)
        note()
        try await process.start()
        lastAlive = clock.now()
    }

    /// Notes which triggers a process watches from now on, and which no more.
    private mutating func note() {
        var present: Set<TriggerKey> = []
        for recipe in bench.workspace().recipes.values where recipe.isEnabled {
            for trigger in recipe.triggers where trigger.isEnabled {
                let key = TriggerKey(recipe: recipe.name, trigger: trigger.id)
                present.insert(key)
                rules[key] = trigger
                guard book[key]?.last.map({ $0.until != nil }) ?? true else { continue }
                book[key, default: []].append(Watched(since: clock.now()))
            }
        }
        for (key, spans) in book where !present.contains(key) {
            guard let last = spans.indices.last, spans[last].until == nil else { continue }
            book[key]?[last].until = lastAlive
        }
    }

    private mutating func pass(_ duration: Duration) async {
        await process.advance(by: duration)
        lastAlive = clock.now()
        latest = max(latest, lastAlive)
    }

    private mutating func step(_ duration: Duration) {
        clock.step(by: duration)
        latest = max(latest, clock.now())
    }

    /// Some days, and then something happens.
    mutating func goOn() async throws {
        await pass(.seconds(number(3_600...20 * 86_400)))
        switch number(0...9) {
        case 0, 1:
            try await process.kill()
            step(.seconds(number(0...3 * 86_400)))
            try await start()
        case 2:
            try await process.kill()
            try edit()
            step(.seconds(number(0...40 * 86_400)))
            try await start()
        case 3:
            // Asleep.
            step(.seconds(number(1...2 * 86_400)))
            await process.scheduler.wake()
            lastAlive = clock.now()
        case 4:
            step(.seconds(-number(1...7_200)))
            await process.scheduler.wake()
        case 5:
            step(.seconds(number(1...7_200)))
            await process.scheduler.wake()
            lastAlive = clock.now()
        case 6, 7:
            try await pauseSome()
            await process.scheduler.lookAround()
            await process.settle()
        default:
            try edit()
            note()
            try await process.reload()
        }
    }

    /// Somebody pauses a few recipes, and goes on with a few that are paused.
    private mutating func pauseSome() async throws {
        for name in paused.sorted() where number(0...2) == 0 {
            _ = try await bench.store.unpause(name, now: clock.now())
            paused.remove(name)
        }
        for _ in 0..<number(0...20) {
            let name = "r\(number(0...texts.count - 1))"
            _ = try await bench.store.pause(name, note: "holidays", now: clock.now())
            paused.insert(name)
        }
    }

    /// Lets what is caught up come to its end.
    mutating func settle() async throws {
        await pass(.seconds(86_400))
        await process.settle()
    }

    // MARK: Proof

    func audits() async throws -> [TriggerAudit] {
        let store = try #require(bench.store as? any Store & FireReading)
        let rules = RuleBook(bench.workspace(), loader: bench.loader, store: store)
        let now = clock.now()
        var auditor = FireAuditor(store, rules: rules, from: Instant(seconds: 0), to: latest + .seconds(1), now: now)
        var audits: [TriggerAudit] = []
        for history in try await store.triggerHistories(of: nil) { audits.append(try await auditor.audit(history)) }
        return audits
    }

    /// Compares the records with the book: every fire time of a watched time, one by one.
    func recount() async throws {
        var records = 0
        var expected = 0
        for (key, spans) in book {
            guard let trigger = rules[key] else { continue }
            let found = try await bench.store.accounted(for: key, trigger)
            records += found.count
            var owed: Set<Instant> = []
            var possible: Set<Instant> = []
            for span in spans {
                var time = span.since
                // The clock was set back, perhaps: what had its record by then keeps it.
                while let next = trigger.next(after: time), next <= latest {
                    if next <= span.until ?? lastAlive { owed.insert(next) }
                    possible.insert(next)
                    time = next
                }
            }
            expected += owed.count
            let missing = owed.filter { found[$0] == nil }.sorted()
            #expect(missing == [], "\(key) \(trigger.text)")
            #expect(
                found.filter { $0.value > 1 }.isEmpty && found.keys.allSatisfy(possible.contains),
                "\(key) \(trigger.text)"
            )
        }
        #expect(records >= expected && expected > 5_000)
        let unserved = try await bench.store.runs(RunQuery(statuses: [.paused], limit: 1_000_000))
        #expect(
            unserved.contains { $0.missedCount != nil }
                && unserved.allSatisfy { $0.reason?.contains("holidays") == true }
        )
    }
}
