import CEL
import Foundation
import TestSupport
import Testing

/// Servers that we did not write.
///
/// Skipped where they are not there: `RUNNER_PEERS` is a directory with `NAME/start.sh`, which starts a server and prints a JSON map about it, and
/// `NAME/stop.sh`; `RUNNER_MOTO` is moto's `moto_server`; nginx is the system's.
@Suite(.serialized, .timeLimit(.minutes(10))) struct PeerTests {
    private static let peers = ProcessInfo.processInfo.environment["RUNNER_PEERS"]
    private static let moto = ProcessInfo.processInfo.environment["RUNNER_MOTO"]
    private static let nginx = "/usr/sbin/nginx"

    // MARK: OAuth servers

    @Test(.enabled(if: peers != nil, "RUNNER_PEERS is not set"), arguments: ["dot", "authlib", "glewlwyd"])
    func `client credentials: one token for many requests`(_ name: String) async throws {
        try await withPeer(name, ["ACCESS_TTL": "120"]) { about in
            let connection = try Self.connection("oauth2_client_credentials", about, "client_credentials")
            let directory = try TemporaryDirectory(Self.files(connection, about))
            let program = Program(in: directory.path, ["CLIENT_SECRET": about["client_secret"]?.string ?? ""])
            #expect(try await program.run("connections", "test", "api").output == "api: connected (200)\n")
            let outcome = try await program.run("once", "many.yml")
            #expect(outcome.status == 0 && outcome.json == 60, "\(outcome.errors)")
            try await expectTokenRequests(of: about, 1...1)
        }
    }

    @Test(.enabled(if: peers != nil, "RUNNER_PEERS is not set"), arguments: ["dot", "authlib", "glewlwyd"])
    func `a refresh token that is rotated survives many expiries`(_ name: String) async throws {
        try await withPeer(name, ["ACCESS_TTL": "4", "REFRESH_TTL": "120"]) { about in
            let connection = try Self.connection("oauth2_password", about, "password")
            let directory = try TemporaryDirectory(
                Self.files(connection, about).merging([
                    "often.yml":
                        "trigger: { interval: 1s, overlap: allow }\nconnection: api\nactions: [ { get: '\(about["resource_url"]?.string ?? "")' } ]\n"
                ]) { first, _ in first }
            )
            let program = Program(in: directory.path, Self.secrets(about, "password"))
            let started = ContinuousClock.now
            let process = try await program.start(["start"])
            #expect(try await eventually { try await Self.renewals(program) >= 4 })
            process.send(SIGTERM)
            #expect(try await process.outcome().status == 0)
            let seconds = Int((ContinuousClock.now - started).components.seconds)
            let all = try await runs(program)
            #expect(all.count >= 8 && all.allSatisfy { $0["status"] == .string("succeeded") }, "\(all)")
            // One sign-in; each token lives for four seconds, of which it is used for three.
            try await expectTokenRequests(of: about, 5...(seconds / 3 + 2))
            let kinds = try await program.run("connections", "history", "api", "--json").json.items.map { $0["kind"] }
            #expect(kinds.last == "acquire" && kinds.dropLast().allSatisfy { $0 == "refresh" })
        }
    }

    @Test(
        .enabled(if: peers != nil, "RUNNER_PEERS is not set"),
        arguments: [("dot", "authorization_code"), ("authlib", "authorization_code"), ("authlib", "public")]
    )
    func `a browser signs in with a code and its proof`(_ name: String, _ client: String) async throws {
        try await withPeer(name, ["ACCESS_TTL": "120"]) { about in
            let place = about["clients"]?[client]?["redirect_exact"]?.string ?? "http://127.0.0.1/callback"
            var connection = try Self.connection("oauth2_authorization_code", about, client)
            connection = connection.replacing(
                "fields: {",
                with:
                    "fields: { authorization_url: '\(about["authorize_url"]?.string ?? "")', redirect_uri: '\(place)',"
            )
            let directory = try TemporaryDirectory(
                Self.files(connection, about).merging([
                    "bin/xdg-open": "#!/bin/sh\nexec curl -sL -c jar -b jar -o page \"$1\"\n"
                ]) { first, _ in first }
            )
            try FileManager.default.setAttributes(
                [.posixPermissions: 0o755],
                ofItemAtPath: directory.path + "/bin/xdg-open"
            )
            let environment = ["PATH": directory.path + "/bin:/usr/bin:/bin", "DISPLAY": ":0"]
                .merging(Self.secrets(about, client)) { first, _ in first }
            let program = Program(in: directory.path, environment)
            let outcome = try await program.run("connections", "authorize", "api", "--timeout", "60s")
            #expect(outcome.status == 0, "\(outcome.errors)")
            #expect(try await program.run("once", "many.yml").json == 60)
            try await expectTokenRequests(of: about, 1...1)
        }
    }

    // MARK: Signatures

    @Test(.enabled(if: peers != nil, "RUNNER_PEERS is not set"))
    func `digest, with httpbin`() async throws {
        try await withPeer("httpbin") { about in
            for (challenge, isFine) in [
                ("auth/ada/PASS/MD5", true), ("auth-int/ada/PASS/SHA-256", true), ("auth/ada/x/MD5", false),
            ] {
                let path = "/digest-auth/" + challenge.replacing("PASS", with: "lovelace-1815")
                let directory = try TemporaryDirectory([
                    "connections/api.yml":
                        "connector: digest\nfields: { base_url: '\(about["base_url"]?.string ?? "")', username: ada, password: { env: PASS } }\ntest: { get: \(path) }\n"
                ])
                let program = Program(in: directory.path, ["PASS": "lovelace-1815"])
                let outcome = try await program.run("connections", "test", "api")
                #expect((outcome.status == 0) == isFine, "\(challenge): \(outcome.errors)")
            }
        }
    }

    @Test(.enabled(if: moto != nil, "RUNNER_MOTO is not set"))
    func `aws_sigv4, with moto, which checks each signature`() async throws {
        let port = try await Self.freePort()
        let address = "http://127.0.0.1:\(port)"
        let server = try await SpawnedProcess(
            Self.moto ?? "",
            ["-H", "127.0.0.1", "-p", "\(port)"],
            environment: ["PATH": "/usr/bin:/bin", "INITIAL_NO_AUTH_ACTION_COUNT": "0"]
        )
        defer { server.send(SIGKILL) }
        let directory = try TemporaryDirectory(Self.aws(address))
        let nobody = Program(in: directory.path, ["KEY_ID": "nobody", "KEY": "nothing"])
        #expect(try await eventually { try await nobody.run("once", "open.yml").status == 0 })
        // Without a known key it lets nothing through.
        #expect(try await nobody.run("connections", "test", "s3").errors.contains("answered 403"))
        // Three actions make a user and a key; from then on each is checked.
        let made = try await nobody.run("once", "user.yml")
        #expect(made.status == 0, "\(made.errors)")
        func text(_ tag: String) -> String {
            let parts = made.json.string.split(separator: "<\(tag)>", maxSplits: 1)
            return parts.last?.split(separator: "<").first.map(String.init) ?? ""
        }
        let program = Program(in: directory.path, ["KEY_ID": text("AccessKeyId"), "KEY": text("SecretAccessKey")])
        let outcome = try await program.run("once", "signed.yml")
        #expect(outcome.status == 0, "\(outcome.errors)")
        #expect(outcome.json["got"] == #"{"hello":"wörld","n":1}"#)
        #expect(outcome.json["list"]?.string.contains("<Key>dir one/ünï+1~.json</Key>") == true)
        let other = Program(in: directory.path, ["KEY_ID": text("AccessKeyId"), "KEY": "another-key"])
        #expect(try await other.run("connections", "test", "s3").errors.contains("answered 403"))
    }

    private static func aws(_ address: String) -> [String: String] {
        func connection(_ service: String) -> String {
            "connector: aws_sigv4\nfields: { access_key_id: { env: KEY_ID }, secret_access_key: { env: KEY }, region: eu-central-1, service: \(service), base_url: \"\(address)\" }\ntest: { get: / }\n"
        }
        return [
            "connections/s3.yml": connection("s3"), "connections/iam.yml": connection("iam"),
            "connections/dynamodb.yml": connection("dynamodb"),
            "open.yml": "actions: [ { get: '\(address)/moto-api/', response: text, retry: false } ]\n",
            "user.yml": """
            connection: iam
            actions:
              - { post: /moto-api/reset-auth, headers: { Content-Type: text/plain }, body: "3", response: text }
              - { post: /, form: { Action: CreateUser, UserName: ada, Version: "2010-05-08" }, response: text }
              - post: /
                form:
                  Action: PutUserPolicy
                  UserName: ada
                  PolicyName: all
                  PolicyDocument: '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}'
                  Version: "2010-05-08"
                response: text
              - { id: key, post: /, form: { Action: CreateAccessKey, UserName: ada, Version: "2010-05-08" }, response: text }
            output: ${{ actions.key.body }}
            """,
            "signed.yml": """
            connection: s3
            actions:
              - put: /bucket-of-ada
                headers: { Content-Type: application/xml }
                body: '<CreateBucketConfiguration xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><LocationConstraint>eu-central-1</LocationConstraint></CreateBucketConfiguration>'
              - { put: "/bucket-of-ada/dir%20one/ünï+1~.json", json: { hello: "wörld", n: 1 } }
              - { id: got, get: "/bucket-of-ada/dir%20one/ünï+1~.json", response: text }
              - { id: list, get: /bucket-of-ada, query: { list-type: "2", prefix: "dir one/", delimiter: "/" }, response: text }
              - connection: dynamodb
                post: /
                headers: { X-Amz-Target: DynamoDB_20120810.ListTables, Content-Type: application/x-amz-json-1.0 }
                body: "{}"
                response: text
            output: { got: "${{ actions.got.body }}", list: "${{ actions.list.body }}" }
            """,
        ]
    }

    // MARK: Client certificates

    @Test(.enabled(if: FileManager.default.isExecutableFile(atPath: nginx), "nginx is not installed"))
    func `mtls, with nginx, which names the certificate that it was shown`() async throws {
        let certificates = (#filePath as NSString).deletingLastPathComponent + "/../ConnectionsTests/Fixtures/tls"
        let port = try await Self.freePort()
        let settings = """
            connector: none
            base_uri: https://127.0.0.1:\(port)/
            test: { get: / }
            tls: { ca: \(certificates)/ca.pem }
            """
        let directory = try TemporaryDirectory([
            "connections/api.yml": """
            connector: mtls
            fields: { certificate: \(certificates)/client.pem, key: { file: \(certificates)/client.key }, ca: \(certificates)/ca.pem, base_url: "https://127.0.0.1:\(port)/" }
            """,
            "connections/bare.yml": settings,
            "once.yml": "connection: api\nactions: [ { id: a, get: / } ]\noutput: ${{ actions.a.body }}\n",
        ])
        let nginx = directory.path + "/nginx"
        try directory.write(
            """
            daemon off; worker_processes 1; pid \(nginx)/pid; error_log \(nginx)/log warn;
            events { worker_connections 64; }
            http {
              access_log off; client_body_temp_path \(nginx)/a; proxy_temp_path \(nginx)/b; fastcgi_temp_path \(nginx)/c;
              uwsgi_temp_path \(nginx)/d; scgi_temp_path \(nginx)/e; default_type application/json;
              server {
                listen 127.0.0.1:\(port) ssl;
                ssl_certificate \(certificates)/server.pem; ssl_certificate_key \(certificates)/server.key;
                ssl_client_certificate \(certificates)/ca.pem; ssl_verify_client on;
                location / { return 200 '{"subject":"$ssl_client_s_dn"}'; }
              }
            }
            """,
            to: "nginx/nginx.conf"
        )
        let server = try await SpawnedProcess(
            Self.nginx,
            ["-p", nginx, "-e", nginx + "/log", "-c", nginx + "/nginx.conf"],
            environment: ["PATH": "/usr/bin:/bin"]
        )
        defer { server.send(SIGTERM) }
        let program = Program(in: directory.path)
        #expect(try await eventually { try await program.run("once", "once.yml").status == 0 })
        #expect(try await program.run("once", "once.yml").json["subject"] == "CN=client")
        #expect(try await program.run("connections", "test", "bare").errors.contains("answered 400"))
    }

    // MARK: Aids

    /// Starts a peer, gives what it says of itself to `body`, and stops it.
    private func withPeer(
        _ name: String,
        _ settings: [String: String] = [:],
        _ body: (Value) async throws -> Void
    ) async throws {
        let scripts = (Self.peers ?? "") + "/" + name
        let directory = try TemporaryDirectory()
        let environment = ProcessInfo.processInfo.environment.merging(settings) { _, new in new }
        let output = directory.path + "/about.json"
        let start = try await SpawnedProcess(scripts + "/start.sh", environment: environment, output: output)
        #expect(try await start.status() == 0)
        func stop() async throws {
            _ = try await SpawnedProcess(scripts + "/stop.sh", environment: environment).status()
        }
        do {
            try await body(try Value(json: try String(contentsOfFile: output, encoding: .utf8)))
        } catch {
            try await stop()
            throw error
        }
        try await stop()
    }

    private static func client(_ about: Value, _ name: String) -> Value {
        about["clients"]?[name] ?? about
    }

    private static func secrets(_ about: Value, _ name: String) -> [String: String] {
        ["CLIENT_SECRET": client(about, name)["client_secret"]?.string ?? "", "PASSWORD": "peer-password"]
    }

    private static func connection(_ connector: String, _ about: Value, _ name: String) throws -> String {
        let client = client(about, name)
        var fields = [
            "token_url: '\(about["token_url"]?.string ?? "")'", "client_id: \(client["client_id"]?.string ?? "")",
            "scope: read", "base_url: '\(about["resource_url"]?.string ?? "")'",
        ]
        fields.append(
            client["client_secret"] == nil
                ? "client_authentication: none"
                : "client_secret: { env: CLIENT_SECRET }, client_authentication: client_secret_basic"
        )
        if connector == "oauth2_password" { fields += ["username: peer", "password: { env: PASSWORD }"] }
        return
            "connector: \(connector)\nfields: { \(fields.joined(separator: ", ")) }\ntest: { get: '\(about["resource_url"]?.string ?? "")' }\n"
    }

    private static func files(_ connection: String, _ about: Value) -> [String: String] {
        [
            "connections/api.yml": connection,
            "many.yml": """
            connection: api
            actions:
              - { id: all, foreach: "${{ lists.range(60) }}", concurrency: 8, get: '\(about["resource_url"]?.string ?? "")' }
            output: ${{ size(actions.all.filter(r, r.status == 200)) }}
            """,
        ]
    }

    private static func renewals(_ program: Program) async throws -> Int {
        try await program.run("connections", "history", "api", "--json").json.items.count { $0["kind"] == "refresh" }
    }

    /// Counted by the server, where it counts.
    private func expectTokenRequests(of about: Value, _ range: ClosedRange<Int>) async throws {
        let base = about["base_url"]?.string ?? ""
        let directory = try TemporaryDirectory([
            "stats.yml": "actions: [ { id: a, get: '\(base)/_stats' } ]\noutput: ${{ actions.a.body }}\n"
        ])
        let stats = try await Program(in: directory.path).run("once", "--ephemeral", "stats.yml").json
        guard case .int(let count)? = stats["token_requests"] else {
            #expect(about["name"] == "glewlwyd")
            return
        }
        #expect(range.contains(Int(count)), "\(stats)")
        #expect(stats["token refresh_token 400"] == nil && stats["token refresh_token 401"] == nil)
    }

    /// A port that was free a moment ago.
    private static func freePort() async throws -> Int {
        try await ScriptedServer.run { _ in
            .json("{}")
        } _: {
            $0.port
        }
    }
}
