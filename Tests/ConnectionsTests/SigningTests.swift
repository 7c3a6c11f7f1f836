import CEL
import Foundation
import Recipe
import Schedule
import Synchronization
import TestSupport
import Testing

@testable import Connections

/// AWS Signature Version 4, as botocore signs; its answers are in the fixture.
struct AWSSignatureTests {
    private struct Vector: Decodable {
        let method: String
        let url: String
        let headers: [String: String]
        let body: String
        let key: String
        let secret: String
        let token: String?
        let service: String
        let region: String
        let at: Int64
        let authorization: String
    }

    @Test func `signs random requests as botocore does`() throws {
        let vectors = try JSONDecoder().decode([Vector].self, from: Fixtures.data("aws-sigv4.json"))
        #expect(vectors.count >= 60)
        for vector in vectors {
            let signature = AWSSignature(
                accessKeyID: vector.key,
                secretAccessKey: vector.secret,
                sessionToken: vector.token,
                region: vector.region,
                service: vector.service
            )
            var headers = vector.headers.map { ($0.key, $0.value) }
            signature.sign(
                &headers,
                method: vector.method,
                target: try Target(vector.url, base: nil),
                body: Array(vector.body.utf8),
                now: Instant(seconds: vector.at)
            )
            #expect(headers.last?.1 == vector.authorization, "\(vector.method) \(vector.url)")
        }
    }

    @Test func `the connector signs what goes out, and hides its secrets`() async throws {
        let fields = """
            connector: aws_sigv4
            fields:
              access_key_id: AKIDEXAMPLE
              secret_access_key: { env: SECRET }
              region: eu-central-1
              service: execute-api
              base_url: BASE/stage/
            """
        try await ScriptedServer.run { _ in
            .json("{}")
        } _: { server in
            let clock = ManualClock(try #require(Instant(rfc3339: "2026-01-31T10:20:30Z")))
            try await Rig.run(server, connector: nil, connection: fields, clock: clock) { (rig: Rig) async throws in
                var request = PreparedRequest(.post, "items")
                request.query = [("b", "2 3"), ("a", "1")]
                request.body = .json(["x": 1])
                _ = try await rig.session.send(request)
                let sent = try #require(server.requests.first)
                #expect(sent.header("x-amz-date") == "20260131T102030Z")
                let header = try #require(sent.header("authorization"))
                let scope = "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20260131/eu-central-1/execute-api/aws4_request"
                #expect(header.hasPrefix(scope + ", SignedHeaders=accept;content-type;host;x-amz-date, Signature="))
                var signed = [("Accept", "application/json, */*;q=0.8"), ("Content-Type", "application/json")]
                let signature = AWSSignature(
                    accessKeyID: "AKIDEXAMPLE",
                    secretAccessKey: Rig.secret,
                    sessionToken: nil,
                    region: "eu-central-1",
                    service: "execute-api"
                )
                let target = try Target("\(server.baseURL)/stage/items?b=2%203&a=1", base: nil)
                signature.sign(&signed, method: "POST", target: target, body: Array(sent.body.utf8), now: clock.now())
                #expect(signed.last?.1 == header)
            }
        }
    }

    @Test(arguments: [
        ("q=%7E~&a=b=c&s=+x", "q=~~&a=b%3Dc&s=%20x"), ("b=%ff&%c3%A9=é", "b=%FF&%C3%A9=%C3%A9"),
        ("acl&a=&=b", "acl&a=&=b"), ("a=%&b=%4", "a=%25&b=%254"), ("b=2&a=1&&b=1", "b=2&a=1&b=1"),
        ("'=(*)!", "%27=%28%2A%29%21"),
    ])
    func `a query is sent as it is signed`(_ query: String, _ sent: String) async throws {
        let fields = """
            connector: aws_sigv4
            fields: { access_key_id: AKIDEXAMPLE, secret_access_key: { env: SECRET }, region: x, service: y, base_url: BASE }
            """
        try await ScriptedServer.run { _ in
            .json("{}")
        } _: { server in
            let clock = ManualClock()
            try await Rig.run(server, connector: nil, connection: fields, clock: clock) { (rig: Rig) async throws in
                _ = try await rig.get("/items?" + query)
                let request = try #require(server.requests.first)
                #expect(request.query == sent)
                var signed = [("Accept", "application/json, */*;q=0.8")]
                AWSSignature(
                    accessKeyID: "AKIDEXAMPLE",
                    secretAccessKey: Rig.secret,
                    sessionToken: nil,
                    region: "x",
                    service: "y"
                ).sign(
                    &signed,
                    method: "GET",
                    target: try Target("\(server.baseURL)/items?\(query)", base: nil),
                    body: [],
                    now: clock.now()
                )
                #expect(signed.last?.1 == request.header("authorization"))
            }
        }
    }

    @Test func `a setting without a value is named`() async throws {
        let fields =
            "connector: aws_sigv4\nfields: { access_key_id: '', secret_access_key: { env: SECRET }, region: x, service: y, base_url: BASE }"
        try await ScriptedServer.run { _ in
            .json("{}")
        } _: { server in
            try await Rig.run(server, connector: nil, connection: fields) { (rig: Rig) async throws in
                #expect(await rig.failure()?.message.contains("the signature needs `access_key_id`") == true)
                #expect(server.requests.isEmpty)
            }
        }
    }
}

/// HTTP Digest: the examples of the standards, and a server that challenges.
struct DigestTests {
    @Test(arguments: [
        // RFC 7616 section 3.9.1, both algorithms.
        (
            #"Digest realm="http-auth@example.org", qop="auth, auth-int", algorithm=MD5, nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS""#,
            "Circle of Life", "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ", "8ca523f5e9506fed4657c9700eebdbec"
        ),
        (
            #"Digest realm="http-auth@example.org", qop="auth, auth-int", algorithm=SHA-256, nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS""#,
            "Circle of Life", "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ",
            "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"
        ),
        // Of SHA-512-256 the RFC's own example was made with another hash (errata 4897); these are OpenSSL's.
        (
            #"Digest realm="http-auth@example.org", qop="auth, auth-int", algorithm=SHA-512-256, nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS""#,
            "Circle of Life", "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ",
            "430d05014cecc49cab6fbe03176d41a1da86cbfe24a16580e22aaad928d960d0"
        ),
        (
            #"Digest realm="http-auth@example.org", qop="auth, auth-int", algorithm=SHA-512-256-sess, nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS""#,
            "Circle of Life", "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ",
            "3f2a34f923c38b0fb26dce2fdfc2ce326c23cecf86fbb1444f3e51fbbc2cb92e"
        ),
        // RFC 2617 section 3.5, without `algorithm`.
        (
            #"Digest realm="testrealm@host.com", qop="auth,auth-int", nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093", opaque="5ccc069c403ebaf9f0171e9517f40e41""#,
            "Circle Of Life", "0a4f113b", "6629fae49393a05397450978507c4ef1"
        ),
        // RFC 2069 as mended by erratum 749: no `qop`.
        (
            #"Digest realm="testrealm@host.com", nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093""#,
            "Circle Of Life", "", "670fd8c2df070c60b045671b8b24ff02"
        ),
    ])
    func `answers the standards' examples`(_ header: String, _ password: String, _ cnonce: String, _ response: String)
        throws
    {
        let challenge = try #require(DigestChallenge(headers: [("WWW-Authenticate", header)]))
        let answer = challenge.authorization(
            username: "Mufasa",
            password: password,
            method: "GET",
            uri: "/dir/index.html",
            body: [],
            count: 1,
            clientNonce: cnonce
        )
        #expect(answer.contains("response=\"\(response)\""), "\(answer)")
        #expect(answer.contains("nc=00000001") == header.contains("qop"))
    }

    @Test(arguments: [
        (#"Basic realm="a, b", Digest realm="r \" q", nonce=n1, algorithm=SHA-256"#, "r \" q", "SHA-256"),
        (
            #"Digest realm="r", nonce="n", algorithm=AKAv1-MD5, Digest realm="s", nonce="n", algorithm=MD5"#, "s",
            "MD5"
        ),
        (#"Digest realm="r", nonce="n", algorithm=sha-256-SESS, qop="auth-int""#, "r", "SHA-256-sess"),
    ])
    func `takes the first challenge that it can answer`(_ header: String, _ realm: String, _ algorithm: String) throws {
        let challenge = try #require(DigestChallenge(headers: [("www-authenticate", header)]))
        #expect(challenge.realm == realm)
        #expect(challenge.algorithm.rawValue == algorithm)
    }

    @Test(arguments: [
        "", "Basic realm=\"x\"", "Digest", "Digest nonce=\"n\"", "Digest realm=\"", "=,=\"", "Digest qop=x",
    ])
    func `what is no challenge is none`(_ header: String) {
        #expect(DigestChallenge(headers: [("WWW-Authenticate", header)]) == nil)
    }

    @Test func `one challenge serves many requests, and a stale nonce costs one more`() async throws {
        let nonce = Mutex("nonce-1")
        let fields = "connector: digest\nfields: { username: Mufasa, password: { env: SECRET }, base_url: BASE }"
        try await ScriptedServer.run { request in
            let nonce = nonce.withLock { $0 }
            guard request.header("authorization")?.contains("nonce=\"\(nonce)\"") == true else {
                let header = "Digest realm=\"r\", qop=\"auth\", algorithm=SHA-256, nonce=\"\(nonce)\", stale=true"
                return ScriptedServer.Reply(401, headers: [("WWW-Authenticate", header)])
            }
            return .json("{}")
        } _: { server in
            try await Rig.run(server, connector: nil, connection: fields) { (rig: Rig) async throws in
                for _ in 0..<3 { #expect(try await rig.get("/a?b=c").status == 200) }
                #expect(server.requests.count == 4)
                #expect(server.requests[0].header("authorization") == nil)
                #expect(server.requests[3].header("authorization")?.contains("nc=00000003") == true)
                #expect(server.requests[3].header("authorization")?.contains("uri=\"/a?b=c\"") == true)
                nonce.withLock { $0 = "nonce-2" }
                #expect(try await rig.get().status == 200)
                #expect(server.requests.count == 6)
                #expect(server.requests[5].header("authorization")?.contains("nc=00000001") == true)
            }
        }
    }

    @Test func `the user's name is hashed where the server asks for it`() throws {
        // RFC 7616 section 3.9.2 with the hash of its errata 4897.
        let header =
            #"Digest realm="api@example.org", qop="auth", algorithm=SHA-512-256, nonce="n", charset=UTF-8, userhash=true"#
        let challenge = try #require(DigestChallenge(headers: [("WWW-Authenticate", header)]))
        let answer = challenge.authorization(
            username: "Jäsøn Doe",
            password: "Secret, or not?",
            method: "GET",
            uri: "/doe.json",
            body: [],
            count: 1,
            clientNonce: "c"
        )
        #expect(answer.contains("username=\"793263caabb707a56211940d90411ea4a575adeccb7e360aeb624ed06ece9b0b\""))
        #expect(answer.hasSuffix("userhash=true"))
    }

    @Test(arguments: [
        (
            ["Digest realm=\"r\", nonce=\"n\", algorithm=SHA-3, qop=\"auth\""],
            "the server offers Digest with SHA-3 only, and known here are SHA-256, SHA-512-256 and MD5, with and without -sess"
        ),
        (
            [
                "Basic realm=\"b\", Digest realm=\"r\", nonce=\"n\", algorithm=AKAv1-MD5",
                "Digest realm=\"r\", nonce=\"n\", algorithm=SHA-3",
            ],
            "the server offers Digest with AKAv1-MD5, SHA-3 only, and known here are SHA-256, SHA-512-256 and MD5, with and without -sess"
        ),
        (
            ["Digest realm=\"r\", nonce=\"n\", qop=\"auth-conf\""],
            "the server offers Digest with `qop` auth-conf only, and known here are auth and auth-int"
        ),
        (["Digest realm=\"r\""], "the server's Digest challenge has no `realm` or no `nonce`"),
        (["Bearer realm=\"r\"", "Basic realm=\"r\""], "the server offers Bearer, Basic and no Digest"),
        ([], "the server does not say how it wants to be asked (`WWW-Authenticate`)"),
        (
            ["Digest realm=\"r\", nonce=\"n\", algorithm=\"\(Rig.secret)\""],
            "the server offers Digest with ••• only, and known here are SHA-256, SHA-512-256 and MD5, with and without -sess"
        ),
    ])
    func `a 401 whose challenge cannot be answered says why`(_ headers: [String], _ reason: String) async throws {
        let fields = """
            connector: digest
            fields: { username: Mufasa, password: { env: SECRET }, base_url: BASE }
            test: { get: /me }
            """
        try await ScriptedServer.run { _ in
            ScriptedServer.Reply(401, headers: headers.map { ("WWW-Authenticate", $0) })
        } _: { server in
            try await Rig.run(server, connector: nil, connection: fields) { (rig: Rig) async throws in
                let response = try await rig.get()
                #expect(response.status == 401)
                #expect(response.hint == reason)
                let failure = await #expect(throws: RequestFailure.self) { try await rig.session.test() }
                #expect(failure?.message.hasSuffix("the server answered 401; \(reason)") == true)
                #expect(server.requests.count == 2)
            }
        }
    }

    @Test func `a wrong password is refused once and not tried again`() async throws {
        let fields = "connector: digest\nfields: { username: Mufasa, password: { env: SECRET }, base_url: BASE }"
        try await ScriptedServer.run { _ in
            let header = "Digest realm=\"r\", qop=\"auth\", nonce=\"n-1\""
            return ScriptedServer.Reply(401, headers: [("WWW-Authenticate", header)])
        } _: { server in
            try await Rig.run(server, connector: nil, connection: fields) { (rig: Rig) async throws in
                let response = try await rig.get()
                #expect(response.status == 401)
                #expect(response.hint == nil)
                #expect(server.requests.count == 2)
            }
        }
    }
}
