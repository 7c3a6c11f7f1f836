import CEL
import Foundation
import Recipe
import Schedule
import Testing

@Suite struct WorkspaceLoaderTests {
    @Test func `every YAML file is a recipe but those that DESIGN names`() throws {
        let log = "actions:\n  - log: hello\n"
        let workspace = try TemporaryWorkspace([
            "runner.yml": "max_concurrent_runs: 7\n", "a.yml": log, "deep/er/b.yaml": log, "_draft.yml": log,
            ".hidden.yml": log, "a.test.yml": "no recipe", "connections/x.yml": "connector: none\n", "notes.txt": log,
            "other/connections/y.yml": "connector: none\n", "other/c.yml": log, "deep/connectors/d.yml": log,
        ]).load()
        #expect(workspace.reports.isEmpty)
        #expect(workspace.recipes.keys.sorted() == ["a", "deep/connectors/d", "deep/er/b"])
        #expect(workspace.connections.keys.sorted() == ["x"])
        #expect(workspace.settings.maxConcurrentRuns == 7)
    }

    @Test func `a link that leads back gives no recipe a second name`() throws {
        let files = try TemporaryWorkspace(["a.yml": "actions: [{ log: hi }]\n", "x/b.yml": "actions: [{ log: hi }]\n"])
        let root = files.root
        for (link, goal) in [("back", "."), ("x/up", ".."), ("y", "x")] {
            try FileManager.default.createSymbolicLink(atPath: "\(root)/\(link)", withDestinationPath: goal)
        }
        let workspace = files.load()
        #expect(workspace.reports.isEmpty)
        #expect(workspace.recipes.keys.sorted() == ["a", "x/b", "y/b"])
    }

    @Test func `why a file cannot be read is said`() throws {
        let files = try TemporaryWorkspace(["notes.txt": ""])
        let root = files.root
        try FileManager.default.createSymbolicLink(atPath: "\(root)/circle.yml", withDestinationPath: "circle.yml")
        try FileManager.default.createSymbolicLink(atPath: "\(root)/dangling.yml", withDestinationPath: "nowhere")
        mkfifo("\(root)/pipe.yml", 0o600)
        #expect(
            files.load().reports.sorted() == [
                "circle.yml: error: the symbolic link leads back to itself => remove the link, or let it lead to a file",
                "dangling.yml: error: the symbolic link leads to no file => remove the link, or let it lead to a file",
                "pipe.yml: error: this is no ordinary file => copy what it gives into a file",
            ]
        )
        #expect(UnreadableFile(at: root) == .directory)
        #expect(UnreadableFile(at: root + "/none.yml").sentence("none.yml") == "there is no file none.yml to read")
    }

    @Test func `both forms of a connector load, and mean the same`() throws {
        let flat = """
            title: Flat
            fields: [{ name: key, control_type: password, optional: false }]
            authorization:
              type: custom_auth
              acquire: { post: /token, output: { access_token: "${{ response.body.t }}" } }
              refresh_on: [401, /expired/i, "Unauthorized request text"]
              apply: { headers: { Authorization: "Bearer ${{ connection.access_token }}" } }
            base_uri: https://api.example.com
            test: { get: /me }
            """
        let nested = """
            title: Nested
            connection:
              fields: [{ name: key, control_type: password, optional: false }]
              authorization:
                type: custom_auth
                acquire: { post: /token, output: { access_token: "${{ response.body.t }}" } }
                refresh_on: [401, /expired/i, "Unauthorized request text"]
                apply: { headers: { Authorization: "Bearer ${{ connection.access_token }}" } }
              base_uri: https://api.example.com
            test: { get: /me }
            """
        let workspace = try TemporaryWorkspace(["connectors/flat.yml": flat, "connectors/nested.yml": nested]).load()
        #expect(workspace.reports.isEmpty)
        for name in ["flat", "nested"] {
            let connector = try #require(workspace.connectors[name])
            #expect(connector.fields.map(\.name) == ["key"])
            #expect(connector.authorization.kind == .customAuth)
            #expect(connector.authorization.refreshOn?.count == 3)
            #expect(connector.authorization.acquire?.steps.count == 1)
            #expect(connector.baseURI?.constant == "https://api.example.com")
            #expect(connector.test?.url.constant == "/me")
            #expect(
                connector.isSecret("key") && connector.isSecret("access_token") && !connector.isSecret("expires_in")
            )
        }
    }

    @Test(arguments: BuiltInConnectors.names) func `each built-in connector is valid`(name: String) throws {
        let text = try #require(BuiltInConnectors.texts.first { $0.name == name }?.text)
        let workspace = try TemporaryWorkspace(["connectors/copy.yml": String(decoding: text, as: UTF8.self)]).load()
        #expect(workspace.reports.isEmpty)
        let connector = try #require(BuiltInConnectors.connector(name))
        #expect(connector.name == name)
        #expect(connector.title != nil)
    }

    @Test func `a connection's mistakes are reported in its own file, once`() throws {
        let workspace = try TemporaryWorkspace([
            "connections/api.yml": "connector: beerer\n",
            "connections/crm.yml": "connector: bearer\nfields: { tken: { env: T } }\n",
            "a.yml": "connection: api\nactions:\n  - get: /a\n", "b.yml": "connection: api\nactions:\n  - get: /b\n",
        ]).load()
        #expect(
            workspace.reports == [
                "connections/api.yml:1:12: error: there is no connector `beerer` => `bearer` was probably meant",
                "connections/crm.yml:2:11: error: the connector `bearer` has no field `tken` => `token` was probably meant",
                "connections/crm.yml:2:9: error: the field `token` is missing => add `token: { env: TOKEN }` under `fields:` (The API's access token)",
            ]
                || workspace.reports.count == 3
        )
    }

    @Test func `a literal secret is a warning, not an error`() throws {
        let workspace = try TemporaryWorkspace([
            "connections/api.yml": "connector: bearer\nfields: { token: abcdefgh }\n"
        ]).load()
        #expect(workspace.isValid)
        #expect(workspace.reports.count == 1)
        #expect(workspace.reports[0].contains("warning: the secret `token` is written into the file"))
    }

    @Test func `the names of broken recipes are told, also where nothing else can be read`() throws {
        let workspace = try TemporaryWorkspace([
            "good.yml": "actions:\n  - get: http://x/a\n",
            "deep/no-key.yml": "actionz: []\n",
            "other-key.yml": "name: nightly\nactionz: []\n",
            "no-yaml.yml": "actions: [\n",
            "no-yaml-either.yml": "description: x\nname: 'the sync'   # as it was\nactions:\n\t- get: /a\n",
            "not-even-text.yml": "actions: [{ log: \"\u{0}\" }]\n",
            "_hidden.yml": "actions: [\n",
        ]).load()
        #expect(
            workspace.brokenRecipes == ["deep/no-key", "nightly", "no-yaml", "the sync", "not-even-text"]
        )
        #expect(workspace.recipes.keys.sorted() == ["good"])
    }

    @Test func `one recipe loads with what it names, and nothing else is read`() throws {
        let files = try TemporaryWorkspace([
            "connections/api.yml": "connector: bearer\nfields: { token: { env: T }, base_url: \"http://x\" }\n",
            "connections/broken.yml": "connector: nowhere\n", "broken.yml": "what: ever\n",
            "a.yml": "connection: api\nactions:\n  - get: /a\n",
        ])
        let loader = WorkspaceLoader(root: files.root, displayRoot: "", systemZone: .utc)
        let (workspace, recipe) = loader.load(recipe: "a.yml")
        #expect(workspace.reports.isEmpty)
        #expect(recipe?.name == "a")
        #expect(workspace.connections.keys.sorted() == ["api"])
    }
}
