import Foundation
import Schedule
import Store
import TestSupport
import Testing

@Suite struct NodeTests {
    let place: Place

    init() throws { place = try Place() }

    @Test func `this process is alive, whatever its lease says`() {
        let record = NodeRecord.current(leaseUntil: at(0))
        #expect(record.pid == getpid())
        #expect(record.isProcessAlive == true)
        #expect(record.isAlive(now: at(1_000_000)))
    }

    @Test func `a process with the same number but another start is another process`() {
        var record = NodeRecord.current(leaseUntil: at(1_000_000))
        record.processStart += 1
        #expect(record.isProcessAlive == false)
        #expect(!record.isAlive(now: at(0)))
    }

    @Test func `a killed process is dead at once`() async throws {
        let process = try await SpawnedProcess("/bin/sleep", ["60"])
        var record = NodeRecord.current(leaseUntil: at(1_000_000))
        record.pid = process.pid
        let stat = try String(contentsOfFile: "/proc/\(record.pid)/stat", encoding: .utf8)
        record.processStart = try #require(UInt64(stat.split(separator: " ")[21]))
        #expect(record.isProcessAlive == true)
        process.send(SIGKILL)
        #expect(try await process.status() == SIGKILL)
        #expect(record.isProcessAlive == false)
    }

    @Test func `on another machine or after another boot the lease decides`() {
        var record = NodeRecord.current(leaseUntil: at(100))
        record.host = "elsewhere"
        #expect(record.isProcessAlive == nil)
        #expect(record.isAlive(now: at(99)))
        #expect(!record.isAlive(now: at(100)))
        record = .current(leaseUntil: at(100))
        record.boot = "before"
        #expect(record.isAlive(now: at(99)))
        #expect(!record.isAlive(now: at(101)))
    }

    @Test(arguments: StoreKind.all)
    func `runs of dead, departed and unknown nodes are orphans, oldest first`(kind: StoreKind) async throws {
        let store = try kind.make(at: place)
        let here = NodeRecord.current(leaseUntil: at(1000))
        var remote = here
        remote.id = NodeID("remote")
        remote.host = "elsewhere"
        try await store.register(here, now: at(0))
        try await store.register(remote, now: at(0))
        let runs = [
            running(fire("a", at: 130), node: here.id), running(fire("b", at: 120), node: remote.id),
            running(fire("c", at: 110), node: NodeID("unknown")),
        ]
        _ = try await store.claim(runs.map { ClaimRequest(run: $0, overlap: .allow) })
        func orphans(now: Int64) async throws -> [String] {
            try await store.orphans(now: at(now)) { $0.isAlive(now: at(now)) }.map(\.fire.recipe)
        }
        #expect(try await orphans(now: 500) == ["c"])
        #expect(try await orphans(now: 1000) == ["c", "b"])
        try await store.renewLease(of: remote.id, until: at(2000))
        #expect(try await orphans(now: 1500) == ["c"])
        try await store.unregister(here.id)
        #expect(try await orphans(now: 1500) == ["c", "a"])
    }
}
