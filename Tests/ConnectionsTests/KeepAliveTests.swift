import CEL
import Connections
import Recipe
import Schedule
import Store
import TestSupport
import Testing

/// `refresh_token_expires_in`: a refresh token that nobody uses is used in time.
@Suite(.timeLimit(.minutes(1))) struct KeepAliveTests {
    /// A server whose refresh tokens live 100 s; `prolongs`: a refresh says so again.
    private func answer(prolongs: Bool) -> ScriptedServer.Handler {
        { request in
            guard request.path == "/token" else { return .json("{}") }
            let isRefresh = request.body.contains("grant_type=refresh_token")
            let lifetime = !isRefresh || prolongs ? #","refresh_token_expires_in":100"# : ""
            return .json(#"{"access_token":"access-0001","refresh_token":"refresh-0001"\#(lifetime)}"#)
        }
    }

    private func wait(until holds: () async throws -> Bool) async throws {
        while try await !holds() { try await Task.sleep(for: .milliseconds(2)) }
    }

    @Test func `an idle connection is renewed at 85 percent, again and again`() async throws {
        let clock = ManualClock()
        try await ScriptedServer.run(answer(prolongs: true)) { server in
            try await Rig.run(server, connector: Rig.connector(refresh: true), clock: clock) {
                (rig: Rig) async throws in
                _ = try await rig.get()
                for round in 1...3 {
                    try await wait { clock.sleeperCount == 1 }
                    clock.advance(by: .seconds(84))
                    #expect(server.count("/token") == round)
                    clock.advance(by: .seconds(1.1))
                    try await wait { try await rig.store.renewals(of: "api", limit: 9).count == round + 1 }
                }
                #expect(try await rig.store.renewals(of: "api", limit: 9).first?.reason == .keepAlive)
            }
        }
    }

    @Test func `a process that only starts takes care of it too`() async throws {
        let clock = ManualClock()
        let store = try SQLiteStore.inMemory()
        let connector = Rig.connector(refresh: true)
        try await ScriptedServer.run(answer(prolongs: true)) { server in
            try await Rig.run(server, connector: connector, clock: clock, store: store) { (rig: Rig) async throws in
                _ = try await rig.get()
            }
            try await Rig.run(server, connector: connector, clock: clock, store: store) { (rig: Rig) async throws in
                await rig.manager.keepAlive([rig.connection])
                #expect(server.count("/token") == 1)
                try await wait { clock.sleeperCount > 0 }
                clock.advance(by: .seconds(85.1))
                try await wait { server.count("/token") == 2 }
            }
        }
    }

    @Test func `a refresh that does not prolong the life is not repeated`() async throws {
        let clock = ManualClock()
        try await ScriptedServer.run(answer(prolongs: false)) { server in
            try await Rig.run(server, connector: Rig.connector(refresh: true), clock: clock) {
                (rig: Rig) async throws in
                _ = try await rig.get()
                try await wait { clock.sleeperCount == 1 }
                clock.advance(by: .seconds(86))
                try await wait { try await rig.store.renewals(of: "api", limit: 9).count == 2 }
                for _ in 0..<20 {
                    clock.advance(by: .seconds(10))
                    try await Task.sleep(for: .milliseconds(2))
                }
                #expect(server.count("/token") == 2)
            }
        }
    }
}
