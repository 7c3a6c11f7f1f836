import Recipe
import Schedule
import Store
import Testing

@testable import Engine

@Suite struct CatchUpTests {
    /// The trigger of a recipe whose `trigger:` has these lines.
    private func trigger(_ lines: String...) throws -> Trigger {
        let bench = try Workbench([
            "job.yml": "trigger:\n  \(lines.joined(separator: "\n  "))\nactions:\n  - log: hello\n"
        ])
        return try #require(bench.workspace().recipes["job"]?.triggers.first)
    }

    private let noon = Instant.at("2026-05-04T12:00:00Z")

    @Test func `runs the latest and records the others`() throws {
        let trigger = try trigger("cron: '*/10 * * * *'")
        let catchUp = CatchUp(trigger, after: noon - .seconds(1800), through: noon)
        #expect(catchUp.runs == [noon])
        #expect(catchUp.missed.map(\.time) == [noon - .seconds(1200), noon - .seconds(600)])
        #expect(catchUp.missed.first?.reason == "nobody served it in time, and a later one runs (catch_up: latest)")
        #expect(catchUp.older == nil)
    }

    @Test func `runs none when told so`() throws {
        let trigger = try trigger("cron: '*/10 * * * *'", "catch_up: none")
        let catchUp = CatchUp(trigger, after: noon - .seconds(1800), through: noon)
        #expect(catchUp.runs == [])
        #expect(catchUp.missed.count == 3)
    }

    @Test func `runs all within window and limit, oldest first`() throws {
        let trigger = try trigger("cron: '*/10 * * * *'", "catch_up: all", "catch_up_window: 1h", "catch_up_limit: 4")
        let catchUp = CatchUp(trigger, after: noon - .seconds(7200), through: noon)
        #expect(catchUp.runs == (0...3).map { noon - .seconds(1800 - $0 * 600) })
        #expect(catchUp.missed.count == 8)
        #expect(catchUp.missed.allSatisfy { $0.time < catchUp.runs[0] })
    }

    @Test func `does not run what is older than the window`() throws {
        let trigger = try trigger("cron: '0 * * * *'", "catch_up_window: 10m")
        let catchUp = CatchUp(trigger, after: noon - .seconds(7200), through: noon + .seconds(1200))
        #expect(catchUp.runs == [])
        #expect(catchUp.missed.last?.reason.contains("catch_up_window") == true)
    }

    @Test func `does not run what its start deadline forbids`() throws {
        let trigger = try trigger("cron: '0 * * * *'", "start_deadline: 5m")
        let catchUp = CatchUp(trigger, after: noon - .seconds(7200), through: noon + .seconds(360))
        #expect(catchUp.runs == [])
        #expect(catchUp.missed.last?.reason.contains("start_deadline") == true)
    }

    @Test func `sums up what is too old to have a record each`() throws {
        let trigger = try trigger("interval: 1s", "align: clock")
        let begin = noon - .seconds(10_000)
        let catchUp = CatchUp(trigger, after: begin, through: noon)
        #expect(catchUp.runs.count + catchUp.missed.count + (catchUp.older?.count ?? 0) == 10_000)
        #expect(catchUp.missed.count == CatchUp.recordLimit)
        #expect(catchUp.older?.first == begin + .seconds(1))
        #expect(catchUp.older.map { $0.last + .seconds(1) } == catchUp.missed.first?.time)
    }

    @Test(.timeLimit(.minutes(1))) func `years of missed seconds cost a moment`() throws {
        let trigger = try trigger("cron: '* * * * * *'", "timezone: Europe/Paris", "catch_up: none")
        let years = Duration.seconds(20 * 365 * 86_400)
        let catchUp = CatchUp(trigger, after: noon - years, through: noon)
        #expect(catchUp.missed.count + (catchUp.older?.count ?? 0) == 20 * 365 * 86_400)
    }

    @Test func `a pause is no downtime`() throws {
        let trigger = try trigger("cron: '*/10 * * * *'", "catch_up: all")
        let pauses = [
            PauseRecord(recipe: "job", since: noon - .seconds(6000), until: noon - .seconds(4800), note: "upgrade"),
            PauseRecord(recipe: "job", since: noon - .seconds(3000), until: noon - .seconds(2999)),
            PauseRecord(recipe: "job", since: noon - .seconds(2400), until: noon - .seconds(1200), note: "again"),
        ]
        let catchUp = CatchUp(trigger, after: noon - .seconds(7200), through: noon, pauses: pauses)
        let seen = catchUp.unserved.map { "\($0.status) \((noon - $0.first) / .seconds(1)) \($0.count) \($0.reason)" }
        let before = "nobody served it in time, and the recipe was paused before somebody could"
        #expect(
            seen == [
                "missed 6600.0 1 \(before)", "paused 6000.0 2 paused: upgrade", "missed 4800.0 1 \(before)",
                "missed 4200.0 1 \(before)", "missed 3600.0 1 \(before)", "paused 3000.0 1 paused",
                "paused 2400.0 2 paused: again",
            ]
        )
        #expect(catchUp.runs == [noon - .seconds(1200), noon - .seconds(600), noon])
        let lasting = PauseRecord(recipe: "job", since: noon - .seconds(900))
        let paused = CatchUp(trigger, after: noon - .seconds(2400), through: noon, pauses: [lasting])
        #expect(paused.runs == [])
        #expect(paused.unserved.map(\.status) == [.missed, .missed, .paused])
        #expect(paused.unserved.last?.count == 2)
    }

    @Test func `a long pause is one record, a long downtime beside it is bounded`() throws {
        let trigger = try trigger("interval: 1s", "align: clock", "catch_up: none")
        let pause = PauseRecord(recipe: "job", since: noon - .seconds(50_000), until: noon - .seconds(1_500))
        let catchUp = CatchUp(trigger, after: noon - .seconds(100_000), through: noon, pauses: [pause])
        #expect(catchUp.unserved.reduce(0) { $0 + $1.count } == 100_000)
        #expect(catchUp.unserved.filter { $0.count > 1 }.map(\.status) == [.missed, .paused, .missed])
        #expect(catchUp.unserved.count == CatchUp.recordLimit + 3)
        #expect(catchUp.unserved.map(\.first) == catchUp.unserved.map(\.first).sorted())
    }

    @Test func `has records in the order of the fire times`() throws {
        let trigger = try trigger("interval: 1s", "align: clock", "catch_up: all")
        let catchUp = CatchUp(trigger, after: noon - .seconds(5_000), through: noon)
        let records = catchUp.records(of: TriggerKey(recipe: "job", trigger: "t"), version: "v")
        let times = records.map(\.fire.scheduledAt) + catchUp.runs
        #expect(times == times.sorted())
        #expect(records.allSatisfy { $0.status == .missed && $0.reason != nil })
    }

    @Test func `owes nothing before its start and after its end`() throws {
        let trigger = try trigger(
            "cron: '0 * * * *'",
            "catch_up: all",
            "start: 2026-05-04T10:00:00Z",
            "end: 2026-05-04T12:00:00Z"
        )
        let catchUp = CatchUp(trigger, after: noon - .seconds(36_000), through: noon + .seconds(36_000))
        #expect(catchUp.runs.isEmpty == false)
        #expect(
            catchUp.runs + catchUp.missed.map(\.time) == [noon - .seconds(7200), noon - .seconds(3600)]
        )
    }
}

extension CatchUp {
    /// Fire times with a record each.
    fileprivate var missed: [(time: Instant, reason: String)] {
        unserved.filter { $0.count == 1 }.map { (time: $0.first, reason: $0.reason) }
    }
    /// Those that share one.
    fileprivate var older: Unserved? { unserved.first { $0.count > 1 } }
}
