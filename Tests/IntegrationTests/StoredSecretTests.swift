import CEL
import Foundation
import Synchronization
import TestSupport
import Testing

/// Secrets in what runs left: the process that shows it, or goes on with it, has never known them.
@Suite(.timeLimit(.minutes(3))) struct StoredSecretTests {
    private static let pin = "pin-4711-from-a-program"
    private static let challenge = "challenge-of-the-first-step"

    private static let connector = """
        fields: [ { name: base_url }, { name: pin, control_type: password } ]
        authorization:
          type: custom_auth
          acquire:
            - { id: begin, post: /begin, json: { pin: "${{ connection.pin }}" } }
            - { post: /token, json: { answer: "${{ actions.begin.challenge }}" }, output: { access_token: "${{ response.body.token }}" } }
          refresh_on: [401]
          apply: { headers: { Authorization: "Bearer ${{ connection.access_token }}", X-Pin: "${{ connection.pin }}" } }
        base_uri: ${{ connection.base_url }}
        """

    private static let files = [
        "connectors/steps.yml": connector,
        "connections/api.yml":
            "connector: steps\nfields: { base_url: { env: BASE }, pin: { command: [cat, secrets/pin] } }\n",
        // Its program is run for a token only.
        "connectors/seldom.yml": connector.replacing(#", X-Pin: "${{ connection.pin }}""#, with: ""),
        "connections/seldom.yml":
            "connector: seldom\nfields: { base_url: { env: BASE }, pin: { command: [cat, secrets/pin] } }\n",
        "seldom.yml": """
        connection: seldom
        actions: [ { id: all, get: /all } ]
        output: { all: "${{ actions.all.body }}", coded: "${{ actions.all.body.map(t, base64.encode(bytes('-' + t))) }}" }
        """,
        "secrets/pin": pin + "\n",
        "echo.yml": """
        connection: api
        actions: [ { id: all, get: /all } ]
        output: ${{ actions.all.body }}
        state: { all: "${{ actions.all.body }}" }
        """,
        "large.yml": """
        connection: api
        actions: [ { id: all, get: /all } ]
        output: { all: "${{ actions.all.body }}", much: "${{ lists.range(60000) }}" }
        """,
        "halting.yml": """
        connection: api
        actions: [ { id: all, get: /all }, { id: gate, run: [test, -e, go] } ]
        output: ${{ actions.all.body }}
        """,
        "remembering.yml":
            "actions: [ { log: \"${{ state.all }}\" } ]\noutput: ${{ state.all }}\nstate: ${{ state }}\n",
        "given.yml": "connection: api\ninputs: { text: { type: string } }\nactions: [ { get: /all } ]\noutput: 1\n",
    ]

    /// Answers with all that it was ever told and ever gave.
    private final class Server: Sendable {
        let issued = Mutex(0)

        @Sendable func answer(_ request: ScriptedServer.Request) -> ScriptedServer.Reply {
            switch request.path {
            case "/begin": return .json(Value.map(["challenge": .string(challenge), "status": "fine"]).json())
            case "/token":
                let number = issued.withLock {
                    $0 += 1; return $0
                }
                return .json(Value.map(["token": .string(Self.token(number))]).json())
            default:
                let tokens = (1...max(1, issued.withLock { $0 })).map { Value.string("<\(Self.token($0))>") }
                return .json(Value.list([.string(pin), .string(challenge)] + tokens).json())
            }
        }

        static func token(_ number: Int) -> String { "token-number-\(number)-of-many" }
    }

    private static func expectNothingSecret(in outcome: Program.Outcome, _ what: Comment) {
        for secret in [pin, challenge, "-of-many"] {
            #expect(!(outcome.output + outcome.errors).contains(secret), what)
        }
    }

    private static func serve(_ body: (Program, TemporaryDirectory) async throws -> Void) async throws {
        let server = Server()
        try await ScriptedServer.run(server.answer) { address in
            let directory = try TemporaryDirectory(files)
            try await body(Program(in: directory.path, ["BASE": address.baseURL]), directory)
        }
    }

    /// After this no process can learn the secrets of the runs before.
    private static func forget(_ program: Program, _ directory: TemporaryDirectory) async throws {
        for _ in 0..<2 { #expect(try await program.run("connections", "refresh", "api").status == 0) }
        try directory.write("connector: none\nbase_uri: http://127.0.0.1:1/\n", to: "connections/api.yml")
        try FileManager.default.removeItem(atPath: directory.path + "/secrets/pin")
    }

    @Test(arguments: ["echo.yml", "large.yml"])
    func `what a run left is shown without the secrets that its process knew`(recipe: String) async throws {
        try await Self.serve { program, directory in
            let once = try await program.run("once", recipe)
            #expect(once.status == 0)
            Self.expectNothingSecret(in: once, "once")
            try await Self.forget(program, directory)
            let run = try #require(try await runs(program).first?["id"]?.string)
            for arguments in [["show", run], ["show", run, "--json"], ["runs", "--json"]] {
                let shown = try await program.start(arguments).outcome()
                #expect(shown.status == 0)
                Self.expectNothingSecret(in: shown, "\(arguments)")
            }
            let output = try await program.run("show", run, "--json").json["output"]
            #expect((output?["all"] ?? output)?.items.last == "<•••>")
        }
    }

    @Test func `a state is shown without the secrets that its run knew, whoever brings it back`() async throws {
        try await Self.serve { program, directory in
            for _ in 0..<2 { #expect(try await program.run("once", "echo.yml").status == 0) }
            try await Self.forget(program, directory)
            for arguments in [
                ["state", "get", "echo"], ["state", "rewind", "echo", "--list"],
                ["state", "rewind", "echo", "--list", "--json"], ["state", "rewind", "echo"], ["state", "get", "echo"],
                ["state", "move", "echo", "remembering"], ["state", "get", "remembering"],
                ["once", "remembering.yml"], ["state", "get", "remembering"],
            ] {
                let shown = try await program.start(arguments).outcome()
                #expect(shown.status == 0)
                #expect((shown.output + shown.errors).contains("•••") || arguments[1] == "move")
                Self.expectNothingSecret(in: shown, "\(arguments)")
            }
        }
    }

    @Test func `a run that another process goes on with hides what the first one knew`() async throws {
        try await Self.serve { program, directory in
            #expect(try await program.run("once", "halting.yml").status == 1)
            let run = try #require(try await runs(program).first?["id"]?.string)
            try await Self.forget(program, directory)
            try directory.write("", to: "go")
            let rerun = try await program.run("rerun", run, "--from", "gate")
            #expect(rerun.status == 0 && rerun.json.items.count == 3, "\(rerun.errors)")
            Self.expectNothingSecret(in: rerun, "rerun")
            let resumed = try await program.run("resume", run)
            #expect(resumed.status == 0 && resumed.json.items.count == 3, "\(resumed.errors)")
            Self.expectNothingSecret(in: resumed, "resume")
            for item in try await runs(program) {
                Self.expectNothingSecret(in: try await program.run("show", item["id"]?.string ?? "", "--json"), "show")
            }
        }
    }

    @Test func `an input that turned out to be a secret is not shown`() async throws {
        try await Self.serve { program, directory in
            let once = try await program.run("once", "given.yml", "--input", "text=it is \(Self.pin)")
            #expect(once.status == 0)
            try await Self.forget(program, directory)
            let run = try #require(try await runs(program).first?["id"]?.string)
            let shown = try await program.run("show", run, "--json")
            #expect(shown.json["inputs"] == ["text": "it is •••"])
        }
    }

    @Test func `a process that finds a token there hides what a program gave to acquire it`() async throws {
        try await Self.serve { program, directory in
            let first = try await program.run("once", "seldom.yml")
            #expect(first.status == 0)
            Self.expectNothingSecret(in: first, "first")
            try FileManager.default.removeItem(atPath: directory.path + "/secrets/pin")
            let again = try await program.run("once", "seldom.yml")
            #expect(again.status == 0 && again.json == first.json)
            Self.expectNothingSecret(in: again, "again")
            let run = try #require(try await runs(program).first?["id"]?.string)
            Self.expectNothingSecret(in: try await program.run("show", run, "--json"), "show")
            // What is kept for that is no secret.
            for (name, data) in directory.contents() where name.hasPrefix(".runner") {
                #expect(data.range(of: Data(Self.pin.utf8)) == nil, "\(name)")
            }
        }
    }

    @Test func `a process that finds a token there hides what the steps before it gave`() async throws {
        try await Self.serve { program, _ in
            #expect(try await program.run("connections", "test", "api").status != 3)
            #expect(try await program.run("once", "echo.yml").status == 0)
            let again = try await program.run("once", "echo.yml")
            #expect(again.status == 0 && !again.output.contains(Self.challenge))
        }
    }
}
