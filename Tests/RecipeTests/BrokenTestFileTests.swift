import Recipe
import Schedule
import Testing
import YAML

/// Broken `*.test.yml` files: the reports that each must give, with the mend.
@Suite struct BrokenTestFileTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let story: String
        let text: String
        let reports: [String]
        var testDescription: String { story }
    }

    private static let recipe = """
        connection: api
        inputs: { limit: { type: integer, default: 3 } }
        actions:
          - { id: list, get: /issues }
          - { id: dump, run: [ls] }
        """

    static let cases: [Case] = [
        Case(
            story: "keys misspelt at each level",
            text: "respones: []\nexpect: { outptu: 1, requests: [{ gett: / }] }",
            reports: [
                "1:1: error: a test file has no key `respones` => did you mean `responses`?",
                "2:11: error: `expect` has no key `outptu` => did you mean `output`?",
                "2:35: error: an expected request has no key `gett` => did you mean `get`?",
            ]
        ),
        Case(
            story: "tests without a name, and two of one name",
            text: "tests:\n  - { expect: {} }\n  - { name: a }\n  - { name: a }",
            reports: [
                "2:7: error: a test needs the key `name` => say what it shows, for example `name: skips what is closed`",
                "4:5: error: another test is already called `a` => choose another name",
            ]
        ),
        Case(
            story: "expect beside tests",
            text: "tests: [{ name: a }]\nexpect: {}",
            reports: [
                "2:1: error: a test file has no key `expect` => known keys: `recipe`, `now`, `scheduled_at`, `last_success_at`, `inputs`, `env`, `connections`, `state`, `programs`, `responses`, `tests`"
            ]
        ),
        Case(
            story: "inputs that the recipe does not take, or not so",
            text: "inputs: { limt: 1, limit: many }",
            reports: [
                "1:11: error: the recipe has no input `limt` => did you mean `limit`?",
                "1:27: error: the input `limit` must be of type integer",
            ]
        ),
        Case(
            story: "connections and fields that are not there",
            text: "connections: { apis: {}, api: { usrname: a } }",
            reports: [
                "1:16: error: the recipe uses no connection `apis` => did you mean `api`?",
                "1:33: error: the connection `api` has no field `usrname` => did you mean `username`?",
            ]
        ),
        Case(
            story: "a variable that no expression can read",
            text: "env: { REGIO: eu }",
            reports: ["1:8: error: no expression can read the environment variable `REGIO` => did you mean `REGION`?"]
        ),
        Case(
            story: "programs of an action that runs none",
            text: "programs: { list: {}, dump: { stdoutt: a } }",
            reports: [
                "1:13: error: the recipe has no action `list` that runs a program => there is `dump`",
                "1:31: error: what a program leaves has no key `stdoutt` => did you mean `stdout`?",
            ]
        ),
        Case(
            story: "moments that are none, and a fire time without a trigger",
            text: "now: today\nscheduled_at: 2026-01-01T00:00:00Z",
            reports: [
                "1:6: error: `today` is no moment => write it with its offset, for example 2026-03-02T08:00:00Z",
                "2:15: error: the recipe has no trigger that could have fired then => write `now` for the moment at which the run begins",
            ]
        ),
        Case(
            story: "expressions where values are written out",
            text: "state: ${{ 1 }}\nexpect: { output: \"${{ 2 }}\" }",
            reports: [
                "1:8: error: what a test gives and expects is written out: there are no expressions here => write the value; expressions stand under `check`, and in the bodies of responses, which see `request`",
                "2:19: error: what a test gives and expects is written out: there are no expressions here => write the value, a `/pattern/`, or the expression under `check`",
            ]
        ),
        Case(
            story: "expressions that read what is not there",
            text:
                "responses: [{ if: reqest.json.id == 1, json: \"${{ inputs.limit }}\" }]\nexpect: { check: [outptu == 1] }",
            reports: [
                "1:19: error: there is no variable `reqest` here => `request` was probably meant",
                "1:51: error: there is no variable `inputs` here => there is `request`",
                "2:19: error: there is no variable `outptu` here => `output` was probably meant",
            ]
        ),
        Case(
            story: "responses with two methods, two bodies, a missing file, an odd status",
            text:
                "responses:\n  - { get: /, post: / }\n  - { json: {}, body: a }\n  - { file: no.json }\n  - { status: 42, error: netwrk }",
            reports: [
                "2:15: error: a request has one method, and this one has `get` and `post` => make it two entries",
                "3:17: error: a response has one body, and this one has `json` and `body` => remove one of them",
                "4:13: error: the file `no.json` cannot be read => its path begins at the test's own directory",
                "5:15: error: `status` must be from 100 to 599, not 42",
                "5:26: error: `netwrk` is no value of `error` => did you mean `network`? Allowed: `network`, `timeout`, `tls`",
            ]
        ),
        Case(
            story: "what is expected of the run",
            text: "expect: { status: suceeded, error: { actoin: a }, order: anyhow }",
            reports: [
                "1:19: error: `suceeded` is no value of `status` => did you mean `succeeded`? Allowed: `succeeded`, `failed`, `cancelled`, `interrupted`, `timed_out`",
                "1:38: error: `error` has no key `actoin` => did you mean `action`?",
                "1:58: error: `anyhow` is no value of `order` => allowed: `strict`, `any`",
            ]
        ),
        Case(
            story: "a request of an action that is not there, a pattern that is none",
            text: "expect: { requests: [{ action: lst, body: /(/ }] }",
            reports: [
                "1:32: error: the recipe has no action `lst` => `list` was probably meant",
                "1:43: error: this pattern is not valid: missing ): ( => write RE2 syntax between slashes",
            ]
        ),
        Case(
            story: "an empty file",
            text: "",
            reports: [
                "1:1: error: the file is empty => write what servers answer under `responses:`, and what must come of it under `expect:`"
            ]
        ),
    ]

    private static func load(_ files: [String: String], _ path: String = "a.test.yml") throws -> TestFile {
        let workspace = try TemporaryWorkspace(files)
        return WorkspaceLoader(root: workspace.root, displayRoot: "", systemZone: .utc).loadTests(path)
    }

    private static func files(_ text: String) -> [String: String] {
        [
            "a.yml": recipe, "a.test.yml": text, "runner.yml": "env: [REGION]\n",
            "connections/api.yml":
                "connector: basic\nfields: { base_url: \"https://a.example\", username: u, password: { env: P } }\n",
        ]
    }

    @Test(arguments: cases) func `is reported with its place and mend`(_ broken: Case) throws {
        let file = try Self.load(Self.files(broken.text))
        let reports = file.diagnostics.map { diagnostic in
            let start = diagnostic.span?.start
            return "\(start?.line ?? 0):\(start?.column ?? 0): \(diagnostic.severity.rawValue): \(diagnostic.message)"
                + (diagnostic.help.map { " => \($0)" } ?? "")
        }
        #expect(reports == broken.reports)
        #expect(file.tests.isEmpty)
    }

    @Test func `needs its recipe, and says what is wrong with that`() throws {
        let alone = try Self.load(["a.test.yml": "expect: {}"])
        #expect(alone.diagnostics.map(\.message) == ["there is no recipe `a.yml` beside this test"])
        let named = try Self.load(["a.test.yml": "recipe: x/b.yml"])
        #expect(named.diagnostics.map(\.message) == ["there is no recipe `x/b.yml`"])
        let broken = try Self.load(["a.test.yml": "expect: {}", "a.yml": "actions: [{ lgo: hi }]"])
        #expect(broken.diagnostics.map(\.path) == ["a.yml"])
        #expect(broken.tests.isEmpty)
    }

    @Test func `is no recipe, and is found also in workspaces further inside`() throws {
        let workspace = try TemporaryWorkspace([
            "a.yml": "actions: [{ log: a }]", "a.test.yml": "expect: {}", "in/b.yml": "actions: [{ log: b }]",
            "in/runner.yml": "", "in/b.test.yml": "recipe: b.yml", "_old/c.test.yml": "", "in/.d.test.yml": "",
        ])
        #expect(workspace.load().recipes.keys.sorted() == ["a"])
        let found = WorkspaceFiles.tests(below: workspace.root).map { String($0.dropFirst(workspace.root.count + 1)) }
        #expect(found == ["a.test.yml", "in/b.test.yml"])
    }
}
