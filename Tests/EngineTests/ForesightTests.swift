import Recipe
import Schedule
import Testing

@testable import Engine

struct ForesightTests {
    private func foresight(
        _ triggers: [String: String],
        _ from: String,
        _ to: String,
        actions: String = "[{ log: x }]",
        more: [String: String] = [:]
    ) throws -> Foresight {
        var files = more
        for (name, trigger) in triggers { files["\(name).yml"] = "trigger: \(trigger)\nactions: \(actions)\n" }
        return Foresight(try Workbench(files).workspace(), from: .at(from), to: .at(to), zone: .utc)
    }

    @Test func `counts what asking each trigger would count`() throws {
        let triggers = [
            "five": "{ cron: '*/5 * * * *', timezone: Europe/Paris }",
            "daily": "{ cron: '30 2 * * *', timezone: Europe/Paris }",
            "often": "{ interval: 700ms }", "late": "{ cron: '0 * * * *', jitter: 20m }",
            "bounded": "{ cron: '* * * * *', start: 2026-03-29T00:10:00Z, end: 2026-03-29T00:20:00Z }",
        ]
        let (from, to) = ("2026-03-28T12:34:56.250Z", "2026-03-31T09:00:00.100Z")
        let foresight = try foresight(triggers, from, to)
        let files = triggers.map { ("\($0).yml", "trigger: \($1)\nactions: [{ log: x }]\n") }
        let workspace = try Workbench(Dictionary(uniqueKeysWithValues: files)).workspace()
        for recipe in workspace.recipes.values where recipe.name != "late" {
            let trigger = try #require(recipe.triggers.first)
            let expected = trigger.schedule.instants(after: .at(from) - .microseconds(1), in: trigger.bounds)
                .prefix { $0 < .at(to) }.count { _ in true }
            #expect(foresight.shares.first { $0.recipe == recipe.name }?.fires == expected, "\(recipe.name)")
        }
        #expect(foresight.starts == foresight.shares.map(\.fires).reduce(0, +))
        #expect(foresight.starts == foresight.hours.reduce(0, +))
        #expect(foresight.firstHour == .at("2026-03-28T12:00:00Z") && foresight.hours.count == 70)
    }

    @Test func `finds the busiest second and who is in it`() throws {
        let triggers = ["a": "{ cron: '0 * * * *' }", "b": "{ cron: '0 */6 * * *' }", "c": "{ cron: '0 12 * * *' }"]
        let foresight = try foresight(triggers, "2026-05-04T00:00:00Z", "2026-05-05T00:00:00Z")
        #expect(foresight.peaks.first?.at == .at("2026-05-04T12:00:00Z"))
        #expect(foresight.peaks.first?.starts == 3 && foresight.peaks.first?.recipes == ["a", "b", "c"])
        #expect(foresight.peaks.dropFirst().first?.at == .at("2026-05-04T00:00:00Z"))
    }

    @Test func `jitter spreads the starts, the same each time`() throws {
        let triggers = Dictionary(
            uniqueKeysWithValues: (0..<50).map { ("r\($0)", "{ cron: '0 * * * *', jitter: 10m }") }
        )
        let foresight = try foresight(triggers, "2026-05-04T00:00:00Z", "2026-05-05T00:00:00Z")
        #expect((foresight.peaks.first?.starts ?? 0) < 6)
        // Within a period of whole hours as many come in as go out.
        #expect((1_190...1_200).contains(foresight.starts))
    }

    @Test func `finds the longest gaps, also at the ends and over days`() throws {
        let foresight = try foresight(
            ["a": "{ cron: '0 10 4,8 5 *' }"],
            "2026-05-01T00:00:00Z",
            "2026-05-11T00:00:00Z"
        )
        #expect(
            foresight.pauses.map(\.from)
                == ["2026-05-04T10:00:00Z", "2026-05-01T00:00:00Z", "2026-05-08T10:00:00Z"].map(Instant.at)
        )
        #expect(foresight.pauses.last?.to == .at("2026-05-11T00:00:00Z"))
    }

    @Test func `says what the changes of the clocks do, what is moved first`() throws {
        let triggers = [
            "daily": "{ cron: '30 2 * * *', timezone: Europe/Paris }",
            "always": "{ cron: '* * * * *', timezone: Europe/Paris }",
            "noon": "{ cron: '0 12 * * *', timezone: Europe/Paris }",
        ]
        let foresight = try foresight(triggers, "2026-03-01T00:00:00Z", "2026-04-01T00:00:00Z")
        let change = try #require(foresight.clockChanges.first)
        #expect(foresight.clockChanges.count == 1 && change.at == .at("2026-03-29T01:00:00Z"))
        #expect(change.effects.map(\.recipe) == ["daily", "always"])
    }

    @Test func `compares the requests with a connection's limit, over the limit's own time`() throws {
        let connections = [
            "connections/slow.yml": "connector: none\nbase_uri: http://127.0.0.1:1\nrate_limit: 5/m\n",
            "connections/free.yml": "connector: none\nbase_uri: http://127.0.0.1:1\n",
        ]
        let actions =
            "[{ get: /a, connection: slow }, { do: [{ get: /b, connection: slow }] }, { get: /c, connection: free, foreach: '[1, 2]' }]"
        let foresight = try foresight(
            ["a": "{ cron: '*/30 * * * * *' }"],
            "2026-05-04T00:00:00Z",
            "2026-05-04T01:00:00Z",
            actions: actions,
            more: connections
        )
        let (free, slow) = (foresight.loads[0], foresight.loads[1])
        #expect(slow.calls == 240 && slow.peak?.calls == 4 && !slow.isOverLimit && !slow.mayBeMore)
        #expect(free.calls == 120 && free.mayBeMore && free.peak?.calls == 1)
        let twice = try self.foresight(
            ["a": "{ cron: '*/20 * * * * *' }"],
            "2026-05-04T00:00:00Z",
            "2026-05-04T01:00:00Z",
            actions: actions,
            more: connections
        )
        #expect(twice.loads[1].peak?.calls == 6 && twice.loads[1].isOverLimit)
    }
}
