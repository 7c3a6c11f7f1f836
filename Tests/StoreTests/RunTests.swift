import CEL
import Schedule
import Store
import Testing

@Suite struct RunTests {
    let place: Place

    init() throws { place = try Place() }

    @Test(arguments: StoreKind.all) func `everything of a run comes back`(kind: StoreKind) async throws {
        let store = try kind.make(at: place)
        let inputs: Value = ["state": "open"]
        let run = try await store.claimed(fire(), inputs: inputs)
        let first = ActionRecord(
            run: run.id,
            path: "list",
            status: .failed,
            error: ErrorRecord(
                action: "list",
                kind: "status",
                message: "503 from api.example.com",
                status: 503,
                attempt: 3
            ),
            attempts: 3,
            startedAt: at(101),
            finishedAt: at(102),
            request: "GET api.example.com 503"
        )
        try await store.complete(first, fence: 1)
        let second = action(run.id, "each/notify", index: "3.1", result: ["ok": 1], at: 103)
        let end = RunEnd(
            run: run.id,
            status: .failed,
            finishedAt: at(110),
            reason: "2 of 3 failed",
            error: "sent nothing",
            lateness: .microseconds(1500),
            actions: [second],
            output: ["posted": 3]
        )
        try await store.finish(end, fence: 1)

        var expected = run
        expected.status = .failed
        expected.finishedAt = at(110)
        expected.reason = "2 of 3 failed"
        expected.lateness = .microseconds(1500)
        let detail = try #require(try await store.run(run.id.text))
        #expect(detail.run == expected)
        #expect(detail.inputs == inputs)
        #expect(detail.actions == [first, second])
        #expect(detail.output == ["posted": 3])
        #expect(detail.error == "sent nothing")
        #expect(try await store.checkpoints(of: run.id) == [first, second])
    }

    @Test(arguments: StoreKind.all)
    func `an action that was begun is replaced by its completion`(kind: StoreKind) async throws {
        let store = try kind.make(at: place)
        let run = try await store.claimed(fire())
        let intent = ActionRecord(run: run.id, path: "post", status: .started, startedAt: at(101))
        try await store.begin(intent, fence: 1)
        #expect(try await store.checkpoints(of: run.id) == [intent])
        let done = action(run.id, "post", result: "sent")
        try await store.complete(done, fence: 1)
        #expect(try await store.checkpoints(of: run.id) == [done])
    }

    @Test(arguments: StoreKind.all)
    func `every write with an old fence is refused and changes nothing`(kind: StoreKind) async throws {
        let store = try kind.make(at: place)
        let run = try await store.claimed(fire())
        let taken = try #require(try await store.takeOver(run.id, fence: 1, node: otherNode))
        let before = try await store.run(run.id.text)
        let late = action(run.id, "list", result: 1)
        #expect(try await store.start(run.id, fence: 1, .besideOthers, at: at(5)) == .fenced)
        await #expect(throws: StoreError.fenced(run.id)) { try await store.begin(late, fence: 1) }
        await #expect(throws: StoreError.fenced(run.id)) { try await store.complete(late, fence: 1) }
        await #expect(throws: StoreError.fenced(run.id)) {
            let end = RunEnd(run: run.id, status: .succeeded, finishedAt: at(9), actions: [late], state: ["since": 9])
            try await store.finish(end, fence: 1)
        }
        #expect(try await store.run(run.id.text) == before)
        #expect(try await store.state(of: "sync")?.value == nil)
        try await store.complete(late, fence: taken.fence)
        #expect(try await store.checkpoints(of: run.id) == [late])
    }

    @Test(arguments: StoreKind.all)
    func `a run that is taken over began when it first began, however long it waits for a slot`(
        kind: StoreKind
    ) async throws {
        let store = try kind.make(at: place)
        let run = try await store.claimed(fire())
        let taken = try #require(try await store.takeOver(run.id, fence: 1, node: otherNode))
        #expect(taken.startedAt == at(100))
        #expect(try await store.start(run.id, fence: taken.fence, .besideOthers, at: at(500)) == .started)
        #expect(try await store.run(run.id.text)?.run.startedAt == at(100))
    }

    @Test(arguments: StoreKind.all) func `an ended run takes no more writes`(kind: StoreKind) async throws {
        let store = try kind.make(at: place)
        let run = try await store.ended(fire())
        await #expect(throws: StoreError.fenced(run.id)) { try await store.complete(action(run.id, "late"), fence: 1) }
        await #expect(throws: StoreError.fenced(run.id)) {
            try await store.finish(RunEnd(run: run.id, status: .failed, finishedAt: at(200)), fence: 1)
        }
        #expect(try await store.takeOver(run.id, fence: 1, node: node) == nil)
    }

    @Test(arguments: StoreKind.all)
    func `a take-over raises fence and attempt, and only one wins`(kind: StoreKind) async throws {
        let store = try kind.make(at: place)
        let run = try await store.claimed(fire())
        let winners = try await withThrowingTaskGroup(of: RunRecord?.self) { group in
            for number in 0..<8 {
                group.addTask { try await store.takeOver(run.id, fence: 1, node: NodeID("n\(number)")) }
            }
            return try await group.reduce(into: [RunRecord]()) { winners, run in
                if let run { winners.append(run) }
            }
        }
        #expect(winners.count == 1)
        #expect(winners.first?.fence == 2)
        #expect(winners.first?.attempt == 2)
        #expect(winners.first?.startedAt == run.startedAt)
    }

    @Test(arguments: StoreKind.all) func `an interrupted run resumes as the same run`(kind: StoreKind) async throws {
        let store = try kind.make(at: place)
        let run = try await store.claimed(fire())
        try await store.complete(action(run.id, "list", result: 7), fence: 1)
        try await store.finish(
            RunEnd(run: run.id, status: .interrupted, finishedAt: at(105), reason: "stopped"),
            fence: 1
        )
        #expect(try await store.runs(RunQuery(statuses: [.interrupted])).map(\.id) == [run.id])
        let resumed = try #require(try await store.takeOver(run.id, fence: 1, node: otherNode))
        #expect(resumed.id == run.id)
        #expect(resumed.status == .running)
        #expect(resumed.finishedAt == nil)
        #expect(resumed.reason == nil)
        #expect(resumed.node == otherNode)
        #expect(try await store.checkpoints(of: run.id).map(\.result) == [7])
    }

    @Test(arguments: StoreKind.all) func `a queued run starts once it has its slot`(kind: StoreKind) async throws {
        let store = try kind.make(at: place)
        var queued = running(fire())
        queued.status = .queued
        queued.startedAt = nil
        _ = try await store.claim([ClaimRequest(run: queued, overlap: .skip)])
        #expect(try await store.start(queued.id, fence: 1, .inTurn, at: at(130)) == .started)
        let run = try await store.run(queued.id.text)?.run
        #expect(run?.status == .running)
        #expect(run?.startedAt == at(130))
    }

    @Test(arguments: StoreKind.all) func `the cursor is committed with the end of the run`(kind: StoreKind) async throws
    {
        let store = try kind.make(at: place)
        let run = try await store.claimed(fire())
        #expect(try await store.state(of: "sync")?.value == nil)
        let end = RunEnd(run: run.id, status: .succeeded, finishedAt: at(105), state: ["since": 100])
        try await store.finish(end, fence: 1)
        #expect(try await store.state(of: "sync")?.value == ["since": 100])
        _ = try await store.ended(fire(at: 200))
        #expect(try await store.state(of: "sync")?.value == ["since": 100])
        try await store.setState(["since": 1], of: "sync")
        #expect(try await store.state(of: "sync")?.value == ["since": 1])
        try await store.setState(nil, of: "sync")
        #expect(try await store.state(of: "sync")?.value == nil)
    }

    @Test(arguments: StoreKind.all) func `recipe texts are kept by hash`(kind: StoreKind) async throws {
        let store = try kind.make(at: place)
        try await store.save([RecipeVersion(hash: "h1", source: "name: a")], now: at(1))
        try await store.save([RecipeVersion(hash: "h1", source: "other")], now: at(2))
        #expect(try await store.version("h1") == "name: a")
        #expect(try await store.version("h2") == nil)
    }
}
