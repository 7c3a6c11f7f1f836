import CEL
import Connections
import Crypto
import Foundation
import Recipe
import Schedule
import Store
import Synchronization
import TestSupport
import Testing

/// A person signs in: with a browser, which a test plays, and with a device's code.
@Suite(.timeLimit(.minutes(1))) struct SignInTests {
    private static let fields =
        "{ authorization_url: BASE/authorize?prompt=login, token_url: BASE/token, client_id: me, client_secret: { env: SECRET }, scope: 'a b', base_url: BASE }"
    private static let text = "connector: oauth2_authorization_code\nfields: \(fields)"

    /// Plays the browser: comes back with what `answer` makes of the URL's query.
    private static func browser(
        _ answer: @escaping @Sendable ([String: String]) -> String
    ) -> @Sendable (SignInPrompt) -> Void {
        { prompt in
            guard case .open(let url) = prompt, let components = URLComponents(string: url) else { return }
            var query: [String: String] = [:]
            for item in components.queryItems ?? [] { query[item.name] = item.value }
            let back = (query["redirect_uri"] ?? "") + "?" + answer(query)
            Task {
                let transport = HTTPTransport(userAgent: "browser")
                _ = try? await transport.get(back)
                await transport.shutdown()
            }
        }
    }

    @Test func `a browser brings a code, which becomes a token with its proof`() async throws {
        let asked = Mutex<[String: String]>([:])
        let exchanged = Mutex<[String]>([])
        try await ScriptedServer.run { request in
            guard request.path == "/token" else { return .json("{}") }
            exchanged.withLock { $0.append(request.body) }
            return .json(#"{"access_token":"access-0001","refresh_token":"refresh-0001","expires_in":3600}"#)
        } _: { server in
            try await Rig.run(server, connector: nil, connection: Self.text) { (rig: Rig) async throws in
                // Before anybody signed in, jobs are told what to do, and the server is left alone.
                let before = try #require(await rig.failure())
                #expect(before.message.contains("run `runner connections authorize api`"), "\(before.message)")
                #expect(server.requests.isEmpty)

                let browser = Self.browser { query in
                    asked.withLock { $0 = query }
                    return "code=the-code-1&state=\(query["state"] ?? "")"
                }
                try await rig.session.authorize(within: .seconds(20), prompt: browser)
                #expect(try await rig.get().status == 200)
                #expect(server.requests.last?.header("authorization") == "Bearer access-0001")

                let query = asked.withLock { $0 }
                #expect(query["response_type"] == "code" && query["client_id"] == "me" && query["scope"] == "a b")
                #expect(query["prompt"] == "login" && query["code_challenge_method"] == "S256")
                let form = exchanged.withLock { $0[0] }
                #expect(
                    form.contains(
                        "grant_type=authorization_code&code=the-code-1&redirect_uri=http%3A%2F%2F127.0.0.1%3A"
                    )
                )
                let verifier = try #require(
                    form.split(separator: "&").first { $0.hasPrefix("code_verifier=") }?.dropFirst(14)
                )
                #expect(verifier.count == 43)
                let challenge = Data(SHA256.hash(data: Data(verifier.utf8))).base64EncodedString()
                    .replacing("+", with: "-").replacing("/", with: "_").replacing("=", with: "")
                #expect(query["code_challenge"] == challenge)
                #expect(try await rig.store.renewals(of: "api", limit: 1).first?.reason == .manual)

                // From here on the refresh token does.
                try await rig.session.renew()
                #expect(
                    exchanged.withLock { $0.last }?.contains("grant_type=refresh_token&refresh_token=refresh-0001")
                        == true
                )
            }
        }
    }

    @Test func `a sign-in elsewhere ends needs_attention here`() async throws {
        let store = try SQLiteStore.inMemory()
        let clock = ManualClock()
        try await ScriptedServer.run { request in
            request.path == "/token" ? .json(#"{"access_token":"access-0001"}"#) : .json("{}")
        } _: { server in
            try await Rig.run(server, connector: nil, connection: Self.text, clock: clock, store: store) {
                (here: Rig) async throws in
                #expect(await here.failure()?.kind == .authorization)
                try await Rig.run(server, connector: nil, connection: Self.text, store: store) {
                    (there: Rig) async throws in
                    let browser = Self.browser { "code=x&state=\($0["state"] ?? "")" }
                    try await there.session.authorize(within: .seconds(20), prompt: browser)
                }
                clock.advance(by: .seconds(6))
                #expect(try await here.get().status == 200)
            }
        }
    }

    @Test func `a refused sign-in, a foreign state and nobody at all`() async throws {
        try await ScriptedServer.run { _ in
            .json("{}")
        } _: { server in
            try await Rig.run(server, connector: nil, connection: Self.text) { (rig: Rig) async throws in
                func failure(_ limit: Duration, _ browser: @Sendable (SignInPrompt) -> Void) async -> String {
                    do {
                        try await rig.session.authorize(within: limit, prompt: browser)
                        return "(signed in)"
                    } catch {
                        return error.message
                    }
                }
                let refusing = Self.browser {
                    "error=access_denied&error_description=not+today&state=\($0["state"] ?? "")"
                }
                #expect(await failure(.seconds(20), refusing).contains("access_denied (not today)"))
                let foreign = Self.browser { _ in "code=stolen&state=guessed" }
                #expect(await failure(.milliseconds(400), foreign).contains("no browser came back within 400ms"))
                #expect(server.requests.isEmpty)
            }
        }
    }

    /// RFC 8252 section 7.3: the port is the client's choice.
    @Test(arguments: [
        "http://127.0.0.1/callback", "http://localhost/callback", "http://[::1]/callback",
        "http://127.0.0.1:0/callback",
    ])
    func `a redirect_uri without a port takes any free one`(_ given: String) async throws {
        let text = Self.text.replacing("base_url: BASE", with: "base_url: BASE, redirect_uri: '\(given)'")
        let bodies = Mutex<[String]>([])
        try await ScriptedServer.run { request in
            bodies.withLock { $0.append(request.body) }
            return .json(#"{"access_token":"access-0001"}"#)
        } _: { server in
            try await Rig.run(server, connector: nil, connection: text) { (rig: Rig) async throws in
                let asked = Mutex("")
                let browser = Self.browser { query in
                    asked.withLock { $0 = query["redirect_uri"] ?? "" }
                    return "code=c1&state=\(query["state"] ?? "")"
                }
                try await rig.session.authorize(within: .seconds(20), prompt: browser)
                let port = try #require(URLComponents(string: asked.withLock { $0 })?.port)
                #expect(port >= 1_024)
                let host = try #require(URLComponents(string: given)?.host)
                #expect(asked.withLock { $0 } == "http://\(host):\(port)/callback")
                #expect(bodies.withLock { $0.first }?.contains("%3A\(port)%2Fcallback") == true)
            }
        }
    }

    @Test func `a sign-in that the token endpoint refuses is why there is no token, until another goes well`()
        async throws
    {
        let store = try SQLiteStore.inMemory()
        let isRefusing = Mutex(true)
        try await ScriptedServer.run { request in
            guard request.path == "/token" else { return .json("{}") }
            return isRefusing.withLock { $0 }
                ? .json(#"{"error":"invalid_client","error_description":"who?"}"#, status: 401)
                : .json(#"{"access_token":"access-0001"}"#)
        } _: { server in
            let browser = Self.browser { "code=x&state=\($0["state"] ?? "")" }
            try await Rig.run(server, connector: nil, connection: Self.text, store: store) { (rig: Rig) async throws in
                await #expect {
                    try await rig.session.authorize(within: .seconds(20), prompt: browser)
                } throws: { error in
                    "\(error)".contains("401 invalid_client (who?)")
                }
                let failure = try #require(await rig.failure())
                #expect(failure.message.contains("the sign-in failed: POST 127.0.0.1"), "\(failure.message)")
                #expect(failure.message.hasSuffix("until its fields or its file change"), "\(failure.message)")
                #expect(failure.message.contains("401 invalid_client (who?)"))
                let record = try #require(try await rig.store.renewals(of: "api", limit: 9).first)
                guard case .failed(let message) = record.outcome else {
                    Issue.record("\(record)")
                    return
                }
                #expect(message.contains("invalid_client"))
            }
            // Another process knows it too, and a sign-in that goes well is the end of it.
            try await Rig.run(server, connector: nil, connection: Self.text, store: store) { (rig: Rig) async throws in
                #expect(await rig.failure()?.message.contains("invalid_client") == true)
                isRefusing.withLock { $0 = false }
                try await rig.session.authorize(within: .seconds(20), prompt: browser)
                #expect(try await rig.get().status == 200)
                // One that fails later does not take the good token away.
                isRefusing.withLock { $0 = true }
                await #expect(throws: ConnectionError.self) {
                    try await rig.session.authorize(within: .seconds(20), prompt: browser)
                }
                #expect(try await rig.get().status == 200)
                #expect(try await rig.session.status().state == .valid)
            }
        }
    }

    @Test func `the SDK's oauth2 keys need no acquire`() async throws {
        let connector = """
            fields: [ { name: base_url }, { name: secret, control_type: password } ]
            authorization:
              type: oauth2
              client_id: the-client
              client_secret: ${{ connection.secret }}
              authorization_url: BASE/authorize?scope=all
              token_url: BASE/token
              pkce: false
              noopener: true
              refresh_on: [401]
              apply: { headers: { Authorization: "Bearer ${{ connection.access_token }}" } }
            base_uri: ${{ connection.base_url }}
            """
        let bodies = Mutex<[String]>([])
        try await ScriptedServer.run { request in
            guard request.path == "/token" else { return .json("{}") }
            bodies.withLock { $0.append(request.body) }
            return .json(#"{"access_token":"access-0001","refresh_token":"refresh-0001"}"#)
        } _: { server in
            let fields = "connector: api\nfields: { base_url: BASE, secret: { env: SECRET } }"
            try await Rig.run(server, connector: connector, connection: fields) { (rig: Rig) async throws in
                let browser = Self.browser { query in
                    #expect(query["code_challenge"] == nil && query["client_id"] == "the-client")
                    return "code=c1&state=\(query["state"] ?? "")"
                }
                try await rig.session.authorize(within: .seconds(20), prompt: browser)
                try await rig.session.renew()
                let sent = bodies.withLock { $0 }
                let secret = "client_id=the-client&client_secret=s3cr3t-Value%2Fwith%2Bsigns"
                #expect(sent[0].hasPrefix("grant_type=authorization_code&code=c1&redirect_uri="))
                #expect(sent[0].hasSuffix(secret))
                #expect(sent[1] == "grant_type=refresh_token&refresh_token=refresh-0001&\(secret)")
            }
        }
    }

    @Test func `a device polls until the code is entered, slower when it is told to`() async throws {
        let fields =
            "{ device_authorization_url: BASE/device, token_url: BASE/token, client_id: me, scope: a, base_url: BASE }"
        let polls = Mutex(0)
        let clock = ManualClock()
        let prompts = Prompts()
        try await ScriptedServer.run { request in
            switch request.path {
            case "/device":
                #expect(request.body == "scope=a&client_id=me")
                return .json(
                    #"{"device_code":"device-code-1","user_code":"WDJB-MJHT","verification_uri":"https://x.example/device","expires_in":600,"interval":5}"#
                )
            case "/token":
                #expect(request.body.contains("device_code=device-code-1"))
                let poll = polls.withLock { polls in
                    polls += 1
                    return polls
                }
                switch poll {
                case 1: return .json(#"{"error":"authorization_pending"}"#, status: 400)
                case 2: return .json(#"{"error":"slow_down"}"#, status: 400)
                default: return .json(#"{"access_token":"access-0001"}"#)
                }
            default: return .json("{}")
            }
        } _: { server in
            let text = "connector: oauth2_device_code\nfields: \(fields)"
            try await Rig.run(server, connector: nil, connection: text, clock: clock) { (rig: Rig) async throws in
                let session = rig.session
                let signingIn = Task {
                    try await session.authorize(within: .seconds(600)) { prompt in
                        prompts.list.withLock { $0.append(prompt) }
                    }
                }
                for (wait, count) in [(5.0, 1), (5, 2), (10, 3)] {
                    while clock.sleeperCount == 0 { try await Task.sleep(for: .milliseconds(2)) }
                    clock.advance(by: .seconds(wait - 0.1))
                    #expect(polls.withLock { $0 } == count - 1)
                    clock.advance(by: .seconds(0.2))
                    while polls.withLock({ $0 }) < count { try await Task.sleep(for: .milliseconds(2)) }
                }
                try await signingIn.value
                #expect(
                    prompts.list.withLock { $0 } == [
                        .enter(code: "WDJB-MJHT", url: "https://x.example/device", complete: nil)
                    ]
                )
                #expect(try await rig.get().status == 200)
            }
        }
    }

    @Test(arguments: [
        ("", 5.0), (#","interval":0"#, 5), (#","interval":-1"#, 5), (#","interval":"nan""#, 5),
        (#","interval":"soon""#, 5), (#","interval":0.001"#, 1), (#","interval":"2""#, 2),
        (#","interval":1e30"#, 3_600),
    ])
    func `whatever pause the server names, the polls are no storm and no crash`(_ interval: String, _ pause: Double)
        async throws
    {
        let fields = "{ device_authorization_url: BASE/device, token_url: BASE/token, client_id: me, base_url: BASE }"
        let clock = ManualClock()
        try await ScriptedServer.run { request in
            request.path == "/token"
                ? .json(#"{"access_token":"access-0001"}"#)
                : .json(
                    #"{"device_code":"device-code-1","user_code":"WDJB-MJHT","verification_uri":"https://x.example/"\#(interval)}"#
                )
        } _: { server in
            let text = "connector: oauth2_device_code\nfields: \(fields)"
            try await Rig.run(server, connector: nil, connection: text, clock: clock) { (rig: Rig) async throws in
                let session = rig.session
                let signingIn = Task { try await session.authorize(within: .seconds(7_200)) { _ in } }
                while clock.sleeperCount == 0 { try await Task.sleep(for: .milliseconds(2)) }
                clock.advance(by: .seconds(pause) - .milliseconds(1))
                #expect(server.count("/token") == 0)
                clock.advance(by: .milliseconds(2))
                try await signingIn.value
                #expect(server.count("/token") == 1)
            }
        }
    }

    @Test func `connections that need nobody say so`() async throws {
        let tokens = TokenServer()
        try await ScriptedServer.run(tokens.answer) { server in
            try await Rig.run(server) { (rig: Rig) async throws in
                await #expect {
                    try await rig.session.authorize(within: .seconds(1)) { _ in }
                } throws: { error in
                    "\(error)".contains("acquires its token itself")
                }
            }
        }
    }
}

private final class Prompts: Sendable {
    let list = Mutex<[SignInPrompt]>([])
}

extension HTTPTransport {
    /// What a browser does.
    func get(_ url: String) async throws -> IncomingResponse {
        try await send(OutgoingRequest(method: "GET", url: url, headers: [], timeout: .seconds(20), maxBytes: 1 << 20))
    }
}
