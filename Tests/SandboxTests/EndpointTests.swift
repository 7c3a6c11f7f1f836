import Foundation
import Sandbox
import Testing

@Suite struct EndpointTests {
    @Test(arguments: ["/api/v5/me", "/api/v5/issues", "/api/v5/issues/1", "/api/v5/campaign/", "/api/v5/messages"])
    func `asks for a good token`(path: String) async throws {
        try await withSandbox { client in
            let token = try await client.tokens().access
            #expect(try await client.get(path, token: token).status == 200)
            for wrong in [nil, "", "wrong", token + "0"] {
                let reply = try await client.get(path, token: wrong)
                #expect(reply.status == 401)
                #expect(try reply.string("error") == "invalid_token")
                #expect(reply.header("WWW-Authenticate")?.hasPrefix("Bearer ") == true)
            }
            let scheme = try await client.send("GET", path, headers: [("Authorization", "bearer  \(token)")])
            #expect(scheme.status == 200)
        }
    }

    @Test func `lists campaigns up to a limit`() async throws {
        try await withSandbox { client in
            let token = try await client.tokens().access
            let all = try await client.get("/api/v5/campaign/", token: token)
            let two = try await client.get("/api/v5/campaign/?limit=2", token: token)
            #expect(all.text.components(separatedBy: "campaign:").count == 7)
            #expect(two.text.components(separatedBy: "campaign:").count == 3)
        }
    }

    @Test func `takes a message once per idempotency key`() async throws {
        try await withSandbox { client in
            let token = try await client.tokens().access
            let path = "/api/v5/messages"
            let first = try await client.post(json: #"{"text":"héllo","n":1.50}"#, to: path, token: token, key: "a")
            let again = try await client.post(json: #"{"text":"other"}"#, to: path, token: token, key: "a")
            let second = try await client.post(json: "[1]", to: path, token: token)
            let statuses: [Int] = [first.status, again.status, second.status]
            #expect(statuses == [201, 201, 201])
            #expect(again.text == first.text)
            #expect(again.header("Idempotent-Replayed") == "true")
            #expect(first.header("Idempotent-Replayed") == nil)
            #expect(try second.int("id") == 2)
            #expect(try await client.post(json: "{oops", to: path, token: token).status == 400)
            let list = try await client.get(path, token: token).text
            let expected =
                #"{"data":[{"id":1,"idempotency_key":"a","body":{"text":"héllo","n":1.50}},"#
                + #"{"id":2,"idempotency_key":null,"body":[1]}],"meta":{"total":2}}"#
            #expect(list == expected)
            let statistics = client.sandbox.statistics()
            #expect(statistics.messages == 2)
            #expect(statistics.duplicates == 1)
        }
    }

    @Test func `echoes what arrived`() async throws {
        try await withSandbox { client in
            let headers = [("X-Trace", "1"), ("Content-Type", "application/json")]
            let reply = try await client.send("PATCH", "/echo?a=1&b=x+y&a=2", headers: headers, body: #"{"q":"\"\n"}"#)
            #expect(try reply.string("method") == "PATCH")
            #expect(try reply.string("path") == "/echo")
            #expect(try reply.string("query", "b") == "x y")
            #expect(reply.text.contains(#""a":["1","2"]"#))
            #expect(try reply.string("headers", "x-trace") == "1")
            #expect(try reply.string("headers", "host") == "127.0.0.1:\(client.address.port)")
            #expect(try reply.string("body") == #"{"q":"\"\n"}"#)
            #expect(try reply.string("json", "q") == "\"\n")
            let form = try await client.post(form: "x=a%26b", to: "/echo", basic: nil)
            #expect(try form.string("form", "x") == "a&b")
            #expect(try await client.get("/echo").string("method") == "GET")
        }
    }

    @Test func `lets in who knows the password or the key`() async throws {
        try await withSandbox { client in
            let basic = Data("demo:demo-pass".utf8).base64EncodedString()
            let known = try await client.send("GET", "/basic/me", headers: [("Authorization", "Basic \(basic)")])
            #expect(known.status == 200)
            let stranger = try await client.get("/basic/me")
            #expect(stranger.status == 401)
            #expect(stranger.header("WWW-Authenticate")?.hasPrefix("Basic ") == true)
            #expect(try await client.send("GET", "/key/me", headers: [("X-API-Key", "demo-key")]).status == 200)
            #expect(try await client.get("/key/me?api_key=demo-key").status == 200)
            #expect(try await client.get("/key/me?api_key=no").status == 401)
        }
    }

    @Test func `opens a session and says in a good answer that it is over`() async throws {
        let clock = ManualClock()
        try await withSandbox(SandboxConfiguration(tokenLifetime: .seconds(9)), clock: clock) { client in
            let refused = try await client.send("POST", "/session/login", body: #"{"user":"demo","password":"x"}"#)
            #expect(refused.status == 200)
            #expect(try refused.string("status") == "error")
            let login = try await client.send(
                "POST",
                "/session/login",
                body: #"{"user":"demo","password":"demo-pass"}"#
            )
            let id = try #require(try login.string("session_id"))
            let form = try await client.post(form: "user=demo&password=demo-pass", to: "/session/login", basic: nil)
            #expect(try form.string("status") == "ok")
            let body = #"{"session_id":"\#(id)"}"#
            #expect(try await client.send("POST", "/session/me", body: body).string("user") == "demo")
            #expect(
                try await client.send("GET", "/session/me", headers: [("X-Session-ID", id)]).string("user") == "demo"
            )
            #expect(try await client.get("/session/me?session_id=\(id)").string("user") == "demo")
            clock.advance(by: .seconds(9))
            let late = try await client.send("POST", "/session/me", body: body)
            #expect(late.status == 200)
            #expect(late.text == #"{"status":"error","message":"Invalid session"}"#)
        }
    }

    @Test func `answers HEAD, unknown paths and wrong methods`() async throws {
        try await withSandbox { client in
            let head = try await client.send("HEAD", "/health")
            #expect(head.status == 200)
            #expect(head.text.isEmpty)
            #expect(try await client.get("/nothing").status == 404)
            let wrong = try await client.send("DELETE", "/api/v5/messages")
            #expect(wrong.status == 405)
            #expect(wrong.header("Allow") == "POST, GET")
        }
    }
}

extension EndpointTests {
    @Test func `finds issues by a search in the body`() async throws {
        try await withSandbox { client in
            let token = try await client.tokens().access
            let list = try await client.get("/api/v5/issues?state=open&per_page=3&page=2", token: token)
            let search = #"{"state": "open", "per_page": 3, "page": 2, "cursor": null}"#
            let found = try await client.post(json: search, to: "/api/v5/issues/search", token: token)
            #expect(found.status == 200)
            #expect(found.text.prefix(200) == list.text.prefix(200))
            #expect(try await client.post(json: "[]", to: "/api/v5/issues/search", token: token).status == 400)
            #expect(try await client.post(json: "{}", to: "/api/v5/issues/search", token: "").status == 401)
        }
    }

    @Test func `gives a file that is no text, with its length or without`() async throws {
        try await withSandbox { client in
            let whole = try await client.get("/file?size=70000", token: nil)
            #expect(whole.header("Content-Length") == "70000")
            #expect(whole.header("Content-Type") == "application/octet-stream")
            let pieces = try await client.get("/file?size=70000&chunked=1", token: nil)
            #expect(pieces.header("Content-Length") == nil)
            #expect(pieces.text == whole.text && pieces.text.count > 10_000)
            #expect(try await client.get("/file?size=x", token: nil).status == 400)
        }
    }

    @Test func `echoes the parts of a form`() async throws {
        try await withSandbox { client in
            let body =
                "--b x\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\none\r\n--b x\r\n"
                + "Content-Disposition: form-data; name=\"f\"; filename=\"a.csv\"\r\nContent-Type: text/csv\r\n\r\n1\r\n2\r\n--b x--\r\n"
            let headers = [("Content-Type", "multipart/form-data; boundary=\"b x\"")]
            let reply = try await client.send("POST", "/echo", headers: headers, body: body)
            let expected =
                #""parts":[{"name":"a","filename":null,"content_type":null,"content":"one"},"#
                + #"{"name":"f","filename":"a.csv","content_type":"text/csv","content":"1\r\n2"}]"#
            #expect(reply.text.contains(expected), "\(reply.text)")
        }
    }
}
