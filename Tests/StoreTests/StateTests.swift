import CEL
import GRDB
import Schedule
import Testing

@testable import Store

/// What a recipe remembers, and what it remembered before.
@Suite struct StateTests {
    let place: Place

    init() throws { place = try Place() }

    /// A run that leaves a state.
    private func leave(_ state: Value, _ store: any Store, at second: Int64) async throws -> RunID {
        let run = try await store.claimed(fire(at: second))
        try await store.finish(
            RunEnd(run: run.id, status: .succeeded, finishedAt: at(second + 1), state: state),
            fence: 1
        )
        return run.id
    }

    private func change(_ store: any Store, _ edit: StateEdit, force: Bool = false) async throws -> StateOutcome {
        try await store.changeState(of: "sync", edit, force: force, now: at(900))
    }

    @Test(arguments: StoreKind.all) func `rewind goes back state by state, to none`(kind: StoreKind) async throws {
        let store = try kind.make(at: place)
        #expect(try await change(store, .previous) == .unknown)
        let first = try await leave(["n": 1], store, at: 100)
        _ = try await leave(["n": 2], store, at: 200)
        let third = try await leave(["n": 3], store, at: 300)
        #expect(try await change(store, .previous) == .changed(["n": 2]))
        #expect(try await store.state(of: "sync")?.value == ["n": 2])
        #expect(try await change(store, .previous) == .changed(["n": 1]))
        let versions = try await store.stateVersions(of: "sync")
        #expect(versions.map(\.state) == [["n": 3], ["n": 2], ["n": 1]])
        #expect(versions.map(\.isCurrent) == [false, false, true])
        #expect(versions.last?.run == first && versions.last?.at == at(101))
        #expect(try await change(store, .previous) == .changed(nil))
        #expect(try await store.state(of: "sync")?.value == nil)
        #expect(try await change(store, .previous) == .unknown)
        // Nothing is lost by it.
        #expect(try await change(store, .left(by: third)) == .changed(["n": 3]))
        #expect(try await change(store, .left(by: RunID())) == .unknown)
        // What comes after a rewind goes back to what was in force then.
        _ = try await change(store, .left(by: first))
        #expect(try await change(store, .set(["n": 9])) == .changed(["n": 9]))
        #expect(try await change(store, .previous) == .changed(["n": 1]))
        #expect(try await change(store, .set(nil)) == .changed(nil))
        #expect(try await store.state(of: "sync")?.value == nil)
        #expect(try await change(store, .previous) == .changed(["n": 1]))
    }

    @Test(arguments: StoreKind.all) func `a live run of the recipe refuses it, unless forced`(kind: StoreKind)
        async throws
    {
        let store = try kind.make(at: place)
        _ = try await store.claimed(fire("other", at: 90))
        #expect(try await change(store, .set(1)) == .changed(1))
        let run = try await store.claimed(fire(at: 100))
        #expect(try await change(store, .set(2)) == .busy(run.id))
        #expect(try await change(store, .previous) == .busy(run.id))
        #expect(try await change(store, .set(2), force: true) == .changed(2))
        #expect(try await store.state(of: "sync")?.value == 2)
    }

    @Test(arguments: StoreKind.all) func `only so many are kept`(kind: StoreKind) async throws {
        let store = try kind.make(at: place)
        for number in 1...30 { _ = try await leave(.int(Int64(number)), store, at: Int64(number) * 10) }
        #expect(try await store.stateVersions(of: "sync").count == StateVersion.limit)
        for number in stride(from: 29, through: 11, by: -1) {
            #expect(try await change(store, .previous) == .changed(.int(Int64(number))))
        }
        #expect(try await change(store, .previous) == .unknown)
        #expect(try await store.state(of: "sync")?.value == 11)
    }

    @Test(arguments: StoreKind.all) func `a renamed recipe takes its states with it`(kind: StoreKind) async throws {
        let store = try kind.make(at: place)
        _ = try await leave(["n": 1], store, at: 100)
        _ = try await leave(["n": 2], store, at: 200)
        #expect(try await store.moveState(from: "sync", to: "new", force: false) == .changed(["n": 2]))
        #expect(try await store.state(of: "sync")?.value == nil)
        #expect(try await store.stateVersions(of: "sync") == [])
        let back = try await store.changeState(of: "new", .previous, force: false, now: at(900))
        #expect(back == .changed(["n": 1]))
        #expect(try await store.moveState(from: "sync", to: "new", force: false) == .occupied)
        #expect(try await store.moveState(from: "sync", to: "newer", force: false) == .unknown)
    }

    @Test func `the secrets in a state go where it goes`() async throws {
        let store = try SQLiteStore.open(at: place.store, sealer: testSealer)
        let run = try await store.claimed(fire())
        var end = RunEnd(run: run.id, status: .succeeded, finishedAt: at(102))
        end.state = ["token": "hidden"]
        end.stateSecrets = ["hidden"]
        try await store.finish(end, fence: 1)
        #expect(try await change(store, .set(["n": 2])) == .changed(["n": 2]))
        #expect(try await store.state(of: "sync") == MarkedValue(["n": 2]))
        #expect(try await change(store, .previous) == .changed(["token": "hidden"]))
        #expect(try await store.stateVersions(of: "sync").map(\.secrets) == [[], ["hidden"]])
        _ = try await store.moveState(from: "sync", to: "new", force: false)
        #expect(try await store.state(of: "new") == MarkedValue(["token": "hidden"], secrets: ["hidden"]))
        try store.close()
    }

    @Test func `a store in which no secrets are marked opens, and is read as it is`() async throws {
        let old = try SQLiteStore.open(at: place.store, sealer: testSealer)
        try await old.setState(["n": 1], of: "sync")
        try old.close()
        try await DatabaseQueue(path: place.store).write { database in
            try database.execute(sql: "DELETE FROM grdb_migrations WHERE identifier >= '7'; PRAGMA user_version = 6")
        }
        let store = try SQLiteStore.open(at: place.store, sealer: testSealer)
        #expect(try await store.state(of: "sync") == MarkedValue(["n": 1]))
        try store.close()
        let version = try await DatabaseQueue(path: place.store).read {
            try Int.fetchOne($0, sql: "PRAGMA user_version")
        }
        #expect(version == 8)
    }

    @Test func `a state from an older schema can be replaced, and brought back`() async throws {
        let old = try SQLiteStore.open(at: place.store, sealer: testSealer)
        try await old.setState(["n": 1], of: "sync")
        try old.close()
        // As the older program left it.
        try await DatabaseQueue(path: place.store).write { database in
            try database.execute(
                sql: """
                    DROP TABLE state_version; ALTER TABLE recipe DROP COLUMN state_version; DROP TABLE done_item; DROP TABLE secret;
                    DROP INDEX run_parked; ALTER TABLE run DROP COLUMN origin; ALTER TABLE run DROP COLUMN resume_at;
                    ALTER TABLE run DROP COLUMN spent; DELETE FROM grdb_migrations WHERE identifier >= '5'; PRAGMA user_version = 4
                    """
            )
        }
        let store = try SQLiteStore.open(at: place.store, sealer: testSealer)
        #expect(try await store.state(of: "sync")?.value == ["n": 1])
        #expect(try await change(store, .previous) == .unknown)
        #expect(try await change(store, .set(["n": 2])) == .changed(["n": 2]))
        #expect(try await change(store, .previous) == .changed(["n": 1]))
        try store.close()
    }
}
