import Foundation
import Sandbox
import Testing

@Suite struct TokenEndpointTests {
    @Test(arguments: ["/oauth/token", "/oauth2/token", "/token", "/auth/v5/token/", "/auth/v5/token"])
    func `gives a token at each address`(path: String) async throws {
        try await withSandbox { client in
            let reply = try await client.post(form: "grant_type=client_credentials&scope=read+write", to: path)
            #expect(reply.status == 200)
            #expect(try reply.string("token_type") == "bearer")
            #expect(try reply.int("expires_in") == 3600)
            #expect(try reply.string("scope") == "read write")
            #expect(try reply.string("refresh_token") != nil)
            #expect(reply.header("Cache-Control") == "no-store")
            let token = try #require(try reply.string("access_token"))
            #expect(try await client.get("/api/v5/me", token: token).status == 200)
            #expect(client.sandbox.statistics().tokenRequests == 1)
        }
    }

    @Test func `takes the client from the header, form-decoded, or from the body`() async throws {
        try await withSandbox { client in
            let encoded = "Basic " + Data("demo%2Dclient:demo%2dsecret".utf8).base64EncodedString()
            let byHeader = try await client.post(form: "grant_type=client_credentials", basic: encoded)
            #expect(byHeader.status == 200)
            let form = "grant_type=client_credentials&client_id=demo-client&client_secret=demo-secret"
            #expect(try await client.post(form: form, basic: nil).status == 200)
            #expect(try await client.post(form: form).string("error") == "invalid_request")
        }
    }

    struct Refusal: Sendable {
        let form: String
        var basic: String? = SandboxClient.basic
        let status: Int
        let error: String
    }

    @Test(arguments: [
        Refusal(form: "grant_type=client_credentials", basic: nil, status: 401, error: "invalid_client"),
        Refusal(form: "grant_type=client_credentials", basic: "Basic !", status: 401, error: "invalid_client"),
        Refusal(
            form: "grant_type=client_credentials&client_id=demo-client&client_secret=wrong",
            basic: nil,
            status: 401,
            error: "invalid_client"
        ),
        Refusal(form: "grant_type=password", status: 400, error: "unsupported_grant_type"),
        Refusal(form: "scope=read", status: 400, error: "invalid_request"),
        Refusal(form: "grant_type=refresh_token", status: 400, error: "invalid_request"),
        Refusal(form: "grant_type=refresh_token&refresh_token=no", status: 400, error: "invalid_grant"),
        Refusal(form: "grant_type=a&grant_type=b", status: 400, error: "invalid_request"),
        Refusal(form: "grant_type=%zz", status: 400, error: "invalid_request"),
    ])
    func `refuses as RFC 6749 says`(refusal: Refusal) async throws {
        try await withSandbox { client in
            let reply = try await client.post(form: refusal.form, basic: refusal.basic)
            #expect(reply.status == refusal.status)
            #expect(try reply.string("error") == refusal.error)
            #expect(reply.header("Cache-Control") == "no-store")
            #expect((reply.header("WWW-Authenticate") != nil) == (refusal.status == 401))
            #expect(client.sandbox.statistics().tokenRequests == 1)
        }
    }

    @Test func `refuses a body that is not a form`() async throws {
        try await withSandbox { client in
            let headers = [("Content-Type", "application/json"), ("Authorization", SandboxClient.basic)]
            let reply = try await client.send("POST", "/oauth/token", headers: headers, body: "{}")
            #expect(reply.status == 400)
            #expect(try reply.string("error") == "invalid_request")
        }
    }

    @Test func `keeps the refresh token when it does not rotate`() async throws {
        try await withSandbox { client in
            let (_, refresh) = try await client.tokens()
            for _ in 0..<2 {
                let reply = try await client.post(form: "grant_type=refresh_token&refresh_token=\(refresh)")
                #expect(reply.status == 200)
                #expect(try reply.string("refresh_token") == nil)
            }
            let statistics = client.sandbox.statistics()
            #expect(statistics.refreshGrants == 2)
            #expect(statistics.clientCredentialsGrants == 1)
            #expect(statistics.refreshReuse == 0)
        }
    }

    @Test func `revokes the whole family when a rotated refresh token comes again`() async throws {
        try await withSandbox(SandboxConfiguration(rotate: true)) { client in
            let (access, first) = try await client.tokens()
            let stranger = try await client.tokens().access
            let rotated = try await client.post(form: "grant_type=refresh_token&refresh_token=\(first)")
            let newer = try #require(try rotated.string("access_token"))
            let second = try #require(try rotated.string("refresh_token"))
            #expect(second != first)
            #expect(try await client.get("/api/v5/me", token: access).status == 200)

            let replayed = try await client.post(form: "grant_type=refresh_token&refresh_token=\(first)")
            #expect(try replayed.string("error") == "invalid_grant")
            #expect(try await client.get("/api/v5/me", token: access).status == 401)
            #expect(try await client.get("/api/v5/me", token: newer).status == 401)
            let dead = try await client.post(form: "grant_type=refresh_token&refresh_token=\(second)")
            #expect(try dead.string("error") == "invalid_grant")
            #expect(try await client.get("/api/v5/me", token: stranger).status == 200)
            let statistics = client.sandbox.statistics()
            #expect(statistics.refreshReuse == 1)
            #expect(statistics.refreshGrants == 1)
        }
    }

    @Test func `ends a token at its expiry and not before`() async throws {
        let clock = ManualClock()
        try await withSandbox(SandboxConfiguration(tokenLifetime: .seconds(3)), clock: clock) { client in
            let (access, refresh) = try await client.tokens()
            clock.advance(by: .milliseconds(2999))
            #expect(try await client.get("/api/v5/me", token: access).status == 200)
            clock.advance(by: .milliseconds(1))
            let late = try await client.get("/api/v5/me", token: access)
            #expect(late.status == 401)
            #expect(late.header("WWW-Authenticate")?.contains(#"error="invalid_token""#) == true)
            let renewed = try await client.post(form: "grant_type=refresh_token&refresh_token=\(refresh)")
            #expect(try renewed.int("expires_in") == 3)
            #expect(try await client.get("/api/v5/me", token: renewed.string("access_token")).status == 200)
        }
    }

    @Test func `answers late when it is told to`() async throws {
        let clock = ManualClock()
        try await withSandbox(SandboxConfiguration(tokenLatency: .seconds(5)), clock: clock) { client in
            async let tokens = client.tokens()
            #expect(await clock.nextSleep() == .seconds(5))
            #expect(client.sandbox.statistics().clientCredentialsGrants == 0)
            clock.advance(by: .seconds(5))
            _ = try await tokens
            #expect(client.sandbox.statistics().clientCredentialsGrants == 1)
        }
    }

    @Test func `revokes one access token, or a refresh token with its family`() async throws {
        try await withSandbox { client in
            let (access, refresh) = try await client.tokens()
            let other = try await client.post(form: "grant_type=refresh_token&refresh_token=\(refresh)")
            let sibling = try other.string("access_token")
            #expect(try await client.post(form: "token=\(access)", to: "/oauth/revoke").status == 200)
            #expect(try await client.get("/api/v5/me", token: access).status == 401)
            #expect(try await client.get("/api/v5/me", token: sibling).status == 200)
            #expect(try await client.post(form: "token=\(refresh)", to: "/oauth/revoke").status == 200)
            #expect(try await client.get("/api/v5/me", token: sibling).status == 401)
            #expect(try await client.post(form: "token=unknown", to: "/oauth/revoke").status == 200)
            #expect(try await client.post(form: "token=x", to: "/oauth/revoke", basic: nil).status == 401)
        }
    }

    @Test func `says whether a token is active`() async throws {
        try await withSandbox { client in
            let (access, _) = try await client.tokens()
            let active = try await client.post(form: "token=\(access)", to: "/oauth/introspect")
            #expect(active.text.hasPrefix(#"{"active":true,"client_id":"demo-client""#))
            let inactive = try await client.post(form: "token=unknown", to: "/oauth/introspect")
            #expect(inactive.text == #"{"active":false}"#)
        }
    }

    @Test func `ends every access token on demand and leaves refresh tokens`() async throws {
        try await withSandbox { client in
            let (access, refresh) = try await client.tokens()
            #expect(try await client.send("POST", "/_expire").status == 204)
            #expect(try await client.get("/api/v5/me", token: access).status == 401)
            let renewed = try await client.post(form: "grant_type=refresh_token&refresh_token=\(refresh)")
            #expect(renewed.status == 200)
        }
    }
}
