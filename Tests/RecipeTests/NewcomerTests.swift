import Recipe
import Testing

/// What people write who come from crontabs, shell scripts and other tools: each first report says what to write here.
@Suite struct NewcomerTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let recipe: String
        /// `line:column`.
        let place: String
        let mend: String
        var testDescription: String { recipe }

        init(_ recipe: String, _ place: String, _ mend: String) {
            (self.recipe, self.place, self.mend) = (recipe, place, mend)
        }
    }

    private static func action(_ lines: String) -> String { "connection: api\nactions:\n  - \(lines)\n" }
    private static let log = "actions: [{ log: hi }]\n"

    static let cases: [Case] = [
        Case("cron: '0 3 * * *'\n" + log, "1:1", "write `trigger: { cron: \"…\" }`"),
        Case("every: 5m\n" + log, "1:1", "write `trigger: { interval: 5m }`"),
        Case("on: push\n" + log, "1:1", "write `trigger:`"),
        Case("overlap: skip\n" + log, "1:1", "write it below `trigger:`"),
        Case("variables: { a: 1 }\n" + log, "1:1", "write `vars`"),
        Case("on_error: []\n" + log, "1:1", "write `on_failure`"),
        Case("trigger: '0 3 * * *'\n" + log, "1:10", "write `trigger: { cron: \"0 3 * * *\" }`"),
        Case("trigger: '@daily'\n" + log, "1:10", "write `trigger: { cron: \"@daily\" }`"),
        Case("trigger: 5m\n" + log, "1:10", "write `trigger: { interval: 5m }`"),
        Case("trigger: { schedule: '0 3 * * *' }\n" + log, "1:12", "write `cron`"),
        Case("trigger: { every: 5m }\n" + log, "1:12", "write `interval`"),
        Case("trigger: { cron: '@daily', tz: UTC }\n" + log, "1:28", "write `timezone`"),
        Case("trigger: { interval: 5 minutes }\n" + log, "1:22", "write 5m"),
        Case("inputs: { a: open }\n" + log, "1:14", "write `a: { default: open }`"),
        Case("inputs: { a: string }\n" + log, "1:14", "write `a: { type: string }`"),
        Case("inputs: { a: int }\n" + log, "1:14", "write `a: { type: integer }`"),
        Case("inputs: { a: { type: int } }\n" + log, "1:22", "did you mean `integer`?"),
        Case("inputs: { a: { type: array } }\n" + log, "1:22", "did you mean `list`?"),
        Case("inputs: { a: { type: bool } }\n" + log, "1:22", "did you mean `boolean`?"),
        Case("inputs: { a: { required: true } }\n" + log, "1:16", "an input is required unless"),
        Case("inputs: { a: { type: boolean, default: yes } }\n" + log, "1:40", "write `true`"),
        Case("inputs: { a: { type: string, default: 3 } }\n" + log, "1:39", "put it in quotes: \"3\""),
        Case("inputs: { a: { type: integer, default: '3' } }\n" + log, "1:40", "write 3 without quotes"),
        Case(
            "actions:\n    get: /x\n  - log: hi\n",
            "3:3",
            "if line 2 begins an item too, write it as `- get: /x`, in column 3"
        ),
        Case("vars: { a: 1 }\n  - log: hi\n", "2:3", "write a key without a value on a line before it"),
        Case("actions:\n  - curl https://example.com\n", "2:5", "write `get: URL`"),
        Case("actions:\n  - log\n", "2:5", "write what it does behind a colon: `log: …`"),
        Case("actions:\n  - greet everybody\n", "2:5", "write what it does as a key"),
        Case("actions:\n  - fail:\n", "2:5", "write for example `fail: the list is empty`"),
        Case(action("get: /x\n    auth: me"), "4:5", "write `connection`"),
        Case(action("get: /x\n    register: x"), "4:5", "write `id`: the result is `actions.ID`"),
        Case(action("get: /x\n    continue-on-error: true"), "4:5", "write `on_error: continue`"),
        Case(action("get: /x\n    output_file: x"), "4:5", "write `save_to`"),
        Case(action("return: 1"), "3:5", "write `stop`"),
        Case(action("get: /x\n    retry: true"), "4:12", "write how many attempts"),
        Case(action("get: /x\n    retry: { delay: 5s }"), "4:14", "write `initial`"),
        Case(action("get: /x\n    paginate: true"), "4:15", "how the next page is asked for"),
        Case(action("get: /x\n    expect: 200 OK"), "4:13", "write `200`, a class"),
        Case(action("get: /x\n    expect: 200,404"), "4:13", "a list: `[200, 404]`"),
        Case(action("get: /x\n    expect: 6xx"), "4:13", "write `200`, a class"),
        Case(action("get: /x\n    expect: 200..299"), "4:13", "a range such as `200-299`"),
        Case(action("foreach: [1, two]\n    get: /x"), "3:14", "write it as an expression: `${{ [1, 'two'] }}`"),
        Case(action("foreach: ${{ [1] }}\n    as: item\n    get: /x"), "4:9", "remove `as`"),
        Case(action("foreach: ${{ [1] }}\n    dedupe: item\n    get: /x"), "4:13", "write `dedupe: { key: item.id }`"),
        Case(action("switch: [{ case: true, do: [] }]"), "3:16", "write `when`"),
        Case(action("call: other\n    with: { a: 1 }"), "4:5", "write `inputs`"),
        Case(action("id: a\n    get: /x\n  - log: ${{ a.body }}"), "5:14", "the result of that action is `actions.a`"),
        Case("inputs: { n: { default: 1 } }\nactions:\n  - log: ${{ n }}\n", "3:14", "the input is `inputs.n`"),
        Case("actions:\n  - log: ${{ vars.n }}\n", "2:19", "give it a value in the recipe's `vars:`"),
        Case("actions:\n  - log: ${{ inputs.n }}\n", "2:21", "say in the recipe's `inputs:` that it takes it"),
        Case("vars: { n: 1 }\nactions:\n  - log: ${{ n }}\n", "3:14", "the variable is `vars.n`"),
    ]

    private func reports(_ recipe: String) throws -> [String] {
        let log = "actions: [{ log: hi }]\n"
        return try TemporaryWorkspace([
            "connections/api.yml": "connector: none\nbase_uri: https://api.example.com\n", "other.yml": log,
            "broken.yml": recipe,
        ]).load().reports
    }

    @Test(arguments: cases) func `the first report says what to write`(_ row: Case) throws {
        let reports = try reports(row.recipe)
        let matching = reports.filter { $0.hasPrefix("broken.yml:\(row.place): error: ") }
        #expect(matching.contains { $0.contains(" => ") && $0.contains(row.mend) }, "\(reports)")
        #expect(reports.first?.hasPrefix("broken.yml:\(row.place): ") == true, "\(reports)")
    }

    static let connections: [Case] = [
        Case("connector: oauth2\n", "1:12", "`oauth2_client_credentials`"),
        Case("connector: none\nbase_uri: api.example.com\n", "2:11", "write `https://api.example.com`"),
        Case("connector: none\nbase_uri: localhost:80/x\n", "2:11", "write `https://localhost:80/x`"),
        Case("connector: none\nbase_uri: /v1\n", "2:11", "write for example `https://api.example.com/v1/`"),
        Case("connector: none\nrate_limit: 10\n", "2:13", "`10/s`"),
        Case("connector: none\nurl: https://x.test\n", "2:1", "write `base_uri`"),
        Case("connector: none\ntoken: x\n", "2:1", "write it below `fields:`"),
        Case("connector: bearer\nfields: { token: $TOKEN }\n", "2:18", "write `{ env: TOKEN }`"),
        Case("connector: bearer\nfields: { token: '${TOKEN}' }\n", "2:18", "write `{ env: TOKEN }`"),
        Case("connector: bearer\nfields: { token: '${{ env.TOKEN }}' }\n", "2:18", "write `{ env: TOKEN }`"),
    ]

    @Test(arguments: connections) func `so do those of connections`(_ row: Case) throws {
        let reports = try TemporaryWorkspace(["connections/api.yml": row.recipe]).load().reports
        #expect(reports.first?.hasPrefix("connections/api.yml:\(row.place): error: ") == true, "\(reports)")
        #expect(reports.first?.contains(row.mend) == true, "\(reports)")
    }

    /// What is valid, and hardly ever meant.
    static let warnings: [Case] = [
        Case(action("log: ${ inputs.name } is there"), "3:10", "write `${{ … }}`"),
        Case(action("get: /x\noutput: actions.a.body.items"), "4:9", "write `${{ actions.a.body.items }}`"),
        Case(action("get: /x\n    query: { q: response.body.id }"), "4:17", "write `${{ response.body.id }}`"),
        Case(action("post: /x\n    json: '{\"a\": 1}'"), "4:11", "write it as a mapping"),
        Case(action("post: /x\n    idempotency_key: yes"), "4:22", "write `true`, without quotes"),
        Case(action("post: /x\n    idempotency_key: 'true'"), "4:22", "write `true`, without quotes"),
    ]

    @Test(arguments: warnings) func `what is hardly ever meant is a warning`(_ row: Case) throws {
        let reports = try reports(row.recipe)
        #expect(reports.count == 1, "\(reports)")
        #expect(reports.first?.hasPrefix("broken.yml:\(row.place): warning: ") == true, "\(reports)")
        #expect(reports.first?.contains(row.mend) == true, "\(reports)")
    }

    @Test func `what is meant as text is no slip`() throws {
        let recipe = """
            connection: api
            actions:
              - { get: /x, save_to: inputs.csv }
              - { shell: "echo ${HOME} ${run[0]}" }
              - { post: /x, json: "a {b}", idempotency_key: close-12 }
              - { log: "actions.list is a name, response.json a file, and vars. is an end" }
              - { log: "$${ inputs.x } ${inputs}" }
            output: response.json
            """
        #expect(try reports(recipe).filter { !$0.contains("the value becomes a part") } == [])
    }
}
