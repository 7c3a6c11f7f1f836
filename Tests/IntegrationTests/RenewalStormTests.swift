import CEL
import Foundation
import Synchronization
import TestSupport
import Testing

/// Three processes on one connection at the moment when its token is spent; the server rotates refresh tokens, and takes a second use for theft.
///
/// `RUNNER_STORM` is the number of requests, 300 unless it is set.
@Suite(.serialized, .timeLimit(.minutes(10))) struct RenewalStormTests {
    private static let processes = ["one", "two", "three"]
    private static let requests =
        ProcessInfo.processInfo.environment["RUNNER_STORM"].flatMap { Int($0) } ?? 300
    private static let share = (requests + 2) / 3

    private static let files = [
        "runner.yml": "env: [PROCESS]\n",
        "connectors/api.yml": """
        fields:
          - { name: base_url }
          - { name: key, control_type: password }
        authorization:
          type: custom_auth
          acquire:
            post: /token
            headers: { X-Process: "${{ env.PROCESS }}" }
            form: { grant_type: client_credentials, client_secret: "${{ connection.key }}" }
          refresh:
            post: /token
            headers: { X-Process: "${{ env.PROCESS }}" }
            form: { grant_type: refresh_token, refresh_token: "${{ connection.refresh_token }}" }
          refresh_on: [401]
          apply: { headers: { Authorization: "Bearer ${{ connection.access_token }}", X-Process: "${{ env.PROCESS }}" } }
        base_uri: ${{ connection.base_url }}
        """,
        "connections/api.yml": """
        connector: api
        renew_timeout: 5s
        fields: { base_url: { env: BASE }, key: { env: KEY } }
        """,
        "storm.yml": """
        connection: api
        actions:
          - get: /ready
          - id: all
            foreach: ${{ lists.range(\(share)) }}
            concurrency: 400
            get: /thing
        output: { count: "${{ size(actions.all) }}", ok: "${{ actions.all.all(r, r.status == 200) }}" }
        """,
    ]

    /// How the first token ends.
    enum End: String, CaseIterable {
        /// The server takes it no more, and had not said when.
        case revoked
        /// Its time is over, as the server had said.
        case expired
    }

    @Test(arguments: End.allCases)
    func `one renewal for all of them, no reuse, no failed request`(_ end: End) async throws {
        let server = RotatingServer(firstLifetime: end == .expired ? 4 : nil, processes: Self.processes.count)
        try await ScriptedServer.run(server.answer) { scripted in
            let directory = try TemporaryDirectory(Self.files)
            let running = try await start(in: directory, scripted)
            #expect(await eventually { server.state.withLock { $0.ready } == Self.processes.count })
            if end == .expired {
                let begin = try #require(server.state.withLock { $0.firstGiven })
                try await Task.sleep(until: begin + .seconds(4))
            }
            server.release(revoking: end == .revoked)
            for process in running { try await expectSuccess(process) }
            server.state.withLock { state in
                #expect(state.grants == ["client_credentials", "refresh_token"])
                #expect(state.reused == 0)
                #expect(state.served >= Self.share * Self.processes.count)
                #expect(!state.isFamilyRevoked)
            }
        }
    }

    @Test func `killed before the server answered: one more request, and what was presented is not presented again`()
        async throws
    {
        let server = RotatingServer(firstLifetime: nil, processes: Self.processes.count)
        server.state.withLock { $0.holdsRefresh = true }
        try await ScriptedServer.run(server.answer) { scripted in
            let directory = try TemporaryDirectory(Self.files)
            let running = try await start(in: directory, scripted)
            #expect(await eventually { server.state.withLock { $0.ready } == Self.processes.count })
            server.release()
            #expect(await eventually { server.state.withLock { $0.refreshing.count } == 1 })
            let holder = try #require(server.state.withLock { $0.refreshing.first })
            for (name, process) in zip(Self.processes, running) where name == holder { process.send(SIGKILL) }
            for (name, process) in zip(Self.processes, running) where name != holder {
                try await expectSuccess(process)
            }
            server.state.withLock { state in
                #expect(state.grants == ["client_credentials", "refresh_token", "client_credentials"])
                #expect(state.reused == 0 && !state.isFamilyRevoked)
            }
        }
    }

    @Test func `killed when the answer was written: no further request, no reuse`() async throws {
        let server = RotatingServer(firstLifetime: nil, processes: Self.processes.count)
        try await ScriptedServer.run(server.answer) { scripted in
            let directory = try TemporaryDirectory(Self.files)
            let running = try await start(in: directory, scripted)
            #expect(await eventually { server.state.withLock { $0.ready } == Self.processes.count })
            // Its first request with the new token shows that the token is written.
            let holder = Mutex<String?>(nil)
            server.onRenewed.withLock { hook in
                hook = { name in
                    guard holder.withLock({ if $0 == nil { $0 = name; return true } else { return false } }) else {
                        return
                    }
                    for (other, process) in zip(Self.processes, running) where other == name { process.send(SIGKILL) }
                }
            }
            server.release()
            #expect(await eventually { holder.withLock { $0 } != nil })
            let name = holder.withLock { $0 }
            for (other, process) in zip(Self.processes, running) where other != name {
                try await expectSuccess(process)
            }
            server.state.withLock { state in
                #expect(state.grants == ["client_credentials", "refresh_token"])
                #expect(state.reused == 0 && !state.isFamilyRevoked)
            }
        }
    }

    private func start(in directory: TemporaryDirectory, _ server: ScriptedServer) async throws -> [RunningProgram] {
        var running: [RunningProgram] = []
        for name in Self.processes {
            let environment = ["BASE": server.baseURL, "KEY": "key-of-the-storm", "PROCESS": name]
            running.append(try await Program(in: directory.path, environment).start(["once", "storm.yml"]))
        }
        return running
    }

    private func expectSuccess(_ process: RunningProgram) async throws {
        let outcome = try await process.outcome()
        #expect(outcome.status == 0, "\(outcome.errors.suffix(2_000))")
        #expect(outcome.json["count"] == .int(Int64(Self.share)) && outcome.json["ok"] == .bool(true))
    }
}

/// An API whose refresh tokens work once: the second use of one revokes all that came of the sign-in.
private final class RotatingServer: Sendable {
    struct State {
        var grants: [String] = []
        var access: String?
        var refresh: String?
        var spent: Set<String> = []
        var reused = 0
        var isFamilyRevoked = false
        var served = 0
        var ready = 0
        var isReleased = false
        var holdsRefresh = false
        /// Who has asked for a refresh that is held.
        var refreshing: [String] = []
        var firstGiven: ContinuousClock.Instant?
    }

    let state = Mutex(State())
    /// Told which process sends a request with a token that is not the first.
    let onRenewed = Mutex<(@Sendable (String) -> Void)?>(nil)
    private let firstLifetime: Int?
    private let processes: Int

    init(firstLifetime: Int?, processes: Int) {
        self.firstLifetime = firstLifetime
        self.processes = processes
    }

    /// Those who wait go on; the token is good no more, unless its own time ends it.
    func release(revoking: Bool = true) {
        state.withLock { state in
            if revoking { state.access = nil }
            state.isReleased = true
        }
    }

    func answer(_ request: ScriptedServer.Request) async -> ScriptedServer.Reply {
        switch request.path {
        case "/token": return await token(request)
        case "/ready":
            guard isGood(request) else { return .json("{}", status: 401) }
            state.withLock { $0.ready += 1 }
            while !state.withLock({ $0.isReleased }) { try? await Task.sleep(for: .milliseconds(5)) }
            return .json("{}")
        default:
            guard isGood(request) else { return .json("{}", status: 401) }
            let isRenewed = state.withLock { state in
                state.served += 1
                return state.grants.count > 1
            }
            if isRenewed, let name = request.header("x-process") { onRenewed.withLock { $0 }?(name) }
            return .json(#"{"ok":true}"#)
        }
    }

    private func isGood(_ request: ScriptedServer.Request) -> Bool {
        let given = request.header("authorization")
        return state.withLock { state in
            // As at many servers, the first token is good until its time is over, renewed or not.
            if let firstLifetime, let begin = state.firstGiven, given == "Bearer access-of-storm-1" {
                return .now < begin + .seconds(firstLifetime)
            }
            return state.access.map { given == "Bearer \($0)" } ?? false
        }
    }

    private func token(_ request: ScriptedServer.Request) async -> ScriptedServer.Reply {
        let fields = Dictionary(
            request.body.split(separator: "&").map { part -> (String, String) in
                let pair = part.split(separator: "=", maxSplits: 1)
                return (String(pair[0]), pair.count > 1 ? String(pair[1]) : "")
            }
        ) { first, _ in first }
        let grant = fields["grant_type"] ?? "none"
        let isHeld = state.withLock { state in
            state.grants.append(grant)
            guard grant == "refresh_token", state.holdsRefresh else { return false }
            state.holdsRefresh = false
            state.refreshing.append(request.header("x-process") ?? "")
            return true
        }
        if isHeld {
            // The one who asked is killed meanwhile; what it asked for was not done.
            try? await Task.sleep(for: .seconds(60))
            return .json("{}", status: 503)
        }
        return state.withLock { state in
            if grant == "refresh_token" {
                let given = fields["refresh_token"] ?? ""
                if state.spent.contains(given) {
                    state.reused += 1
                    state.isFamilyRevoked = true
                }
                guard given == state.refresh, !state.isFamilyRevoked else {
                    return .json(#"{"error":"invalid_grant"}"#, status: 400)
                }
                state.spent.insert(given)
            }
            let number = state.grants.count
            let access = "access-of-storm-\(number)"
            let refresh = "refresh-of-storm-\(number)"
            (state.access, state.refresh) = (access, refresh)
            var lifetime = ""
            if let firstLifetime, number == 1 {
                state.firstGiven = .now
                lifetime = #","expires_in":\#(firstLifetime)"#
            }
            return .json(#"{"access_token":"\#(access)","refresh_token":"\#(refresh)"\#(lifetime)}"#)
        }
    }
}
