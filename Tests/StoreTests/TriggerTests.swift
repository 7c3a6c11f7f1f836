import Schedule
import Store
import Testing

@Suite struct TriggerTests {
    let place: Place
    let cron = TriggerKey(recipe: "sync", trigger: "cron")
    let interval = TriggerKey(recipe: "sync", trigger: "interval")

    init() throws { place = try Place() }

    @Test(arguments: StoreKind.all) func `a trigger owes from when it was first seen`(kind: StoreKind) async throws {
        let store = try kind.make(at: place)
        let seen = try await store.see([cron, interval], now: at(10))
        #expect(seen.map(\.key) == [cron, interval])
        #expect(seen.allSatisfy { $0.watermark == at(10) && $0.firstSeen == at(10) && $0.lastFire == nil })
        #expect(try await store.see([interval, cron], now: at(20)) == seen)
        #expect(try await store.triggers() == seen)
    }

    @Test(arguments: StoreKind.all)
    func `owing ends with removal and begins anew with return`(kind: StoreKind) async throws {
        let store = try kind.make(at: place)
        _ = try await store.see([cron, interval], now: at(10))
        #expect(try await store.see([cron], now: at(20)).map(\.key) == [cron])
        #expect(try await store.triggers().last?.removedAt == at(20))
        let back = try await store.see([cron, interval], now: at(30))
        #expect(back.map(\.watermark) == [at(10), at(30)])
        #expect(back.map(\.firstSeen) == [at(10), at(10)])
        #expect(back.allSatisfy { $0.removedAt == nil })
    }

    @Test(arguments: StoreKind.all)
    func `the last fire counts runs, unserved fires and whole missed ranges`(kind: StoreKind) async throws {
        let store = try kind.make(at: place)
        _ = try await store.see([cron], now: at(10))
        func last() async throws -> Instant? { try await store.triggers().first?.lastFire }
        _ = try await store.claimed(fire(at: 100))
        #expect(try await last() == at(100))
        try await store.record([RunRecord(fire: fire(at: 160), status: .missed, missedUntil: at(400), missedCount: 5)])
        #expect(try await last() == at(400))
        _ = try await store.claimed(fire(at: 50))
        #expect(try await last() == at(400))
    }

    @Test(arguments: StoreKind.all) func `runs by hand have no trigger that owes`(kind: StoreKind) async throws {
        let store = try kind.make(at: place)
        _ = try await store.claimed(fire(trigger: "once"))
        #expect(try await store.triggers().isEmpty)
        #expect(try await store.see([], now: at(10)).isEmpty)
    }
}
