import Connections
import Recipe
import Schedule
import Store
import Testing

@testable import Engine

/// Promise P1 as a property: whatever happens to the process, every fire time ends in exactly one record.
@Suite(.timeLimit(.minutes(5))) struct SimulationTests {
    private static let recipes: [String: String] = [
        "minutely": "{ interval: 1m }",
        "quarters": "{ cron: '*/15 * * * *', catch_up: all, catch_up_pace: 5s }",
        "paris": "{ cron: '30 2 * * *', timezone: Europe/Paris, catch_up: all, catch_up_window: 7d }",
        "berlin": "{ cron: '*/30 * * * *', timezone: Europe/Berlin, catch_up: none }",
        "twice": "[{ cron: '0 * * * *', overlap: allow }, { cron: '30 * * * *', jitter: 10m, catch_up: all }]",
        "strict": "{ interval: 7m, start_deadline: 2s }",
        "often": "{ interval: 20s, catch_up: none }",
        "limited": "{ cron: '*/5 * * * *', catch_up: all, catch_up_limit: 3 }",
        "bounded": "{ cron: '0 */2 * * *', start: 2026-03-28T20:00:00Z, end: 2026-03-30T04:00:00Z }",
    ]

    @Test(arguments: 1...4 as ClosedRange<UInt64>)
    func `every fire time of simulated days has exactly one record`(seed: UInt64) async throws {
        var random = Dice(seed)
        let begin = Instant.at("2026-03-28T18:00:00Z")
        let clock = ManualEngineClock(at: begin)
        var files: [String: String] = [:]
        for (name, trigger) in Self.recipes { files["\(name).yml"] = "trigger: \(trigger)\nactions: [{ log: x }]\n" }
        let bench = try Workbench(files, clock: clock)
        let lengths: @Sendable (RunOrder) -> Duration = { order in
            let hash = StableHash.fnv1a64("\(order.run.fire.recipe)\(order.run.fire.scheduledAt.microseconds)")
            return hash % 3 == 0 ? .seconds(Int64(hash / 3 % 200)) : .zero
        }
        var process = SchedulerProcess(bench, clock: clock, length: lengths)
        try await process.start()
        let end = begin + .seconds(36 * 3600)
        while clock.now() < end {
            await process.advance(by: .seconds(Int64.random(in: 60...7_200, using: &random)))
            switch Int.random(in: 0..<6, using: &random) {
            case 0, 1:
                // Killed, and down for a while.
                try await process.kill()
                clock.step(by: .seconds(Int64.random(in: 0...9_000, using: &random)))
                process = SchedulerProcess(bench, clock: clock, length: lengths)
                try await process.start()
            case 2:
                // Asleep.
                clock.step(by: .seconds(Int64.random(in: 1...3_000, using: &random)))
                await process.scheduler.wake()
            case 3:
                try bench.write("minutely.yml", "description: \(clock.now())\n\(files["minutely.yml"] ?? "")")
                try await process.reload()
            default: break
            }
        }
        // Lets what is caught up come to its end.
        await process.advance(by: .seconds(1_200))
        let now = clock.now()
        for recipe in bench.workspace().recipes.values {
            for trigger in recipe.triggers {
                let key = TriggerKey(recipe: recipe.name, trigger: trigger.id)
                var expected: [Instant: Int] = [:]
                var time = begin
                while let next = trigger.next(after: time), next + trigger.jitter <= now - .seconds(300) {
                    expected[next] = 1
                    time = next
                }
                let found = try await bench.store.accounted(for: key, trigger)
                let missing = expected.keys.filter { found[$0] == nil }.sorted()
                let doubled = found.filter { $0.value > 1 }.keys.sorted()
                let invented = found.keys.filter { trigger.next(after: $0 - .microseconds(1)) != $0 }
                #expect(missing.map { $0.rfc3339() } == [], "\(recipe.name)")
                #expect(doubled.map { $0.rfc3339() } == [], "\(recipe.name)")
                #expect(invented.map { $0.rfc3339() } == [], "\(recipe.name)")
            }
        }
        let unfinished = try await bench.store.runs(RunQuery(statuses: [.queued], limit: 10))
        #expect(unfinished == [])
    }
}

/// Random numbers that are the same for the same seed (SplitMix64).
struct Dice: RandomNumberGenerator {
    private var state: UInt64

    init(_ seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
