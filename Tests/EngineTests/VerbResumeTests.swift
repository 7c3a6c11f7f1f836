import CEL
import Engine
import Sandbox
import Store
import Testing

/// How runs go on inside the verbs that hold other actions.
@Suite(.timeLimit(.minutes(1))) struct VerbResumeTests {
    @Test func `goes on in each branch of parallel and switch`() async throws {
        let bench = try Workbench()
        let result = try await bench.resume(
            """
            vars: { x: 0 }
            actions:
              - id: both
                parallel:
                  - - { id: a, log: first, output: "${{ 1 }}" }
                    - { id: b, set: { x: 1 }, output: "${{ 2 }}" }
                  - - switch:
                        - when: "true"
                          do:
                            - { id: c, log: third, output: "${{ 3 }}" }
                            - { id: d, log: fourth, output: "${{ actions.c + 1 }}" }
            output: ${{ [actions.both, vars.x] }}
            """,
            [
                ("both/0/a", "", .succeeded, 10), ("both/0/b", "", .succeeded, .map(["x": 20])),
                ("both/1/switch[0]/0/c", "", .succeeded, 30),
            ]
        )
        #expect(bench.observer.lines == ["fourth"])
        #expect(result.output == [[["x": 20], 31], 20], "\(result.error?.description ?? "")")
    }

    @Test func `goes on inside a called recipe`() async throws {
        let bench = try Workbench([
            "other.yml": """
            inputs: { n: { type: integer } }
            actions:
              - { id: a, log: first, output: "${{ inputs.n }}" }
              - { id: b, log: second, output: "${{ actions.a + 1 }}" }
            """
        ])
        let result = try await bench.resume(
            "actions:\n  - { id: it, foreach: \"[1, 2]\", call: other, inputs: { n: \"${{ item }}\" } }\noutput: ${{ actions.it }}\n",
            [("it", "0", .succeeded, 100), ("it/a", "1", .succeeded, 50)]
        )
        #expect(bench.observer.lines == ["second"])
        #expect(result.output == [100, 51], "\(result.error?.description ?? "")")
    }

    @Test func `goes on polling, even with a POST`() async throws {
        try await withAPI { bench, sandbox in
            let result = try await bench.resume(
                "connection: api\nactions: [{ id: p, post: /echo, until: response.status == 200 || response.status == 201 }]\n",
                [("p", "", .started, nil)]
            )
            #expect(result.status == .succeeded, "\(result.error?.description ?? "")")
            #expect(sandbox.statistics().routes["POST /echo"] == 1)
        }
    }

    @Test func `goes on in the round in which repeated actions were`() async throws {
        let clock = ManualEngineClock(at: .at("2026-01-01T00:00:00Z"), isImpatient: true)
        let bench = try Workbench(clock: clock)
        let result = try await bench.resume(
            """
            vars: { n: 0 }
            actions:
              - id: rounds
                until: result > 6
                do:
                  - { id: say, log: "round ${{ vars.n }}" }
                  - { id: add, set: { n: "${{ vars.n + 1 }}" }, output: "${{ vars.n }}" }
            output: ${{ actions.rounds }}
            """,
            [
                ("rounds", "", .started, .map(["round": 5, "vars": .map(["n": 5])])),
                ("rounds/say", "4", .succeeded, .null),
                ("rounds/say", "5", .succeeded, .null),
            ]
        )
        #expect(bench.observer.lines == ["round 6"])
        #expect(result.output == 7, "\(result.error?.description ?? "")")
        #expect(clock.slept.count == 1)
    }

    @Test func `an attempt of several actions goes on where it was, and not with what an earlier attempt did`()
        async throws
    {
        let clock = ManualEngineClock(at: .at("2026-01-01T00:00:00Z"))
        try await withAPI(clock: clock) { bench, sandbox in
            let posts = { sandbox.statistics().routes["POST /echo"] ?? 0 }
            let sleep = { (count: Int) in while clock.sleeperCount == 0 || posts() < count { await Task.yield() } }
            try bench.write(
                "job.yml",
                """
                connection: api
                actions:
                  - id: both
                    retry: { attempts: 3, initial: 10s, jitter: none }
                    do:
                      - { id: a, post: /echo, json: {} }
                      - { wait: 3s }
                      - { id: b, get: "/echo?fail=503&times=1", retry: false }
                """
            )
            let (order, takeOver) = try await bench.begun()
            let first = Task { await bench.resume(order) }
            await sleep(1)
            await clock.advance(by: .seconds(3))
            await sleep(1)
            await clock.advance(by: .seconds(10))
            await sleep(2)
            // The second attempt has sent its POST, and waits.
            let next = try await takeOver()
            let second = Task { await bench.resume(next) }
            let time = Task {
                while !Task.isCancelled {
                    await clock.advance(by: .seconds(1))
                    await Task.yield()
                }
            }
            let result = await second.value
            time.cancel()
            #expect(result.status == .succeeded, "\(result.error?.description ?? "")")
            #expect(posts() == 2)
            let actions = try await bench.detail(order.run.id).actions
            #expect(actions.first { $0.path == "both" }?.attempts == 2)
            #expect(await first.value.storeError == .fenced(order.run.id))
        }
    }

    @Test func `a new attempt that never began its actions begins them all`() async throws {
        try await withAPI { bench, sandbox in
            let result = try await bench.resume(
                """
                connection: api
                actions:
                  - id: both
                    retry: { attempts: 3, initial: 1ms }
                    do:
                      - { id: each, foreach: "[1, 2]", get: "/echo?item=${{ item }}" }
                      - { id: b, fail: no, on_error: continue }
                """,
                [("both", "", .started, .map(["attempt": 3]))]
            )
            #expect(result.status == .succeeded, "\(result.error?.description ?? "")")
            #expect(sandbox.statistics().routes["GET /echo"] == 2)
            let both = try await bench.detail(result.run).actions.first { $0.path == "both" }
            #expect(both?.attempts == 3)
        }
    }

    @Test func `the last attempt stays the last`() async throws {
        try await withAPI { bench, _ in
            let result = try await bench.resume(
                """
                connection: api
                actions:
                  - id: both
                    retry: { attempts: 3, initial: 1ms }
                    do: [{ log: again }, { get: "/echo?fail=503&times=3", retry: false }]
                """,
                [("both", "", .started, .map(["attempt": 3]))]
            )
            #expect(result.status == .failed)
            #expect(bench.observer.lines == ["again"])
        }
    }

    @Test func `what several actions failed of is not tried once more by a run that handles it`() async throws {
        try await withAPI { bench, sandbox in
            let result = try await bench.resume(
                """
                connection: api
                actions:
                  - id: slow
                    timeout: 5s
                    do: [{ id: p, post: /echo, json: {} }]
                    on_error:
                      - { id: told, put: /echo, json: {} }
                      - log: "slow: ${{ error.message }}"
                """,
                [
                    ("slow/p", "", .started, nil), ("slow", "", .failed, nil),
                    ("slow/on_error/told", "", .succeeded, nil),
                ]
            )
            #expect(result.status == .succeeded, "\(result.reason ?? "")")
            #expect(bench.observer.lines == ["slow: before"])
            #expect(sandbox.statistics().routes["POST /echo"] == nil && sandbox.statistics().routes["PUT /echo"] == nil)
        }
    }

    /// Conditions that held when the run began, an hour ago.
    @Test(arguments: [
        "do: [{ id: a, log: first }, { log: second }]",
        "foreach: \"['x']\"\n    do: [{ id: a, log: first }, { log: second }]",
        "call: other",
        "parallel: [[{ id: a, log: first }, { log: second }]]",
    ])
    func `what was begun under a condition goes on, though it holds no more`(verb: String) async throws {
        let clock = ManualEngineClock(at: .at("2026-01-01T02:00:00Z"))
        let bench = try Workbench(
            ["other.yml": "actions: [{ id: a, log: first }, { log: second }]\n"],
            clock: clock
        )
        let inside = verb.hasPrefix("parallel") ? "it/0/a" : "it/a"
        let result = try await bench.resume(
            """
            actions:
              - id: it
                if: now() < timestamp('2026-01-01T01:00:00Z')
                \(verb)
              - id: not
                if: now() < timestamp('2026-01-01T01:00:00Z')
                do: [{ log: third }]
            """,
            [(inside, verb.hasPrefix("foreach") ? "0" : "", .succeeded, nil)]
        )
        #expect(result.status == .succeeded, "\(result.error?.description ?? "")")
        #expect(bench.observer.lines == ["second"])
    }

    @Test func `a case of switch that was begun goes on, though another holds now`() async throws {
        let clock = ManualEngineClock(at: .at("2026-01-01T02:00:00Z"))
        let bench = try Workbench(clock: clock)
        let result = try await bench.resume(
            """
            actions:
              - id: it
                switch:
                  - { when: now() < timestamp('2026-01-01T01:00:00Z'), do: [{ id: a, log: first }, { log: second }] }
                else: [{ log: third }]
            """,
            [("it/0/a", "", .succeeded, nil)]
        )
        #expect(result.status == .succeeded, "\(result.error?.description ?? "")")
        #expect(bench.observer.lines == ["second"])
    }

    @Test func `a POST that may have arrived is not forgotten where its condition holds no more`() async throws {
        let clock = ManualEngineClock(at: .at("2026-01-01T02:00:00Z"))
        try await withAPI(clock: clock) { bench, _ in
            let result = try await bench.resume(
                "connection: api\nactions: [{ if: now() < timestamp('2026-01-01T01:00:00Z'), id: p, post: /echo }]\n",
                [("p", "", .started, nil)]
            )
            #expect(result.reason?.hasPrefix("outcome unknown: ") == true)
        }
    }

    @Test func `a recipe that is called in rounds goes on, also where everything is done at most once`() async throws {
        let clock = ManualEngineClock(at: .at("2026-01-01T00:00:00Z"), isImpatient: true)
        let bench = try Workbench(["other.yml": "actions: [{ log: called }]\noutput: 1\n"], clock: clock)
        let result = try await bench.resume(
            "delivery: at_most_once\nactions: [{ id: it, call: other, until: result == 1 }]\n",
            [("it", "", .started, .map(["round": 1, "vars": .map([:])]))]
        )
        #expect(result.status == .succeeded, "\(result.reason ?? "")")
        #expect(bench.observer.lines == ["called"])
    }

    @Test(arguments: [("it/else/a", ["second"]), (nil, [])] as [(String?, [String])])
    func `what a switch has decided stays so, also that no case held`(done: String?, lines: [String]) async throws {
        let clock = ManualEngineClock(at: .at("2026-01-01T02:00:00Z"))
        let bench = try Workbench(clock: clock)
        let result = try await bench.resume(
            """
            actions:
              - id: it
                switch:
                  - { when: now() > timestamp('2026-01-01T01:00:00Z'), do: [{ log: third }] }
                \(done == nil ? "" : "else: [{ id: a, log: first }, { log: second }]")
            """,
            [done.map { ($0, "", .succeeded, nil) } ?? ("it", "", .succeeded, nil)]
        )
        #expect(result.status == .succeeded, "\(result.error?.description ?? "")")
        #expect(bench.observer.lines == lines)
    }

    @Test func `a condition is asked again in the next attempt`() async throws {
        let clock = ManualEngineClock(at: .at("2026-01-01T02:00:00Z"), isImpatient: true)
        try await withAPI(clock: clock) { bench, sandbox in
            let result = try await bench.resume(
                """
                connection: api
                actions:
                  - retry: { attempts: 3, initial: 10s, jitter: none }
                    id: all
                    do:
                      - { id: x, if: now() < timestamp('2026-01-01T01:00:00Z'), do: [{ id: p, post: /echo, json: {} }] }
                      - { get: "/echo?fail=503&times=1", retry: false }
                """,
                [("all/x/p", "", .succeeded, nil), ("all/x", "", .succeeded, nil)]
            )
            #expect(result.status == .succeeded, "\(result.error?.description ?? "")")
            #expect(sandbox.statistics().routes["POST /echo"] == nil)
        }
    }

    @Test func `the items of the next attempt are those that are not done, though the one before began them all`()
        async throws
    {
        let clock = ManualEngineClock(at: .at("2026-01-01T02:00:00Z"), isImpatient: true)
        try await withAPI(clock: clock) { bench, sandbox in
            let result = try await bench.run(
                """
                connection: api
                actions:
                  - retry: { attempts: 3, initial: 10s, jitter: none }
                    do:
                      - foreach: "[1, 2, 3]"
                        dedupe: { key: "${{ item }}", ttl: 1d }
                        get: "${{ item == 2 ? '/echo?fail=503&times=1' : '/health' }}"
                        retry: false
                """
            )
            #expect(result.status == .succeeded, "\(result.error?.description ?? "")")
            #expect(sandbox.statistics().routes["GET /health"] == 2)
            #expect(sandbox.statistics().routes["GET /echo"] == 2)
        }
    }
}
