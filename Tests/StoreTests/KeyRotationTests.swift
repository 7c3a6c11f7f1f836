import CEL
import Schedule
import Store
import Testing

/// A store that is sealed with another key, and the ring of a user's keys.
@Suite struct KeyRotationTests {
    let place: Place

    init() throws { place = try Place() }

    @Test func `everything sealed opens with the new key, and with the old one no more`() async throws {
        let (old, new) = (Sealer(SealingKey()), Sealer(SealingKey()))
        let store = try SQLiteStore.open(at: place.store, sealer: old)
        let run = try await store.claimed(fire(), inputs: ["limit": 5])
        try await store.complete(action(run.id, "list", index: "0", result: ["secret": "value"]), fence: 1)
        var end = RunEnd(run: run.id, status: .succeeded, finishedAt: at(102))
        end.output = ["done": true]
        end.outputSecrets = ["hidden"]
        try await store.finish(end, fence: 1)
        try await store.setState(["since": "then"], of: "sync")
        let token = TokenRecord(
            identity: "api#1",
            connection: "api",
            generation: 0,
            bag: ["access_token": "token-1"],
            acquiredAt: at(1)
        )
        let renewal = RenewalRecord(
            connection: "api",
            identity: "api#1",
            at: at(1),
            reason: .firstUse,
            kind: .acquire,
            duration: .zero,
            outcome: .superseded,
            node: node
        )
        _ = try await store.commitRenewal(token, expected: 0, renewal, holder: node)
        #expect(try await store.rotate(to: new) == 6)
        try store.close()

        #expect(throws: StoreError.self) { try SQLiteStore.open(at: place.store, sealer: old) }
        let again = try SQLiteStore.open(at: place.store, sealer: new)
        #expect(again.fingerprint == new.fingerprint)
        #expect(try await again.token("api#1")?.bag?["access_token"] == "token-1")
        #expect(try await again.state(of: "sync")?.value == ["since": "then"])
        #expect(try await again.stateVersions(of: "sync").map(\.state) == [["since": "then"]])
        let detail = try #require(try await again.run(run.id.text))
        #expect(detail.actions.first?.result == ["secret": "value"])
        #expect(detail.secrets == ["hidden"])
        #expect(try await again.checkpoints(of: run.id).count == 1)
        try again.close()
    }

    @Test func `a living process forbids it`() async throws {
        let sealer = Sealer(SealingKey())
        let store = try SQLiteStore.open(at: place.store, sealer: sealer)
        try await store.register(.current(id: node, leaseUntil: at(100)), now: at(1))
        await #expect {
            try await store.rotate(to: Sealer(SealingKey()))
        } throws: { error in
            "\(error)".contains("another process works on it")
        }
        try await store.unregister(node)
        #expect(try await store.rotate(to: Sealer(SealingKey())) == 0)
    }

    @Test func `the ring keeps older keys under their fingerprints`() throws {
        let path = place.path + "/key"
        let source = KeySource.file(path: path)
        var warnings: [String] = []
        let first = Sealer(try source.load(warnings: &warnings))
        let ring = try #require(KeyRing(source))
        #expect(try ring.key(first.fingerprint) == nil)
        let (key, _) = try ring.turn(from: first.fingerprint)
        let second = Sealer(key)
        #expect(second.fingerprint != first.fingerprint)
        #expect(Sealer(try source.load(warnings: &warnings)).fingerprint == second.fingerprint)
        #expect(try ring.key(first.fingerprint).map { Sealer($0).fingerprint } == first.fingerprint)
        #expect(warnings.isEmpty)
        #expect(KeyRing(.environment("x")) == nil)
    }
}
