import CEL
import Foundation
import Synchronization
import TestSupport
import Testing

/// Thirty secrets go through every path on which text leaves the process; none may be found, in no spelling.
@Suite(.timeLimit(.minutes(3))) struct CanaryTests {
    /// What a secret looks like decides how it is escaped: each kind is there.
    private static let kinds = [
        "plain%dXQ", "sl/as+h=%d==", "qu\"ote\\%d", "sp ace&%d?#", "ümläut-%d-ß", "%d.eyJh.sIg_-",
    ]

    private static func canary(_ number: Int) -> String {
        let kind = kinds[number % kinds.count].replacing("%d", with: "\(1_000 + number * 37)")
        return "canary-\(kind)-\(String(UInt64(number + 1) &* 0x9E37_79B9_7F4A_7C15, radix: 36))"
    }

    /// From env, .env, file, command, credential and literal: what the connection is given.
    private static let given = (0..<12).map(canary)
    /// What the server gives.
    private static let issued = (12..<30).map(canary)

    private static let connector = """
        fields:
          - { name: base_url }
          - { name: fail, default: "" }
        \((0..<12).map { "  - { name: s\($0), control_type: password }" }.joined(separator: "\n"))
        authorization:
          type: custom_auth
          acquire:
            post: /token
            query: { fail: "${{ connection.fail }}", q: "${{ connection.s0 }}" }
            headers:
              Authorization: "Basic ${{ base64.encode(bytes('me:' + connection.s1)) }}"
              X-Key: "${{ url.encode(connection.s2) }}"
            json: { a: "${{ connection.s3 }}", b: ["${{ connection.s4 }}", "${{ connection.s5 }}"] }
          refresh_on: [401]
          apply:
            headers:
              Authorization: "Bearer ${{ url.encode(connection.access_token) }}"
              X-Basic: "${{ base64.encode(bytes('user:' + connection.s6)) }}"
              X-Commands: "${{ url.encode(connection.s4 + connection.s5) }}"
              X-URL: "${{ base64.encodeURL(bytes(connection.nested.keys[1])) }}"
            query: { key: "${{ connection.s7 }}", session: "${{ connection.nested.session }}" }
            body: { pin: "${{ connection.s8 }}", more: "${{ connection.s9 }}${{ connection.s10 }}", last: "${{ connection.s11 }}" }
        base_uri: ${{ connection.base_url }}
        test: { get: /fail }
        """

    private static func connection(fail: String) -> String {
        func yaml(_ text: String) -> String { "'" + text.replacing("'", with: "''") + "'" }
        let sources = (0..<12).map { number -> String in
            switch number {
            case 0, 1: "{ env: S\(number) }"
            case 2, 3: "{ file: secrets/s\(number) }"
            case 4, 5: "{ command: [cat, secrets/s\(number)] }"
            case 6, 7: "{ credential: s\(number) }"
            case 8: "{ env: D8 }"
            default: "{ env: S\(number) }"
            }
        }
        let lines = sources.enumerated().map { "  s\($0.offset): \($0.element)" }.joined(separator: "\n")
        return "connector: api\nfields:\n  base_url: { env: BASE }\n  fail: \(yaml(fail))\n\(lines)\n"
    }

    /// Says back all that it was sent.
    private static func echo(_ request: ScriptedServer.Request) -> String {
        let headers = request.headers.map { Value.string("\($0.0): \($0.1)") }
        return Value.map([
            "query": .string(request.query), "headers": .list(headers), "body": .string(request.body),
            "decoded": .string(request.query.removingPercentEncoding ?? ""),
        ]).json()
    }

    @Sendable private static func answer(_ request: ScriptedServer.Request) -> ScriptedServer.Reply {
        switch request.path {
        case "/token":
            if request.query.contains("fail=said") {
                let said = Value.map(["error": "invalid_request", "error_description": .string(echo(request))])
                return .json(said.json(), status: 400)
            }
            if request.query.contains("fail=html") { return ScriptedServer.Reply(200, body: "<p>\(echo(request))</p>") }
            let keys = issued.dropFirst(3).map { Value.string($0) }
            return .json(
                Value.map([
                    "access_token": .string(issued[0]), "refresh_token": .string(issued[1]),
                    "nested": ["session": .string(issued[2]), "keys": .list(Array(keys))],
                ]).json()
            )
        case "/fail": return ScriptedServer.Reply(400, body: echo(request))
        case "/html": return ScriptedServer.Reply(200, headers: [("Content-Type", "text/html")], body: echo(request))
        case "/redirect":
            return ScriptedServer.Reply(302, headers: [("Location", "http://localhost:1/\(request.query)")])
        // A server that repeats what it knows: tokens in the open.
        case "/all": return .json(Value.list((given + issued).map { .string($0) }).json())
        default: return .json(echo(request))
        }
    }

    private static let recipes = [
        "echo.yml": """
        connection: api
        actions:
          - { id: a, post: /echo, json: { x: 1 } }
          - { id: b, post: /echo, form: { x: 1 } }
          - { id: c, get: /all }
          - log: "${{ json.format(actions.a.body) }} ${{ actions.b }} ${{ actions.c.body.join(' ') }}"
          - set: { kept: "${{ actions.c.body }}" }
        output: { a: "${{ actions.a }}", b: "${{ actions.b.body }}", c: "${{ actions.c.body }}", k: "${{ base64.encode(bytes(actions.c.body[0])) }}" }
        state: { all: "${{ actions.c.body }}" }
        """,
        "fail.yml": "connection: api\nactions: [ { get: /fail } ]\n",
        "failing.yml":
            "connection: api\nactions: [ { id: c, get: /all }, { fail: \"${{ actions.c.body.join(' ') }}\" } ]\n",
        "html.yml": "connection: api\nactions: [ { get: /html, response: json } ]\n",
        "redirect.yml": "connection: api\nactions: [ { get: /redirect, retry: false } ]\n",
        "said.yml": "connection: said\nactions: [ { get: /echo, retry: false } ]\n",
        "page.yml": "connection: page\nactions: [ { get: /echo, retry: false } ]\n",
        "often.yml":
            "connection: api\ntrigger: { interval: 1s }\nactions: [ { id: c, get: /all }, { log: \"${{ actions.c.body }}\" }, { get: /fail, on_error: continue } ]\n",
    ]

    @Test func `thirty secrets, every path: none is found in any spelling`() async throws {
        try await ScriptedServer.run(Self.answer) { server in
            let directory = try TemporaryDirectory(Self.recipes)
            try directory.write(Self.connector, to: "connectors/api.yml")
            for (name, fail) in [("api", ""), ("said", "said"), ("page", "html")] {
                try directory.write(Self.connection(fail: fail), to: "connections/\(name).yml")
            }
            for number in 2...5 { try directory.write(Self.given[number] + "\n", to: "secrets/s\(number)") }
            let credentials = try TemporaryDirectory(["s6": Self.given[6], "s7": Self.given[7]])
            var environment = ["BASE": server.baseURL, "CREDENTIALS_DIRECTORY": credentials.path]
            for number in [0, 1, 9, 10, 11] { environment["S\(number)"] = Self.given[number] }
            environment["D8"] = Self.given[8]
            let program = Program(in: directory.path, environment)

            var texts: [(from: String, text: String)] = []
            func run(_ arguments: String...) async throws {
                let outcome = try await program.start(arguments).outcome()
                texts.append((arguments.joined(separator: " "), outcome.output + outcome.errors))
            }
            for file in Self.recipes.keys.sorted() { try await run("once", file) }
            try await run("connections", "test", "api")
            try await run("connections", "refresh", "api")
            for name in ["api", "said", "page"] {
                try await run("connections", "history", name)
                try await run("connections", "history", name, "--json")
            }
            try await run("connections")
            try await run("connections", "--json")
            try await run("runs", "--json")
            for item in try await runs(program) { try await run("show", item["id"]?.string ?? "", "--json") }

            let started = try await program.start(["start", "--log-level", "debug"])
            #expect(await eventually { started.errors.contains("action finished") && server.count("/fail") > 4 })
            let limits = try String(contentsOfFile: "/proc/\(started.pid)/limits", encoding: .utf8)
            let coreLimit = limits.split(separator: "\n").first { $0.hasPrefix("Max core file size") }
            #expect(coreLimit?.split(separator: " ").dropFirst(4).first == "0")
            started.send(SIGKILL)
            let crash = try await started.outcome()
            #expect(crash.status != 0)
            texts.append(("start", crash.output + crash.errors))

            // Both sides must have been busy, or nothing is shown.
            #expect(server.count("/all") > 3 && server.count("/token") >= 4)
            #expect(texts.contains { $0.text.contains("•••") })

            let spellings = (Self.given + Self.issued).map(Self.spellings)
            for (from, text) in texts { Self.expectNone(of: spellings, in: Data(text.utf8), from) }
            for (name, data) in directory.contents() where name.hasPrefix(".runner") {
                Self.expectNone(of: spellings, in: data, name)
            }
        }
    }

    private static func expectNone(of secrets: [[String]], in data: Data, _ from: String) {
        for (number, spellings) in secrets.enumerated() {
            for (kind, spelling) in spellings.enumerated() where data.range(of: Data(spelling.utf8)) != nil {
                Issue.record("secret \(number) in spelling \(kind) is in: \(from)")
            }
        }
    }

    /// The spellings that others would look for: written independently of the program's own.
    private static func spellings(_ secret: String) -> [String] {
        let encoded =
            secret.addingPercentEncoding(
                withAllowedCharacters: .alphanumerics.intersection(.ascii).union(.init(charactersIn: "-._~"))
            ) ?? ""
        let quoted = String(Value.string(secret).json().dropFirst().dropLast())
        let base64 = Data(secret.utf8).base64EncodedString().trimmingCharacters(in: .init(charactersIn: "="))
        // Inside `id:secret`, at each offset; first and last characters depend on the neighbours.
        let inside = (1...3).map { offset -> String in
            let whole = Data((String(repeating: "x", count: offset) + secret + "yyy").utf8).base64EncodedString()
            return String(whole.dropFirst((offset * 8 + 5) / 6).prefix(secret.utf8.count * 8 / 6 - 1))
        }
        let plain = [secret, encoded, encoded.replacing("%20", with: "+"), encoded.lowercasedEscapes, quoted]
        let coded = [base64] + inside
        return plain + coded + coded.map { $0.replacing("+", with: "-").replacing("/", with: "_") }
    }
}

extension CharacterSet {
    fileprivate static let ascii = CharacterSet(charactersIn: Unicode.Scalar(0)...Unicode.Scalar(127))
}

extension String {
    /// `%C3` as `%c3`.
    fileprivate var lowercasedEscapes: String {
        var result = ""
        var left = 0
        for character in self {
            if character == "%" { left = 3 }
            result += left > 0 ? character.lowercased() : String(character)
            left -= 1
        }
        return result
    }
}
