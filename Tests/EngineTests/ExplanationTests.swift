import Recipe
import Schedule
import Store
import Testing

@testable import Engine

/// Why a recipe did, or did not, run: one sentence for each reason.
@Suite(.timeLimit(.minutes(2))) struct ExplanationTests {
    private static let spring = Instant.at("2026-03-28T12:00:00Z")

    private func process(_ trigger: String, at begin: Instant = spring, more: String = "") async throws
        -> SchedulerProcess
    {
        let clock = ManualEngineClock(at: begin)
        let files = ["nightly.yml": "\(more)trigger: \(trigger)\nactions: [{ log: hello }]\n"]
        let process = SchedulerProcess(try Workbench(files, clock: clock), clock: clock)
        try await process.start()
        return process
    }

    /// What is said about a wall time (to the minute), or about nothing in particular.
    private func explain(_ process: SchedulerProcess, _ wall: String? = nil) async throws -> Explanation {
        let store = try #require(process.bench.store as? any Store & FireReading)
        let explainer = FireExplainer(store, now: process.clock.now())
        let recipe = try #require(process.bench.workspace().recipes["nightly"])
        guard let wall else { return try await explainer.explainNewest(recipe) }
        let time = try #require(WallTime(wall))
        let answers = try await explainer.explain(recipe) { AskedTime(time, in: $0, precision: .seconds(60)) }
        return try #require(answers.first)
    }

    private static let daily = "{ cron: '30 2 * * *', timezone: Europe/Paris }"

    @Test func `a time that does not exist fired at the first moment after it`() async throws {
        let process = try await process(Self.daily)
        let before = try await explain(process, "2026-03-29T02:30")
        #expect(before.verdict == .ahead)
        #expect(
            before.sentence.contains("will not exist")
                && before.sentence.contains("will fire at 2026-03-29T03:00:00+02:00 instead")
        )
        await process.advance(by: .seconds(86_400))
        let after = try await explain(process, "2026-03-29T02:30")
        let run = try #require(process.performer.orders.first?.run.id)
        #expect(
            after.sentence
                == "nightly: 2026-03-29T02:30 did not exist in Europe/Paris (clocks went forward to 03:00 over it), so `30 2 * * *`, "
                + "which does not repeat, fired at 2026-03-29T03:00:00+02:00 instead: run \(run) succeeded"
        )
        #expect(after.run?.id == run && after.verdict == .ran)
        // The same fire, asked about by its own time.
        let own = try await explain(process, "2026-03-29T03:00")
        #expect(
            own.run?.id == run && own.sentence.contains("in place of 2026-03-29T02:30:00, which the clocks skipped")
        )
    }

    @Test func `a schedule that repeats does not fire at a time that does not exist`() async throws {
        let process = try await process("{ cron: '*/30 2 * * *', timezone: Europe/Paris }")
        let answer = try await explain(process, "2026-03-29T02:30")
        #expect(answer.verdict == .skippedByClocks)
        #expect(answer.sentence.contains("repeats and so fires at real times only"))
        #expect(answer.nearest.after == .at("2026-03-30T00:00:00Z"))
        let other = try await explain(process, "2026-03-29T02:31")
        #expect(other.verdict == .notScheduled && other.sentence.contains("minute field `*/30` excludes 31"))
    }

    @Test func `a time that comes twice fires once, or twice`() async throws {
        let autumn = Instant.at("2026-10-24T12:00:00Z")
        let once = try await process(Self.daily, at: autumn)
        await once.advance(by: .seconds(86_400))
        let first = try await explain(once, "2026-10-25T02:30")
        #expect(first.sentence.contains("came twice in Europe/Paris"))
        #expect(first.sentence.contains("fired at 2026-10-25T02:30:00+02:00, the first time only: run"))
        let twice = try await process("{ cron: '*/30 * * * *', timezone: Europe/Paris }", at: autumn)
        await twice.advance(by: .seconds(86_400))
        let both = try await explain(twice, "2026-10-25T02:30").sentence
        #expect(
            both.contains("fired at 2026-10-25T02:30:00+02:00: run")
                && both.contains("and fired at 2026-10-25T02:30:00+01:00: run")
        )
    }

    @Test func `a time that is not in the schedule names the field and the neighbours`() async throws {
        let process = try await process("{ cron: '*/15 9-17 * * MON-FRI', timezone: Europe/Paris }")
        let answer = try await explain(process, "2026-03-29T10:07")
        #expect(
            answer.sentence
                == "nightly: `*/15 9-17 * * MON-FRI` does not ask for 2026-03-29T10:07: its day of week field `MON-FRI` excludes Sunday and its "
                + "minute field `*/15` excludes 7; the fire before is 2026-03-27T17:45:00+01:00, the next 2026-03-30T09:00:00+02:00"
        )
        #expect(answer.verdict == .notScheduled)
    }

    @Test func `of several triggers the one that asked for the time answers`() async throws {
        let process = try await process("[{ cron: '0 * * * *' }, { cron: '30 * * * *' }]")
        await process.advance(by: .seconds(3_600))
        #expect(try await explain(process, "2026-03-28T12:30").sentence.hasPrefix("nightly: `30 * * * *` fired"))
        let none = try await explain(process, "2026-03-28T12:20")
        #expect(
            none.sentence.contains("`0 * * * *` does not ask for")
                && none.sentence.contains("; `30 * * * *` does not ask for")
        )
        #expect(none.nearest.before == .at("2026-03-28T12:00:00Z") && none.nearest.after == .at("2026-03-28T12:30:00Z"))
    }

    @Test func `missed and skipped fires say why`() async throws {
        let process = try await process("{ cron: '*/10 * * * *', catch_up: none }")
        await process.advance(by: .seconds(600))
        try await process.kill()
        process.clock.step(by: .seconds(1_200))
        let down = try await explain(process, "2026-03-28T12:20")
        #expect(down.verdict == .pending && down.sentence.contains("no process is running"))
        let second = SchedulerProcess(process.bench, clock: process.clock)
        try await second.start()
        let missed = try await explain(second, "2026-03-28T12:20")
        #expect(missed.verdict == .missed)
        #expect(
            missed.sentence.hasSuffix(
                "did not run at 2026-03-28T12:20:00Z: missed: nobody served it in time (catch_up: none)"
            )
        )
        let newest = try await explain(second)
        #expect(newest.verdict == .missed && newest.fireTime == .at("2026-03-28T12:30:00Z"))
    }

    @Test func `a paused fire has its note, once`() async throws {
        let process = try await process("{ cron: '*/10 * * * *' }")
        _ = try await process.bench.store.pause("nightly", note: "upgrade", now: process.clock.now())
        await process.advance(by: .seconds(600))
        let paused = try await explain(process, "2026-03-28T12:10")
        #expect(paused.sentence.hasSuffix("did not run at 2026-03-28T12:10:00Z: paused: upgrade"))
    }

    @Test func `a fire that is still to come is paused too`() async throws {
        let process = try await process("{ cron: '*/10 * * * *' }")
        let store = process.bench.store
        _ = try await store.pause("nightly", note: "upgrade", now: process.clock.now())
        for answer in [try await explain(process), try await explain(process, "2026-03-28T12:10")] {
            #expect(answer.verdict == .paused)
            #expect(
                answer.sentence
                    == "nightly: `*/10 * * * *` will not fire at 2026-03-28T12:10:00Z, unless `runner unpause nightly` comes before: paused: upgrade"
            )
        }
        _ = try await store.unpause("nightly", now: process.clock.now())
        #expect(try await explain(process).verdict == .ahead)
    }

    @Test func `a long outage is one record, which explains each of its times`() async throws {
        let process = try await process("{ cron: '* * * * *', catch_up: none }")
        try await process.kill()
        process.clock.step(by: .seconds(3 * 86_400))
        try await SchedulerProcess(process.bench, clock: process.clock).start()
        let answer = try await explain(process, "2026-03-29T00:00")
        #expect(answer.verdict == .missed && answer.sentence.contains("(one of 3320 fire times that were)"))
    }

    @Test func `bounds, disabling and first sight say so`() async throws {
        let bounded = try await process("{ cron: '0 * * * *', end: 2026-03-28T14:00:00Z }")
        await bounded.advance(by: .seconds(3 * 3_600))
        let late = try await explain(bounded, "2026-03-28T15:00")
        #expect(late.verdict == .outOfBounds && late.sentence.contains("not before its end, 2026-03-28T14:00:00Z"))
        #expect(late.nearest.before == .at("2026-03-28T13:00:00Z"))
        let early = try await explain(bounded, "2026-03-28T11:00")
        #expect(early.verdict == .notOwed && early.sentence.contains("first seen at 2026-03-28T12:00:00Z"))
        let off = try await process("{ cron: '0 * * * *' }", more: "enabled: false\n")
        #expect(try await explain(off, "2026-03-28T15:00").verdict == .disabled)
        #expect(try await explain(off).sentence.contains("the recipe is disabled"))
    }

    @Test func `a time at which the trigger was not there was not owed`() async throws {
        let process = try await process("{ cron: '0 * * * *' }")
        let text = "trigger: { cron: '0 * * * *' }\nactions: [{ log: hello }]\n"
        await process.advance(by: .seconds(3_600))
        try process.bench.write("nightly.yml", "enabled: false\n" + text)
        try await process.reload()
        await process.advance(by: .seconds(2 * 3_600))
        try process.bench.write("nightly.yml", text)
        try await process.reload()
        let answer = try await explain(process, "2026-03-28T14:00")
        #expect(answer.verdict == .notOwed)
        #expect(
            answer.sentence.contains("disabled at 2026-03-28T13:00:00Z, and back at 2026-03-28T15:00:00Z")
        )
    }

    @Test func `a lost record is called lost`() async throws {
        let process = try await process("{ cron: '0 * * * *' }")
        let recipe = try #require(process.bench.workspace().recipes["nightly"])
        let trigger = try #require(recipe.triggers.first).id
        let fire = FireKey(recipe: "nightly", trigger: trigger, scheduledAt: .at("2026-03-28T14:00:00Z"))
        try await process.bench.store.record([RunRecord(fire: fire, status: .missed, version: recipe.version)])
        process.clock.step(by: .seconds(3 * 3_600))
        #expect(try await explain(process, "2026-03-28T13:00").verdict == .lost)
    }

    @Test func `a run by hand and one at the start of the process are no fires of the schedule`() async throws {
        let process = try await process("{ cron: '0 * * * *', run_on_start: true }")
        let started = try await explain(process, "2026-03-28T12:00")
        #expect(started.sentence.contains("the process started (run_on_start): run"))
        let run = RunRecord(
            fire: FireKey(recipe: "nightly", trigger: TriggerName.once, scheduledAt: .at("2026-03-28T12:07:12Z")),
            status: .succeeded,
            startedAt: .at("2026-03-28T12:07:12Z")
        )
        _ = try await process.bench.store.claim([ClaimRequest(run: run, overlap: .allow)])
        let answer = try await explain(process, "2026-03-28T12:07")
        #expect(answer.verdict == .byHand && answer.sentence.contains("a person ran it (`runner once`)"))
    }

    @Test func `an interval knows no wall time, and a recipe without a trigger no time at all`() async throws {
        let process = try await process("{ interval: 2h, align: clock }")
        let between = try await explain(process, "2026-03-28T13:10")
        #expect(
            between.sentence
                == "nightly: `every 2h` does not ask for 2026-03-28T13:10; the fire before is 2026-03-28T12:00:00Z, the next 2026-03-28T14:00:00Z"
        )
        #expect(try await explain(process, "2026-03-28T14:00").verdict == .ahead)
        #expect(try await explain(process).verdict == .ahead)
        try process.bench.write("nightly.yml", "actions: [{ log: hello }]\n")
        #expect(try await explain(process, "2026-03-28T14:00").verdict == .noTrigger)
        #expect(try await explain(process).verdict == .noTrigger)
    }
}
