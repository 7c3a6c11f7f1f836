import CEL
import Connections
import Engine
import Recipe
import Store
import TestSupport
import Testing
import YAML

/// The verb `use`, and `on_status` of requests.
struct UseTests {
    private static let connector = """
        fields: [ { name: base_url }, { name: tenant, default: blue }, { name: key, control_type: password } ]
        authorization: { type: api_key, apply: { headers: { X-Key: "${{ connection.key }}" } } }
        base_uri: ${{ connection.base_url }}
        actions:
          list:
            description: The campaigns of a tenant
            inputs: { limit: { type: integer, default: 50 }, state: { type: string, optional: true } }
            get: /campaigns
            query: { limit: "${{ inputs.limit }}", state: "${{ inputs.state }}", tenant: "${{ connection.tenant }}" }
            output: ${{ response.body.data }}
          create:
            inputs: { name: { type: string } }
            post: /campaigns
            json: { name: "${{ inputs.name }}" }
        """

    private func run(
        _ recipe: String,
        answer: @escaping ScriptedServer.Handler,
        _ body: (RunResult, ScriptedServer) async throws -> Void
    ) async throws {
        try await ScriptedServer.run(answer) { server in
            let bench = try Workbench([
                "connectors/crm.yml": Self.connector,
                "connections/crm.yml": "connector: crm\nfields: { base_url: \(server.baseURL), key: key-000001 }",
            ])
            let result = try await bench.run(recipe)
            await bench.transport.shutdown()
            try await body(result, server)
        }
    }

    @Test func `use sends the operation's request with its inputs, and gives its output`() async throws {
        try await run(
            """
            connection: crm
            actions:
              - { id: list, use: list, with: { state: "${{ 'op' + 'en' }}" } }
              - { id: same, use: list, output: "${{ response.status }}" }
            output: { list: "${{ actions.list }}", same: "${{ actions.same }}" }
            """,
            answer: { _ in .json(#"{"data":[1,2]}"#) }
        ) { result, server in
            #expect(result.output?["list"] == .list([1, 2]))
            #expect(result.output?["same"] == 200)
            #expect(server.requests.map(\.query) == ["limit=50&state=open&tenant=blue", "limit=50&tenant=blue"])
            #expect(server.requests[0].header("x-key") == "key-000001")
        }
    }

    @Test func `an operation without output has the result of a request, and a run prints its body`() async throws {
        try await run(
            "connection: crm\nactions: [ { use: create, with: \"${{ {'name': 'x'} }}\" } ]",
            answer: { _ in .json(#"{"id":7}"#, status: 201) }
        ) { result, server in
            #expect(result.output == ["id": 7])
            #expect(server.requests[0].body == #"{"name":"x"}"#)
        }
    }

    @Test(arguments: [
        ("${{ {'name': 7} }}", "the input `name` of the operation `create` must be of type string"),
        ("${{ {'nmae': 'x'} }}", "the operation `create` has no input `nmae`"),
        ("${{ {} }}", "the operation `create` needs the input `name`"),
    ])
    func `inputs that are only known in the run are checked there`(_ with: String, _ message: String) async throws {
        try await run(
            "connection: crm\nactions: [ { use: create, with: \"\(with)\" } ]",
            answer: { _ in .json("{}") }
        ) { result, server in
            #expect(result.error?.message.contains(message) == true, "\(result.error?.message ?? "")")
            #expect(server.requests.isEmpty)
        }
    }

    @Test(arguments: [
        ("use: lst", "has no operation `lst`", "`list` was probably meant"),
        ("use: list, with: { limt: 5 }", "has no input `limt`", "`limit` was probably meant"),
        ("use: list, with: { limit: many }", "the input `limit` must be of type integer", ""),
        ("use: create", "the operation `create` needs `name`", "add `with: { name: … }`"),
        ("use: [list]", "`use` is the name of an operation", ""),
    ])
    func `what is wrong with use is found before it runs`(_ action: String, _ message: String, _ help: String) throws {
        let bench = try Workbench([
            "connectors/crm.yml": Self.connector,
            "connections/crm.yml": "connector: crm\nfields: { base_url: 'https://x.example', key: key-000001 }",
            "job.yml": "connection: crm\nactions: [ { \(action) } ]",
        ])
        let errors = bench.loader.load().diagnostics.filter { $0.severity == .error }
        #expect(errors.count == 1)
        #expect(errors.first?.message.contains(message) == true, "\(errors)")
        #expect(help.isEmpty || errors.first?.help?.contains(help) == true, "\(errors)")
    }

    @Test func `use without a connection says so`() throws {
        let bench = try Workbench(["job.yml": "actions: [ { use: list } ]"])
        #expect(bench.loader.load().diagnostics.map(\.code) == ["use.no-connection"])
    }

    @Test func `on_status turns an answer into a result`() async throws {
        try await run(
            """
            connection: crm
            actions:
              - { id: gone, get: /gone, on_status: { 404: { found: false } } }
              - { id: odd, get: /odd, on_status: { 404: null, "/not ready/": "${{ response.body.message }}" } }
              - { id: bad, get: /bad, on_status: { 404: null }, on_error: continue }
            output: ["${{ actions.gone }}", "${{ actions.odd.body }}", "${{ actions.bad.error.status }}"]
            """,
            answer: { request in
                switch request.path {
                case "/gone": .json("{}", status: 404)
                case "/odd": .json(#"{"message":"not ready"}"#, status: 409)
                default: .json("{}", status: 422)
                }
            }
        ) { result, _ in
            guard case .list(let items) = result.output else {
                Issue.record("\(result)")
                return
            }
            #expect(items[0]["status"] == 404)
            #expect(items[0]["body"]?["found"] == false)
            #expect(items[1] == "not ready")
            #expect(items[2] == 422)
        }
    }

    @Test func `redirects none gives the redirect itself`() async throws {
        try await run(
            "connection: crm\nactions: [ { id: a, get: /a, redirects: none, expect: [302] } ]\noutput: ${{ actions.a.headers.location }}",
            answer: { _ in ScriptedServer.Reply(302, headers: [("Location", "/b")]) }
        ) { result, server in
            #expect(result.output == "/b")
            #expect(server.requests.count == 1)
        }
    }
}
