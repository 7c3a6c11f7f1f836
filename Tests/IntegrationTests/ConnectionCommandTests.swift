import CEL
import Foundation
import Sandbox
import TestSupport
import Testing

/// `runner connections …`, `connectors new`, `keys rotate`, as a user types them.
@Suite(.timeLimit(.minutes(3))) struct ConnectionCommandTests {
    @Test func `test, refresh, history, revoke`() async throws {
        try await SandboxWorkspace.serve(["me.yml": OnceTests.me]) { sandbox, program, _ in
            #expect(try await program.run("connections", "test", "api").output == "api: connected (200)\n")
            #expect(
                try await program.run("connections", "refresh", "api").output.hasPrefix("api: renewed (generation 2")
            )
            let history = try await program.run("connections", "history", "api", "--json").json.items
            #expect(history.map { $0["reason"]?.string } == ["manual", "first_use"])
            #expect(history.map { $0["kind"]?.string } == ["refresh", "acquire"])
            let listed = try await program.run("connections", "--json").json.items
            #expect(listed.first?["state"] == "valid")
            #expect(listed.first?["used_by"]?.items == ["me"])
            #expect(try await program.run("connections", "revoke", "api").output.hasPrefix("api: forgotten here"))
            #expect(try await program.run("connections", "--json").json.items.first?["state"] == "new")
            #expect(sandbox.statistics().tokenRequests == 2)
        }
    }

    @Test func `authorize opens the browser of the desktop`() async throws {
        try await ScriptedServer.run { request in
            guard request.path == "/authorize" else {
                return .json(#"{"access_token":"access-of-the-browser","refresh_token":"refresh-of-the-browser"}"#)
            }
            let query = URLComponents(string: "?" + request.query)?.queryItems ?? []
            func value(_ name: String) -> String { query.first { $0.name == name }?.value ?? "" }
            let place = "\(value("redirect_uri"))?code=code-of-the-browser&state=\(value("state"))"
            return ScriptedServer.Reply(302, headers: [("Location", place)])
        } _: { server in
            let directory = try TemporaryDirectory([
                "connections/api.yml": """
                connector: oauth2_authorization_code
                fields: { authorization_url: "\(server.baseURL)/authorize", token_url: "\(server.baseURL)/token", client_id: me, client_authentication: none }
                """,
                "bin/xdg-open": "#!/bin/sh\nexec curl --silent --location --output /dev/null \"$1\"\n",
            ])
            try FileManager.default.setAttributes(
                [.posixPermissions: 0o755],
                ofItemAtPath: directory.path + "/bin/xdg-open"
            )
            let environment = ["PATH": "\(directory.path)/bin:/usr/bin:/bin", "DISPLAY": ":0"]
            let outcome = try await Program(in: directory.path, environment)
                .run("connections", "authorize", "api", "--timeout", "60s")
            #expect(outcome.status == 0, "\(outcome.errors)")
            #expect(outcome.output.hasSuffix("api: signed in\n"))
            #expect(server.count("/authorize") == 1 && server.count("/token") == 1)
        }
    }

    @Test func `what cannot be done says so in one line`() async throws {
        try await SandboxWorkspace.serve(["me.yml": OnceTests.me]) { _, program, _ in
            for (arguments, status, words) in [
                (["connections", "authorize", "api"], 2, "acquires its token itself"),
                (
                    ["connections", "refresh", "apis"], 2,
                    "there is no valid connection `apis` in .; `api` was probably meant"
                ),
                (["connections", "history", "apis"], 2, "`api` was probably meant"),
                (["connections", "revoke", "other"], 2, "`runner connections` lists them"),
                (["connections", "history", "api", "--limit", "0"], 2, "--limit must be at least 1"),
                (["connections", "authorize", "api", "--timeout", "soon"], 2, "--timeout soon"),
                (["connectors", "new", "a/b", "--from", "basic"], 2, "`a/b` is no name"),
                (
                    ["connectors", "new", "x", "--from", "basics"], 2,
                    "there is no connector `basics`; `basic` was probably meant"
                ),
                (["conections"], 2, "`runner` has no command `conections`; `connections` was probably meant"),
                (["connections", "tset", "api"], 2, "`runner connections` has no command `tset`; `test` was"),
                (["keys", "rotat"], 2, "`runner keys` has no command `rotat`; `rotate` was probably meant"),
                (["connectors", "show", "hmax"], 2, "`hmac` was probably meant"),
            ] {
                let outcome = try await program.start(arguments).outcome()
                #expect(outcome.status == Int32(status), "\(arguments): \(outcome.errors)")
                #expect(outcome.errors.contains(words), "\(outcome.errors)")
                #expect(outcome.output.isEmpty && outcome.errors.filter(\.isNewline).count == 1, "\(outcome.errors)")
            }
        }
    }

    @Test func `a connection that many recipes use has a line, and all of them in JSON`() async throws {
        var files = ["connections/api.yml": "connector: none\nbase_uri: http://127.0.0.1:1/\n"]
        for number in 1...9 { files["job\(number).yml"] = "connection: api\nactions: [ { get: /me } ]\n" }
        let directory = try TemporaryDirectory(files)
        let program = Program(in: directory.path)
        #expect(try await program.run("connections").output.hasSuffix("  job1, job2, job3 and 6 more\n"))
        #expect(try await program.run("connections", "--json").json.items.first?["used_by"]?.items.count == 9)
    }

    @Test func `listings hide the secret of a connection that a recipe holds itself`() async throws {
        let token = "own-Token/of+recipe"
        try await ScriptedServer.run { request in
            .json(Value.map(["said": .string(request.header("authorization") ?? "")]).json())
        } _: { server in
            let own = """
                connection: { connector: bearer, fields: { token: { env: OWN }, base_url: "\(server.baseURL)" } }
                actions: [ { id: a, get: /me } ]
                output: ${{ actions.a.body }}
                state: ${{ actions.a.body }}
                """
            let directory = try TemporaryDirectory([
                "own.yml": own, "outer.yml": "actions: [ { id: b, call: own } ]\noutput: ${{ actions.b }}\n",
            ])
            let program = Program(in: directory.path, ["OWN": token])
            for name in ["own", "outer"] {
                #expect(try await program.run("once", "\(name).yml").json["said"] == "Bearer •••")
            }
            let runs = try await program.run("runs", "--json").json.items.compactMap { $0["id"]?.string }
            #expect(runs.count >= 2)
            // What a run did is told of the recipe as it was, also when it is no more.
            for isGone in [false, true] {
                if isGone { try directory.write("actions: [ { log: hello } ]\n", to: "own.yml") }
                let own = try await program.run("runs", "own", "--json").json.items.compactMap { $0["id"]?.string }
                for run in isGone ? own : runs {
                    for arguments in [["show", run], ["show", run, "--json"]] {
                        let shown = try await program.start(arguments).outcome().output
                        #expect(shown.contains("Bearer •••") && !shown.contains(token), "\(arguments): \(shown)")
                    }
                }
                guard !isGone else { continue }
                let state = try await program.run("state", "get", "own").output
                #expect(state.contains("Bearer •••") && !state.contains(token), "\(state)")
            }
        }
    }

    @Test func `validate says which fields have no value here, without showing or running any`() async throws {
        let bearer = "connector: bearer\nbase_uri: https://api.example.com/\nfields: { token: "
        let directory = try TemporaryDirectory([
            "connections/a.yml": bearer + "{ env: NOT_SET } }\n", "connections/b.yml": bearer + "{ env: PIN } }\n",
            "connections/c.yml": bearer + "{ file: gone } }\n", "connections/d.yml": bearer + "{ file: open } }\n",
            "connections/e.yml": bearer + "{ command: [touch, ran] } }\n",
            "connections/f.yml": bearer + "{ env: NOT_SET, default: '' } }\n",
            "connections/g.yml": bearer + "{ env: LONG } }\n",
            "connections/i.yml": bearer + "{ file: connections } }\n",
            "connections/j.yml": bearer + "{ env: EMPTY } }\n", "connections/k.yml": bearer + "{ file: own } }\n",
            // The sandbox's secret is none.
            "connections/l.yml":
                "connector: bearer\nfields: { token: { file: open }, base_url: 'http://127.0.0.1:1' }\n",
            "own.yml":
                "connection: { connector: basic, base_uri: https://x.example/, fields: { username: u, password: { env: NOT_SET } } }\nactions: [ { get: /me } ]\n",
            "uses.yml": "connection: a\nactions: [ { get: /me } ]\n", "open": "long-enough\n",
            "own": "long-enough\n",
        ])
        for (name, mode) in [("open", 0o644), ("own", 0o600)] {
            try FileManager.default.setAttributes(
                [.posixPermissions: mode],
                ofItemAtPath: directory.path + "/" + name
            )
        }
        let program = Program(in: directory.path, ["PIN": "12x4", "LONG": "long-enough", "EMPTY": ""])
        let outcome = try await program.run("validate", "--json")
        #expect(outcome.status == 0)
        let found = outcome.json.items.filter { $0["code"]?.string != "connection.literal-secret" }
        #expect(
            found.map { "\($0["path"]?.string ?? ""):\($0["line"]?.text ?? ""): \($0["code"]?.string ?? "")" } == [
                "connections/a.yml:3: connection.variable", "connections/b.yml:3: connection.short-secret",
                "connections/c.yml:3: connection.file", "connections/d.yml:3: connection.readable",
                "connections/i.yml:3: connection.file", "connections/j.yml:3: connection.empty",
                "own.yml:1: connection.variable",
            ]
        )
        #expect(!outcome.output.contains("12x4") && !directory.contents().keys.contains("ran"))
        try directory.write(
            "connector: basic\nfields: { username: { env: NOT_SET }, password: y7z }\nbase_uri: https://x.example/\n",
            to: "connections/h.yml"
        )
        let shown = try await program.run("validate", "connections/h.yml").output
        #expect(shown.contains("NOT_SET is not set") && shown.contains("too short to be hidden"))
        #expect(!shown.contains("y7z"), "\(shown)")
        let one = try await program.run("validate", "uses.yml", "--json").json.items
        #expect(one.map { $0["path"]?.string } == ["connections/a.yml"])
    }

    @Test func `a copied connector is valid, and is not overwritten`() async throws {
        let directory = try TemporaryDirectory(["runner.yml": ""])
        let program = Program(in: directory.path)
        for name in ["hmac", "oauth2_authorization_code", "aws_sigv4", "mtls"] {
            #expect(try await program.run("connectors", "new", "my_\(name)", "--from", name).status == 0)
        }
        let outcome = try await program.run("validate")
        #expect(outcome.status == 0, "\(outcome.output)\(outcome.errors)")
        #expect(try await program.run("connectors", "new", "my_hmac", "--from", "basic").status == 2)
    }

    @Test func `without a store there is nothing to seal again`() async throws {
        let directory = try TemporaryDirectory(["runner.yml": ""])
        let outcome = try await Program(in: directory.path).run("keys", "rotate")
        #expect(outcome.status == 2)
        #expect(outcome.errors.contains("there is no store"))
    }

    @Test func `a new key keeps what is stored, and other workspaces their old one`() async throws {
        try await SandboxWorkspace.serve(["me.yml": OnceTests.me]) { sandbox, program, _ in
            #expect(try await program.run("once", "me.yml").status == 0)
            let other = try TemporaryDirectory(["me.yml": "actions: [ { set: { a: 1 } } ]\noutput: 1\n"])
            let neighbour = Program(in: other.path, ["HOME": program.directory])
            #expect(try await neighbour.run("once", "me.yml").status == 0)

            let outcome = try await program.run("keys", "rotate")
            #expect(outcome.status == 0, "\(outcome.errors)")
            #expect(outcome.output.contains("values are sealed with the key"))
            #expect(try await program.run("once", "me.yml").status == 0)
            #expect(sandbox.statistics().tokenRequests == 1)
            #expect(try await neighbour.run("once", "me.yml").status == 0)
            #expect(try await neighbour.run("keys", "rotate").errors.contains("it is the user's present key"))
            #expect(try await neighbour.run("once", "me.yml").status == 0)
        }
    }
}
