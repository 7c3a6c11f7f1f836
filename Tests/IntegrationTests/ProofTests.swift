import CEL
import Foundation
import Schedule
import Store
import Testing

/// `audit` and `explain`, on what real processes left.
@Suite(.timeLimit(.minutes(3))) struct ProofTests {
    @Test func `after kill -9 the audit finds every fire time, and a lost one`() async throws {
        let directory = try TemporaryDirectory([
            "tick.yml": "trigger: { interval: 200ms, catch_up: none }\nactions:\n  - log: tick\n",
            "nightly.yml": "trigger: { cron: '30 2 * * *', timezone: Europe/Paris }\nactions:\n  - log: hi\n",
        ])
        let program = Program(in: directory.path)
        for _ in 0..<3 {
            let process = try await program.start(["start"])
            #expect(await eventually { process.errors.components(separatedBy: " tick ").count > 4 })
            process.send(SIGKILL)
            _ = try await process.outcome()
        }
        let audit = try await program.run("audit", "--json")
        #expect(audit.status == 0, "\(audit)")
        let tick = try #require(audit.json.items.first { $0["recipe"] == .string("tick") })
        #expect(tick["proven"] == .bool(true))
        let listed = try await program.run("audit", "tick", "--json").json.items.first?["fires"]?.items ?? []
        let runs = try await program.run("runs", "tick", "--limit", "100000", "--json").json.items
        #expect(listed.filter { $0["kind"] == .string("recorded") }.count == runs.count && runs.count > 9)

        // Someone writes a record of a later fire, with none for those between.
        let last = try #require(Instant(rfc3339: runs.first?["scheduled_at"]?.string ?? ""))
        let moment = last + .seconds(1)
        var warnings: [String] = []
        let key = try KeySource.find(in: ["HOME": directory.path]).load(warnings: &warnings)
        let store = try SQLiteStore.open(at: directory.path + "/.runner/runner.db", sealer: Sealer(key))
        let fire = FireKey(recipe: "tick", trigger: runs[0]["trigger"]?.string ?? "", scheduledAt: moment)
        try await store.record([RunRecord(fire: fire, status: .missed)])
        try store.close()
        // Its time must have come before it is audited.
        #expect(
            try await eventually {
                try await program.run("audit", "tick").output.contains("4 fire times  LOST  no record")
            }
        )
        #expect(try await program.run("audit").status == 1)
        let at = (moment - .milliseconds(200)).rfc3339()
        #expect(try await program.run("explain", "tick", "--at", at, "--json").json["verdict"] == .string("lost"))
    }

    @Test func `explain says in one sentence that a time did not exist`() async throws {
        let directory = try TemporaryDirectory([
            "nightly.yml": "trigger: { cron: '30 2 * * *', timezone: Europe/Paris }\nactions:\n  - log: hi\n"
        ])
        let program = Program(in: directory.path)
        for time in ["2026-03-29T02:30", "2026-03-29 02:30", "2026-03-29T02:30:00"] {
            let outcome = try await program.run("explain", "nightly", "--at", time)
            #expect(outcome.status == 0 && outcome.output.split(separator: "\n").count == 1)
            #expect(outcome.output.contains(" exist in Europe/Paris"), "\(outcome.output)")
            #expect(outcome.output.contains("2026-03-29T03:00:00+02:00 instead"))
        }
        // One of the two times that the clock shows so.
        for (time, verdict) in [("2026-10-25T02:30+01:00", "not_scheduled"), ("2026-10-25T00:30Z", "not_owed")] {
            let outcome = try await program.run("explain", "nightly", "--at", time, "--json")
            #expect(outcome.json["verdict"] == .string(verdict), "\(outcome.output)\(outcome.errors)")
        }
        #expect(try await program.run("explain", "nightly", "--at", "25:00").status == 2)
        #expect(try await program.run("explain", "nigthly").errors.contains("`nightly` was probably meant"))
        #expect(try await program.run("audit").status == 3)
        #expect(try await program.run("audit", "--from", "2026-02-01", "--to", "2026-01-01").status == 2)
    }

    @Test func `simulate counts, charts and compares with rate limits`() async throws {
        let directory = try TemporaryDirectory([
            "a.yml": "trigger: { cron: '0 * * * *' }\nconnection: api\nactions:\n  - get: /x\n  - get: /y\n",
            "b.yml": "trigger: { cron: '0 */2 * * *' }\nactions:\n  - log: hi\n",
            "connections/api.yml": "connector: none\nbase_uri: http://127.0.0.1:1\nrate_limit: 1/s\n",
        ])
        let words = ["simulate", directory.path, "--from", "2026-05-04", "--to", "2026-05-05"]
        let plain = try await Program(in: "/", ["LANG": "C"]).start(words).outcome()
        #expect(plain.status == 0)
        #expect(plain.output.contains("2026-05-04T00:00  2  ################") && !plain.output.contains("█"))
        #expect(plain.output.contains("over the limit"))
        let blocks = try await Program(in: "/", ["LANG": "C.UTF-8"]).start(words).outcome()
        #expect(blocks.output.contains("2026-05-04T01:00  1  ████"))
        let object = try await Program(in: "/").start(words + ["--json"]).outcome().json
        #expect(object["starts"] == .int(36) && object["hours"]?.items.count == 24)
        let load = try #require(object["connections"]?.items.first)
        #expect(load["requests"] == .int(48) && load["over_limit"] == .bool(true))
        #expect(try await Program(in: "/").start(words + ["--to", "2026-05-03"]).outcome().status == 2)
    }

    @Test func `next shows zone, offset and jitter of several triggers, and says why there is nothing`() async throws {
        let directory = try TemporaryDirectory([
            "a.yml":
                "trigger:\n  - { cron: '0 8 * * *', timezone: Asia/Tokyo, jitter: 30s }\n  - { interval: 1h }\nactions:\n  - log: hi\n",
            "off.yml": "enabled: false\ntrigger: { interval: 1h }\nactions:\n  - log: hi\n",
            "over.yml": "trigger: { interval: 1h, end: 2020-01-01T00:00:00Z }\nactions:\n  - log: hi\n",
            "hand.yml": "actions:\n  - log: hi\n",
        ])
        let program = Program(in: directory.path)
        let table = try await program.run("next", "a", "-n", "30").output
        #expect(table.contains("T08:00:00+09:00  Asia/Tokyo") && table.contains("up to 30s later"))
        let fires = try await program.run("next", "-n", "30", "--json").json.items
        #expect(fires.count == 30 && Set(fires.map { $0["schedule"] }).count == 2)
        let tokyo = try #require(fires.first { $0["timezone"] == .string("Asia/Tokyo") })
        #expect(tokyo["offset_s"] == .int(32_400) && tokyo["jitter_s"] == .double(30))
        for (recipe, reason) in [("off", "disabled"), ("over", "end"), ("hand", "no trigger")] {
            let outcome = try await program.run("next", recipe)
            #expect(outcome.status == 0 && outcome.errors.contains(reason), "\(outcome.errors)")
        }
    }
}
