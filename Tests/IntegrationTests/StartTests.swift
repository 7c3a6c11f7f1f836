import CEL
import Foundation
import Sandbox
import Testing

@Suite(.timeLimit(.minutes(5))) struct StartTests {
    @Test func `many recipes share one token that is renewed before it expires`() async throws {
        var files: [String: String] = [:]
        for number in 0..<40 {
            files["r\(number).yml"] = "trigger: { interval: 1s }\nconnection: api\nactions:\n  - get: /api/v5/me\n"
        }
        // Twice what a request takes at the worst while a thousand other tests run.
        let configuration = SandboxConfiguration(tokenLifetime: .seconds(6), rotate: true)
        try await SandboxWorkspace.serve(files, configuration) { sandbox, program, _ in
            let started = ContinuousClock.now
            let process = try await program.start(["start"])
            #expect(await eventually { sandbox.statistics().refreshGrants >= 2 })
            process.send(SIGTERM)
            #expect(try await process.outcome().status == 0)
            let statistics = sandbox.statistics()
            #expect(statistics.refreshReuse == 0)
            let seconds = Double((ContinuousClock.now - started).components.seconds + 1)
            #expect(statistics.tokenRequests <= Int(seconds / 4.5) + 2)
            let runs = try await runs(program)
            #expect(runs.count > 40)
            // Debug builds on a busy machine may overlap, which is the rule at work and no failure.
            let odd = runs.filter { $0["status"] != .string("succeeded") && $0["status"] != .string("skipped") }
            #expect(odd.isEmpty)
            #expect(doubles(runs).isEmpty)
        }
    }

    @Test func `kill -9 in the middle loses no fire, doubles none, and repeats no keyed POST`() async throws {
        var files: [String: String] = [:]
        for number in 0..<40 {
            files["r\(number).yml"] = """
                trigger: { interval: 1s, overlap: allow, catch_up: all }
                connection: api
                actions:
                  - id: post
                    post: /api/v5/messages?delay=1s
                    idempotency_key: true
                    json: { text: "${{ recipe.name }} ${{ run.scheduled_at }}" }
                  - get: /api/v5/me?delay=1s
                """
        }
        try await SandboxWorkspace.serve(files) { sandbox, program, _ in
            let first = try await program.start(["start"])
            #expect(await eventually { sandbox.statistics().messages >= 60 })
            first.send(SIGKILL)
            #expect(try await first.outcome().status == SIGKILL)
            let before = try await runs(program)
            #expect(before.contains { $0["status"] == .string("running") })

            let second = try await program.start(["start"])
            let interrupted = Set(before.filter { $0["status"] == .string("running") }.map { $0["id"]?.string ?? "" })
            #expect(
                try await eventually {
                    try await runs(program).allSatisfy {
                        !interrupted.contains($0["id"]?.string ?? "") || $0["status"] != .string("running")
                    }
                }
            )
            second.send(SIGTERM)
            _ = try await second.outcome()
            let after = try await runs(program)
            #expect(doubles(after).isEmpty)
            for run in after where interrupted.contains(run["id"]?.string ?? "") {
                #expect(run["status"] == .string("succeeded"), "\(run)")
                #expect(run["attempt"] == .int(2))
            }
            // Every fire's message is there once: each text names its fire.
            let texts = sandbox.statistics().messages
            let posted = after.filter { $0["status"] == .string("succeeded") }.count
            #expect(texts >= posted)
            #expect(texts <= after.count)
            // No second between the first fire and the last is without its record.
            for (recipe, runs) in Dictionary(grouping: after, by: { $0["recipe"]?.string ?? "" }) {
                let seconds = runs.compactMap { run in
                    (try? Date(run["scheduled_at"]?.string ?? "", strategy: .iso8601WithFraction))?
                        .timeIntervalSince1970
                }.sorted()
                #expect(seconds.count == runs.count)
                let gaps = zip(seconds, seconds.dropFirst()).filter { abs($1 - $0 - 1) > 0.001 }
                #expect(gaps.isEmpty, "\(recipe): \(gaps)")
            }
        }
    }

    @Test func `kill -9 loses no fire that waits for its turn, and the turns go on in order`() async throws {
        let recipe = "trigger: { interval: 1s, overlap: queue, catch_up: all }\nactions:\n  - wait: 2500ms\n"
        let directory = try TemporaryDirectory(["slow.yml": recipe])
        let program = Program(in: directory.path)
        func waiting() async throws -> [Value] {
            try await runs(program).filter { $0["status"] == .string("queued") }
        }
        let first = try await program.start(["start"])
        #expect(try await eventually { try await waiting().count >= 3 })
        first.send(SIGKILL)
        _ = try await first.outcome()
        let left = Set(try await waiting().map { $0["id"]?.string ?? "" })
        #expect(left.count >= 3)

        let second = try await program.start(["start"])
        #expect(
            try await eventually {
                let open = try await waiting().map { $0["id"]?.string ?? "" }
                return left.isDisjoint(with: open)
            }
        )
        second.send(SIGTERM)
        #expect(try await second.outcome().status == 0)
        let all = try await runs(program)
        #expect(doubles(all).isEmpty)
        // What had not begun when the process died begins once.
        for run in all where left.contains(run["id"]?.string ?? "") { #expect(run["attempt"] == .int(1), "\(run)") }
        let begun = all.filter { $0["started_at"] != .null }
            .sorted { ($0["scheduled_at"]?.string ?? "") < ($1["scheduled_at"]?.string ?? "") }
        #expect(begun.map { $0["started_at"]?.string ?? "" } == begun.map { $0["started_at"]?.string ?? "" }.sorted())
        let odd = all.filter { !["succeeded", "queued"].contains($0["status"]?.string ?? "") }
        #expect(odd.isEmpty)
    }

    @Test func `two processes on one store share the fires`() async throws {
        let files = ["tick.yml": "trigger: { interval: 500ms, overlap: allow }\nactions:\n  - log: tick\n"]
        let directory = try TemporaryDirectory(files)
        let program = Program(in: directory.path)
        let both = [try await program.start(["start"]), try await program.start(["start"])]
        #expect(try await eventually { try await runs(program).count >= 8 })
        for process in both { process.send(SIGTERM) }
        for process in both { #expect(try await process.outcome().status == 0) }
        let all = try await runs(program)
        #expect(doubles(all).isEmpty)
        #expect(all.allSatisfy { $0["status"] == .string("succeeded") })
    }

    @Test func `a changed file takes effect, a broken one keeps its last valid version`() async throws {
        let directory = try TemporaryDirectory(["tick.yml": "trigger: { interval: 200ms }\nactions:\n  - log: one\n"])
        let process = try await Program(in: directory.path).start(["start"])
        #expect(await eventually { process.errors.contains(" one ") })
        try directory.write("trigger: { interval: 200ms }\nactions:\n  - log: two\n", to: "tick.yml")
        #expect(await eventually { process.errors.contains(" two ") })
        try directory.write("trigger: { interval: 200ms }\nactions:\n  - lgo: three\n", to: "tick.yml")
        #expect(await eventually { process.errors.contains("tick.yml:3:5: error:") })
        let seen = process.errors.components(separatedBy: " two ").count
        #expect(await eventually { process.errors.components(separatedBy: " two ").count > seen + 1 })
        process.send(SIGTERM)
        #expect(try await process.outcome().status == 0)
    }

    @Test func `with a mistake in runner.yml nothing is started`() async throws {
        let directory = try TemporaryDirectory([
            "runner.yml": "timezone: Nowhere/Land\n",
            "tick.yml": "trigger: { interval: 1s }\nactions: [{ log: one }]\n",
        ])
        let outcome = try await Program(in: directory.path).run("start")
        #expect(outcome.status == 2)
        #expect(outcome.errors.contains("runner.yml:1:11: error: unknown time zone"))
        #expect(outcome.errors.contains("nothing runs with a mistake in runner.yml"))
        #expect(!outcome.errors.contains("ready"))
    }

    @Test func `an update of the tz database takes effect while it runs`() async throws {
        let zones = try TemporaryDirectory()
        let files = FileManager.default
        try files.createDirectory(atPath: zones.path + "/Europe", withIntermediateDirectories: true)
        let paris = zones.path + "/Europe/Paris"
        try files.copyItem(atPath: "/usr/share/zoneinfo/Etc/GMT-1", toPath: paris)
        let directory = try TemporaryDirectory([
            "noon.yml": "trigger: { cron: '0 12 * * *', timezone: Europe/Paris }\nactions: [{ log: noon }]\n"
        ])
        let process = try await Program(in: directory.path, ["TZDIR": zones.path]).start(["start"])
        #expect(await eventually { process.errors.contains("T11:00:00Z triggers=1") })
        // As a package does it: beside it, then over it.
        try files.copyItem(atPath: "/usr/share/zoneinfo/Etc/GMT-3", toPath: paris + ".new")
        #expect(rename(paris + ".new", paris) == 0)
        #expect(await eventually { process.errors.contains("T09:00:00Z zones=Europe/Paris") })
        process.send(SIGTERM)
        #expect(try await process.outcome().status == 0)
    }

    @Test func `SIGTERM lets what runs end`() async throws {
        let recipe =
            "trigger: { interval: 1d, run_on_start: true }\nconnection: api\nactions:\n  - get: /api/v5/me?delay=4s\n"
        try await SandboxWorkspace.serve(["slow.yml": recipe]) { sandbox, program, _ in
            let process = try await program.start(["start"])
            #expect(try await eventually { try await runs(program).contains { $0["status"] == .string("running") } })
            // As timeout(1) does it: to the process, and to its group.
            process.send(SIGTERM)
            process.send(SIGTERM)
            #expect(try await process.outcome().status == 0)
            #expect(try await runs(program).allSatisfy { $0["status"] == .string("succeeded") })
        }
    }
}

extension ParseStrategy where Self == Date.ISO8601FormatStyle {
    /// RFC 3339 in UTC, as `--json` prints it when the moment is no whole second.
    static var iso8601WithFraction: Date.ISO8601FormatStyle { .init(includingFractionalSeconds: true) }
}
