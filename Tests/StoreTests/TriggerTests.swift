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

    @Test(arguments: StoreKind.all)
    func `what a clock that was ahead recorded is taken back, but for what was claimed`(kind: StoreKind) async throws {
        let store = try kind.make(at: place)
        let (key, other) = (TriggerKey(recipe: "sync", trigger: "cron"), TriggerKey(recipe: "sync", trigger: "late"))
        _ = try await store.see([key], now: at(1))
        _ = try await store.ended(fire(at: 100))
        try await store.record([
            RunRecord(fire: fire(at: 160), status: .missed, missedUntil: at(9_940), missedCount: 164),
            RunRecord(fire: fire(at: 10_000), status: .missed),
        ])
        _ = try await store.ended(fire(at: 10_060))
        _ = try await store.see([key, other], now: at(10_070))
        try await store.takeBack([key, other], after: at(290)) { trigger, first in
            trigger == key && first == at(160) ? (at(280), 3) : nil
        }
        let records = try await store.runs(RunQuery(recipe: "sync")).reversed().map { $0 }
        #expect(records.map(\.fire) == [100, 160, 10_060].map { fire(at: $0) })
        #expect(records[1].missedUntil == at(280) && records[1].missedCount == 3)
        for trigger in try await store.triggers() {
            #expect(max(trigger.watermark, trigger.lastFire ?? at(0)) == at(290) && trigger.firstSeen <= at(290))
        }
        let progress = try await store.progress(of: [key]).first
        #expect(progress?.lastFire == at(290) && progress?.ahead == [at(10_060)...at(10_060)])
        #expect(try await store.claim([request(fire(at: 220))]) == [.taken])
        _ = try await store.claimed(fire(at: 340))
        _ = try await store.claimed(fire(at: 10_000))
        #expect(try await store.claim([request(fire(at: 10_060))]) == [.taken])
    }
}
