import CEL
import Schedule
import Store
import Testing

@Suite struct TokenTests {
    let place: Place

    init() throws { place = try Place() }

    private func token(_ access: String, generation: Int64 = 0) -> TokenRecord {
        TokenRecord(
            identity: "percolate#1",
            connection: "percolate",
            generation: generation,
            bag: ["access_token": .string(access), "refresh_token": "r"],
            acquiredAt: at(100),
            expiresAt: at(3700),
            refreshExpiresAt: at(90_000),
            secretDigest: "d1"
        )
    }

    private func renewal(_ outcome: RenewalOutcome = .superseded, at seconds: Int64 = 100) -> RenewalRecord {
        RenewalRecord(
            connection: "percolate",
            identity: "percolate#1",
            at: at(seconds),
            reason: .firstUse,
            kind: .acquire,
            duration: .milliseconds(42),
            outcome: outcome,
            node: node
        )
    }

    private func failure(_ state: TokenState, generation: Int64, digest: String = "d1") -> RenewalFailure {
        RenewalFailure(identity: "percolate#1", generation: generation, state: state, secretDigest: digest)
    }

    @Test(arguments: StoreKind.all) func `a renewed token comes back whole, one generation on`(
        kind: StoreKind
    ) async throws {
        let store = try kind.make(at: place)
        #expect(try await store.token("percolate#1") == nil)
        #expect(try await store.commitRenewal(token("a"), expected: 0, renewal(), holder: node) == .committed)
        #expect(try await store.token("percolate#1") == token("a", generation: 1))
        #expect(try await store.commitRenewal(token("b"), expected: 1, renewal(at: 200), holder: node) == .committed)
        #expect(try await store.token("percolate#1") == token("b", generation: 2))
        let history = try await store.renewals(of: "percolate", limit: 10)
        #expect(history.map(\.outcome) == [.renewed(generation: 2), .renewed(generation: 1)])
        #expect(history.last == renewal(.renewed(generation: 1)))
        #expect(try await store.renewals(of: "other", limit: 10).isEmpty)
        #expect(try await store.renewals(of: nil, limit: 1).count == 1)
    }

    @Test(arguments: StoreKind.all) func `listings hold no bag, and a deleted token is gone`(
        kind: StoreKind
    ) async throws {
        let store = try kind.make(at: place)
        _ = try await store.commitRenewal(token("a"), expected: 0, renewal(), holder: node)
        var listed = token("a", generation: 1)
        listed.bag = nil
        #expect(try await store.tokens() == [listed])
        try await store.deleteToken("percolate#1")
        #expect(try await store.tokens().isEmpty)
        #expect(try await store.token("percolate#1") == nil)
    }

    @Test(arguments: StoreKind.all) func `a commit that started from an old generation gets the newer token`(
        kind: StoreKind
    ) async throws {
        let store = try kind.make(at: place)
        _ = try await store.commitRenewal(token("winner"), expected: 0, renewal(), holder: node)
        let answer = try await store.commitRenewal(token("loser"), expected: 0, renewal(at: 101), holder: otherNode)
        #expect(answer == .superseded(token("winner", generation: 1)))
        #expect(try await store.token("percolate#1")?.bag?["access_token"] == "winner")
        #expect(try await store.renewals(of: nil, limit: 1).map(\.outcome) == [.superseded])
    }

    @Test(arguments: StoreKind.all) func `a failure of an old generation never touches a newer token`(
        kind: StoreKind
    ) async throws {
        let store = try kind.make(at: place)
        _ = try await store.commitRenewal(token("a"), expected: 0, renewal(), holder: node)
        _ = try await store.commitRenewal(token("b"), expected: 1, renewal(), holder: node)
        let late = failure(.needsAttention(message: "invalid_grant"), generation: 1, digest: "d2")
        try await store.failRenewal(late, renewal(.failed(message: "invalid_grant"), at: 300), holder: otherNode)
        #expect(try await store.token("percolate#1") == token("b", generation: 2))
        #expect(try await store.renewals(of: nil, limit: 1).map(\.outcome) == [.failed(message: "invalid_grant")])
    }

    @Test(arguments: StoreKind.all) func `a failure keeps the bag and says what to wait for`(
        kind: StoreKind
    ) async throws {
        let store = try kind.make(at: place)
        _ = try await store.commitRenewal(token("a"), expected: 0, renewal(), holder: node)
        let cooling = TokenState.cooling(until: at(500), failures: 2, message: "503")
        let failed = renewal(.failed(message: "503"), at: 300)
        try await store.failRenewal(failure(cooling, generation: 1, digest: "d2"), failed, holder: node)
        var expected = token("a", generation: 1)
        expected.state = cooling
        expected.secretDigest = "d2"
        #expect(try await store.token("percolate#1") == expected)
    }

    @Test(arguments: StoreKind.all) func `a first renewal that fails is remembered without a bag`(
        kind: StoreKind
    ) async throws {
        let store = try kind.make(at: place)
        let state = TokenState.needsAttention(message: "invalid_client")
        let failed = renewal(.failed(message: "invalid_client"))
        try await store.failRenewal(failure(state, generation: 0), failed, holder: node)
        let stored = try #require(try await store.token("percolate#1"))
        #expect(stored.generation == 0)
        #expect(stored.bag == nil)
        #expect(stored.state == state)
        #expect(try await store.commitRenewal(token("a"), expected: 0, renewal(), holder: node) == .committed)
        #expect(try await store.token("percolate#1") == token("a", generation: 1))
    }

    @Test(arguments: StoreKind.all) func `one holder renews, the others are told until when`(
        kind: StoreKind
    ) async throws {
        let store = try kind.make(at: place)
        func lease(_ holder: NodeID, now: Int64) async throws -> RenewalLease {
            try await store.leaseRenewal(of: "percolate#1", holder: holder, now: at(now), until: at(now + 30))
        }
        #expect(try await lease(node, now: 0) == .granted(current: nil))
        #expect(try await lease(otherNode, now: 10) == .held(until: at(30)))
        #expect(try await lease(node, now: 10) == .granted(current: nil))
        // Taken over after its time, with the newest token.
        #expect(try await lease(otherNode, now: 40) == .granted(current: nil, isTakenOver: true))
        #expect(try await store.renewing(now: at(69)) == ["percolate#1"])
        #expect(try await store.renewing(now: at(70)).isEmpty)
        #expect(try await lease(node, now: 50) == .held(until: at(70)))
        // What the first holder gives back is not its any more.
        try await store.releaseRenewal(of: "percolate#1", holder: node)
        #expect(try await lease(node, now: 50) == .held(until: at(70)))
        _ = try await store.commitRenewal(token("a"), expected: 0, renewal(), holder: otherNode)
        #expect(try await lease(node, now: 51) == .granted(current: token("a", generation: 1)))
        let state = TokenState.cooling(until: at(60), failures: 1, message: "503")
        try await store.failRenewal(failure(state, generation: 1), renewal(.failed(message: "503")), holder: node)
        guard case .granted(_, isTakenOver: false) = try await lease(otherNode, now: 52) else {
            Issue.record("a failure did not give the lease back")
            return
        }
    }

    @Test(arguments: StoreKind.all) func `the lease of a dead process of this machine is taken over at once`(
        kind: StoreKind
    ) async throws {
        let store = try kind.make(at: place)
        var dead = NodeRecord.current(id: NodeID("dead"), leaseUntil: at(1000))
        let alive = NodeRecord.current(id: NodeID("alive"), leaseUntil: at(1000))
        dead.processStart += 1
        try await store.register(alive, now: at(0))
        try await store.register(dead, now: at(0))
        func lease(_ identity: String, _ holder: NodeID) async throws -> RenewalLease {
            try await store.leaseRenewal(of: identity, holder: holder, now: at(0), until: at(30))
        }
        _ = try await lease("one", dead.id)
        #expect(try await store.renewing(now: at(0)).isEmpty)
        #expect(try await lease("one", node) == .granted(current: nil, isTakenOver: true))
        _ = try await lease("two", alive.id)
        #expect(try await lease("two", node) == .held(until: at(30)))
    }

    @Test(arguments: StoreKind.all) func `of many that ask at once one is granted`(kind: StoreKind) async throws {
        let store = try kind.make(at: place)
        let granted = try await withThrowingTaskGroup(of: Bool.self) { group in
            for number in 0..<50 {
                group.addTask {
                    let holder = NodeID("n\(number)")
                    let lease = try await store.leaseRenewal(of: "x", holder: holder, now: at(0), until: at(30))
                    return lease == .granted(current: nil)
                }
            }
            return try await group.reduce(0) { $0 + ($1 ? 1 : 0) }
        }
        #expect(granted == 1)
    }
}
