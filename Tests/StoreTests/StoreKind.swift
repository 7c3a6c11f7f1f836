import CEL
import Foundation
import Schedule
import Store
import Testing

/// One implementation of `Store`, for suites that every implementation must pass unchanged.
struct StoreKind: Sendable, CustomTestStringConvertible {
    let testDescription: String
    /// Whether two stores opened at one place share what they hold.
    let isShared: Bool
    /// Opens the store of a place, an empty directory of the test's own.
    let open: @Sendable (_ place: String) throws -> any Store

    /// Opens the store of a place; it is empty the first time.
    func make(at place: Place) throws -> any Store { try open(place.path) }

    static let all = [sqlite, memory]
    static let shared = all.filter(\.isShared)

    static let sqlite = StoreKind(testDescription: "SQLite file", isShared: true) { place in
        try SQLiteStore.open(at: place + "/store/runner.db", sealer: testSealer)
    }
    static let memory = StoreKind(testDescription: "SQLite in memory", isShared: false) { _ in
        try SQLiteStore.inMemory(sealer: testSealer)
    }
}

/// An empty directory for one test, removed with the last reference.
final class Place: Sendable {
    let path: String

    init() throws {
        path = FileManager.default.temporaryDirectory.appending(path: "store-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    /// Where the SQLite store of this place is.
    var store: String { path + "/store/runner.db" }
}

let testKey = SealingKey()
let testSealer = Sealer(testKey)
let node = NodeID("node-a")
let otherNode = NodeID("node-b")

/// A moment, in seconds since 1970.
func at(_ seconds: Int64) -> Instant { Instant(seconds: seconds) }

func fire(_ recipe: String = "sync", trigger: String = "cron", at seconds: Int64 = 100) -> FireKey {
    FireKey(recipe: recipe, trigger: trigger, scheduledAt: at(seconds))
}

func running(_ fire: FireKey, node: NodeID = node) -> RunRecord {
    RunRecord(fire: fire, status: .running, startedAt: fire.scheduledAt, node: node, version: "v1")
}

func request(_ fire: FireKey, overlap: OverlapRule = .allow, inputs: Value? = nil) -> ClaimRequest {
    ClaimRequest(run: running(fire), overlap: overlap, inputs: inputs)
}

func action(
    _ run: RunID,
    _ path: String,
    index: String = "",
    result: Value? = nil,
    at seconds: Int64 = 101
) -> ActionRecord {
    ActionRecord(
        run: run,
        path: path,
        index: index,
        status: .succeeded,
        result: result,
        startedAt: at(seconds),
        finishedAt: at(seconds + 1)
    )
}

extension Store {
    /// Replaces a recipe's cursor.
    func setState(_ state: Value?, of recipe: String) async throws(StoreError) {
        _ = try await changeState(of: recipe, .set(state), force: true, now: at(50))
    }

    /// Claims one fire that must be free.
    func claimed(_ fire: FireKey, overlap: OverlapRule = .allow, inputs: Value? = nil) async throws -> RunRecord {
        let outcomes = try await claim([request(fire, overlap: overlap, inputs: inputs)])
        guard case .claimed(let run) = try #require(outcomes.first) else {
            throw StoreError.other(path: "test", detail: "not claimed: \(outcomes)")
        }
        return run
    }

    /// A run of its own that has ended.
    func ended(_ fire: FireKey, status: RunStatus = .succeeded) async throws -> RunRecord {
        let run = try await claimed(fire)
        try await finish(RunEnd(run: run.id, status: status, finishedAt: fire.scheduledAt + .seconds(1)), fence: 1)
        return run
    }
}

extension Store {
    /// Starts one queued run.
    func start(_ run: RunID, fence: Int64, _ rule: StartRule, at moment: Instant) async throws -> StartOutcome {
        try #require(try await start([StartRequest(run: run, fence: fence, rule: rule)], at: moment).first)
    }
}
