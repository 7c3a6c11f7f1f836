import CEL
import Connections
import Recipe
import Store
import Synchronization
import TestSupport
import Testing

/// `custom_auth` and `multi`: connectors to begin with, which work as they stand.
struct TemplateConnectorTests {
    @Test(arguments: [
        ("", "application/json", #"{"username":"ada","password":"s3cr3t-Value/with+signs"}"#),
        (
            "format: form, username_key: user, password_key: pass word", "application/x-www-form-urlencoded",
            "user=ada&pass%20word=s3cr3t-Value%2Fwith%2Bsigns"
        ),
    ])
    func `custom_auth signs in as the API wants it`(_ fields: String, _ type: String, _ body: String) async throws {
        let text =
            "connector: custom_auth\nfields: { login_url: /login, username: ada, password: { env: SECRET }, token_key: session, base_url: BASE, \(fields) }"
        try await ScriptedServer.run { request in
            request.path == "/login" ? .json(#"{"session":"session-0001","expires_in":60}"#) : .json("{}")
        } _: { server in
            try await Rig.run(server, connector: nil, connection: text) { (rig: Rig) async throws in
                #expect(try await rig.get().status == 200)
                #expect(server.requests[0].header("content-type") == type)
                #expect(server.requests[0].body == body)
                #expect(server.requests[1].header("authorization") == "Bearer session-0001")
                let record = try #require(try await rig.store.tokens().first)
                #expect(record.expiresAt != nil)
            }
        }
    }

    @Test func `custom_auth takes an answer of 200 that is an error for one, and renews a session that has ended`()
        async throws
    {
        let text =
            "connector: custom_auth\nfields: { login_url: /login, username: ada, password: { env: SECRET }, header: X-Session, prefix: '', base_url: BASE }"
        let logins = Mutex(0)
        try await ScriptedServer.run { request in
            if request.path == "/login" {
                let number = logins.withLock { logins in
                    logins += 1
                    return logins
                }
                return number == 2
                    ? .json(#"{"status": "error"}"#) : .json(#"{"access_token":"session-000\#(number)"}"#)
            }
            return request.header("x-session") == "session-0003"
                ? .json("{}") : .json(#"{"status":"error","message":"Invalid session"}"#)
        } _: { server in
            try await Rig.run(server, connector: nil, connection: text) { (rig: Rig) async throws in
                let failure = await rig.failure()
                #expect(failure?.message.contains("`detect_on`") == true, "\(failure?.message ?? "")")
                try await rig.session.renew()
                #expect(try await rig.get().status == 200)
            }
        }
    }

    @Test(arguments: [
        ("api_key", "api_key: { env: SECRET }", "x-api-key", Rig.secret),
        ("api_key", "api_key: { env: SECRET }, header: X-Mine", "x-mine", Rig.secret),
        ("bearer", "token: { env: SECRET }", "authorization", "Bearer \(Rig.secret)"),
        (
            "basic", "username: ada, password: { env: SECRET }", "authorization",
            "Basic YWRhOnMzY3IzdC1WYWx1ZS93aXRoK3NpZ25z"
        ),
        (
            "client_credentials", "client_id: me, client_secret: { env: SECRET }, token_url: /token", "authorization",
            "Bearer access-token-1"
        ),
    ])
    func `multi authenticates in the way that is chosen`(
        _ type: String,
        _ fields: String,
        _ header: String,
        _ value: String
    ) async throws {
        let text = "connector: multi\nfields: { auth_type: \(type), base_url: BASE, \(fields) }"
        let tokens = TokenServer()
        try await ScriptedServer.run { request in
            request.path == "/token" ? await tokens.answer(request) : .json("{}")
        } _: { server in
            try await Rig.run(server, connector: nil, connection: text) { (rig: Rig) async throws in
                #expect(try await rig.get().status == 200)
                #expect(server.requests.last?.header(header) == value)
            }
        }
    }

    @Test func `multi asks for a choice and names what there is`() {
        do {
            _ = try Rig.load(connector: nil, connection: "connector: multi\nfields: { base_url: http://127.0.0.1/ }")
            Issue.record("it was loaded")
        } catch {
            #expect("\(error)".contains("authenticates in several ways, and none is selected"))
            #expect("\(error)".contains("choose one of `api_key`, `bearer`, `basic`, `client_credentials`"))
        }
    }
}
