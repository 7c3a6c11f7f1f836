import CEL
import Connections
import Engine
import Recipe
import Sandbox
import Schedule
import Store
import Testing

/// What a run does after the process that began it has died: the store holds checkpoints, and another node takes the run over.
@Suite(.timeLimit(.minutes(1))) struct ResumeTests {
    /// A run of `text` that a dead process left with these actions.
    private func resume(
        _ bench: Workbench,
        _ text: String,
        done: [(path: String, index: String, status: ActionStatus, result: Value?)],
        beginning: RunOrder.Beginning = .resume
    ) async throws -> RunResult {
        try bench.write("job.yml", text)
        let workspace = bench.workspace()
        let plan = RecipePlan(try #require(workspace.recipes["job"]))
        let moment = bench.clock.now()
        let wanted = RunRecord(
            fire: FireKey(recipe: "job", trigger: "t", scheduledAt: moment),
            status: .running,
            startedAt: moment,
            node: NodeID("dead")
        )
        _ = try await bench.store.claim([ClaimRequest(run: wanted, overlap: .allow)])
        for action in done {
            let record = ActionRecord(
                run: wanted.id,
                path: action.path,
                index: action.index,
                status: action.status,
                result: action.result,
                error: action.status == .failed
                    ? ErrorRecord(action: action.path, kind: "fail", message: "before") : nil,
                startedAt: moment
            )
            try await bench.store.complete(record, fence: 1)
        }
        let run = try #require(try await bench.store.takeOver(wanted.id, fence: 1, node: bench.node))
        let order = RunOrder(
            run: run,
            plan: plan,
            inputs: .map([:]),
            connections: workspace.connections,
            terms: RunOrder.Terms(beginning: beginning)
        )
        return await bench.executor().run(order, handle: RunHandle())
    }

    @Test(arguments: [RunOrder.Beginning.resume, .restart])
    func `the lateness of a run that goes on is that of its first beginning`(beginning: RunOrder.Beginning) async throws
    {
        let result = try await resume(try Workbench(), "actions: [{ log: hello }]\n", done: [], beginning: beginning)
        #expect(result.status == .succeeded && result.lateness == .zero)
    }

    @Test func `does not repeat what was completed`() async throws {
        let bench = try Workbench()
        let result = try await resume(
            bench,
            """
            actions:
              - { id: a, log: first }
              - { id: s, set: { x: 1 } }
              - log: "x is ${{ vars.x }}, attempt ${{ run.attempt }}"
            """,
            done: [("a", "", .succeeded, .null), ("s", "", .succeeded, .map(["x": 42]))]
        )
        #expect(result.status == .succeeded)
        #expect(bench.observer.lines == ["x is 42, attempt 2"])
    }

    @Test func `goes on inside a foreach and inside do`() async throws {
        let bench = try Workbench()
        let result = try await resume(
            bench,
            """
            actions:
              - id: each
                foreach: "[10, 20, 30]"
                do:
                  - { id: say, log: "item ${{ item }}", output: "${{ item }}" }
                  - { set: { y: "${{ actions.say }}" }, output: "${{ actions.say + 1 }}" }
            output: ${{ actions.each }}
            """,
            done: [
                ("each/say", "0", .succeeded, 10), ("each/set[1]", "0", .succeeded, 11),
                ("each/say", "1", .succeeded, 20),
            ]
        )
        #expect(result.output == [11, 21, 31], "\(result.error?.description ?? "")")
        #expect(bench.observer.lines == ["item 30"])
    }

    @Test func `a failure that was handled is handled again`() async throws {
        let bench = try Workbench()
        let result = try await resume(
            bench,
            "actions:\n  - { id: a, fail: x, on_error: continue }\n  - log: \"${{ actions.a.error.message }}\"\n",
            done: [("a", "", .failed, nil)]
        )
        #expect(result.status == .succeeded)
        #expect(bench.observer.lines == ["before"])
    }

    @Test func `does not send again a POST that may have arrived`() async throws {
        try await withAPI { bench, sandbox in
            let result = try await resume(
                bench,
                "connection: api\nactions: [{ id: p, post: /echo, json: {} }]\nfinally: [{ log: \"${{ error.kind }}\" }]\n",
                done: [("p", "", .started, nil)]
            )
            #expect(result.status == .interrupted)
            #expect(result.reason?.hasPrefix("outcome unknown: ") == true)
            #expect(sandbox.statistics().routes["POST /echo"] == nil)
            #expect(bench.observer.lines == ["interrupted"])
            #expect(try await bench.detail(result.run).run.status == .interrupted)
        }
    }

    @Test func `sends again what is harmless, unless at most once was asked`() async throws {
        try await withAPI { bench, sandbox in
            let again = try await resume(
                bench,
                "connection: api\nactions: [{ id: p, put: /echo, json: {} }]\n",
                done: [("p", "", .started, nil)]
            )
            #expect(again.status == .succeeded)
            let once = try await resume(
                bench,
                "delivery: at_most_once\nconnection: api\nactions: [{ id: p, put: /echo, json: {} }]\n",
                done: [("p", "", .started, nil)]
            )
            #expect(once.status == .interrupted)
            #expect(sandbox.statistics().routes["PUT /echo"] == 1)
        }
    }

    @Test func `begins again when told so`() async throws {
        let bench = try Workbench()
        let result = try await resume(
            bench,
            "actions: [{ id: a, log: first }]\n",
            done: [("a", "", .succeeded, .null)],
            beginning: .restart
        )
        #expect(result.status == .succeeded)
        #expect(bench.observer.lines == ["first"])
    }

    @Test func `fails when told so, and does what follows a failure`() async throws {
        let bench = try Workbench()
        let result = try await resume(
            bench,
            "actions: [{ id: a, log: first }]\non_failure: [{ log: \"sorry: ${{ error.message }}\" }]\n",
            done: [],
            beginning: .fail(reason: "the process died")
        )
        #expect(result.status == .failed)
        #expect(bench.observer.lines == ["sorry: the process died"])
    }

    @Test func `a run that another node holds writes nothing more`() async throws {
        let clock = ManualEngineClock(at: .at("2026-01-01T00:00:00Z"))
        let bench = try Workbench(clock: clock)
        try bench.write("job.yml", "actions: [{ set: { a: 1 } }, { wait: 1h }, { log: never }]\nstate: { n: 1 }\n")
        let plan = RecipePlan(try #require(bench.workspace().recipes["job"]))
        let engine = bench.engine()
        async let running = engine.once(plan, inputs: .map([:]))
        while clock.sleeperCount == 0 { await Task.yield() }
        let run = try #require(try await bench.store.runs(RunQuery(recipe: "job")).first)
        _ = try await bench.store.takeOver(run.id, fence: run.fence, node: NodeID("other"))
        await clock.advance(by: .seconds(3600))
        let result = try await running
        #expect(result.storeError == .fenced(run.id))
        #expect(try await bench.detail(run.id).run.status == .running)
        #expect(try await bench.store.state(of: "job")?.value == nil)
    }
}
