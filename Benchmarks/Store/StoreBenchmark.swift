import CEL
import Foundation
import Schedule
import Store

/// The writer of a store in a real file, as runs use it.
struct StoreBenchmark {
    /// What many runs at once come to.
    struct Throughput {
        /// Durable rows in a second.
        let rate: Double
        /// What a row costs on all cores.
        let processorTime: Duration
    }

    private let store: SQLiteStore
    private let node = NodeID()
    private let directory: String
    private let disk: Disk

    static func prepare(in parent: String) throws -> StoreBenchmark {
        let directory = "\(parent)/store-benchmark-\(UUID())"
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        return StoreBenchmark(
            store: try SQLiteStore.open(at: directory + "/runner.db", sealer: Sealer(SealingKey())),
            directory: directory,
            disk: try Disk(path: directory + "/bare")
        )
    }

    private init(store: SQLiteStore, directory: String, disk: Disk) {
        self.store = store
        self.directory = directory
        self.disk = disk
    }

    func remove() throws {
        try store.close()
        try FileManager.default.removeItem(atPath: directory)
    }

    /// Many runs, each of which completes one action after another, as a `foreach` over POSTs does: it goes on when the last one is durable.
    func completeActions(of count: Int, each rounds: Int) async throws -> Throughput {
        let runs = try await claim(
            (0..<count).map { FireKey(recipe: "\($0) of \(count)", trigger: "t", scheduledAt: Self.moment) }
        )
        let (store, response) = (store, Self.response)
        let cpu = Self.processorTime()
        let start = ContinuousClock.now
        try await withThrowingTaskGroup(of: Void.self) { group in
            for run in runs {
                group.addTask {
                    for round in 0..<rounds {
                        try await store.complete(Self.action(of: run, index: String(round), response), fence: run.fence)
                    }
                }
            }
            try await group.waitForAll()
        }
        let rows = count * rounds
        return Throughput(
            rate: Double(rows) / (start.duration(to: .now) / .seconds(1)),
            processorTime: (Self.processorTime() - cpu) / rows
        )
    }

    /// The ends of runs of one request each, one after another: from the response at hand to the record on the disk.
    ///
    /// - Returns: what the store needs, and what the disk needs for as many bytes, by turns.
    func endLoneRuns(_ count: Int) async throws -> (store: Latencies, disk: Latencies) {
        var (ours, bare) = ([Duration](), [Duration]())
        for number in 0..<count {
            let fire = FireKey(recipe: "lone", trigger: "t", scheduledAt: Self.moment + .seconds(number))
            let run = try await claim([fire])[0]
            // Pauses let the disk's queue run empty, as it is when one run comes alone.
            try await Task.sleep(for: .milliseconds(2))
            var start = ContinuousClock.now
            let end = RunEnd(
                run: run.id,
                status: .succeeded,
                finishedAt: Self.moment,
                lateness: .microseconds(300),
                actions: [Self.action(of: run, index: "", Self.response)],
                output: Self.response
            )
            try await store.finish(end, fence: run.fence)
            ours.append(start.duration(to: .now))
            try await Task.sleep(for: .milliseconds(2))
            start = .now
            try disk.write()
            bare.append(start.duration(to: .now))
        }
        return (Latencies(ours), Latencies(bare))
    }

    /// Runs that are under way.
    private func claim(_ fires: [FireKey]) async throws -> [RunRecord] {
        let requests = fires.map { fire in
            ClaimRequest(
                run: RunRecord(fire: fire, status: .running, startedAt: Self.moment, node: node, version: "v"),
                overlap: .allow
            )
        }
        return try await store.claim(requests).map { outcome in
            guard case .claimed(let run) = outcome else { throw FireIsTaken() }
            return run
        }
    }

    private struct FireIsTaken: Error {}

    private static func action(of run: RunRecord, index: String, _ response: Value) -> ActionRecord {
        ActionRecord(
            run: run.id,
            path: "notify",
            index: index,
            status: .succeeded,
            result: response,
            startedAt: moment,
            finishedAt: moment,
            request: "GET api.example.com 200"
        )
    }

    private static let moment = Instant(seconds: 1_767_225_600)

    /// What a small answer of an API comes to as an action's result.
    private static let response: Value = .map([
        "status": .int(200),
        "headers": .map([
            "content-type": .string("application/json; charset=utf-8"),
            "date": .string("Thu, 01 Jan 2026 00:00:00 GMT"),
            "content-length": .string("131"), "x-request-id": .string("7c0f5a5e-2f53-4d8e-9f0a-1d2c3b4a5968"),
        ]),
        "body": .map([
            "id": .int(4_711), "title": .string("The printer on the second floor is out of paper again"),
            "state": .string("open"), "priority": .int(3), "user": .map(["login": .string("somebody")]),
        ]),
        "attempts": .int(1),
        "duration": .duration(CELDuration(nanoseconds: 12_345_678)),
    ])

    private static func processorTime() -> Duration {
        var time = timespec()
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
        return .seconds(time.tv_sec) + .nanoseconds(time.tv_nsec)
    }
}
