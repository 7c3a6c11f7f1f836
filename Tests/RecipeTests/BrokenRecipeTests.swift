import Recipe
import Testing

/// Broken recipes, and the first report that each must give: on the right line and column, with the mend.
@Suite struct BrokenRecipeTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let story: String
        let recipe: String
        /// `line:column`.
        let place: String
        let message: String
        let mend: String
        var testDescription: String { story }
    }

    static let cases: [Case] = [
        Case(
            story: "results under the name that another tool has for them",
            recipe: "actions:\n  - log: ${{ steps.list.body }}\n",
            place: "2:14",
            message: "there is no variable `steps`",
            mend: "the result of an action with `id: ID` is `actions.ID`"
        ),
        Case(
            story: "a result of an action that has no id",
            recipe: "actions:\n  - log: hi\n  - log: ${{ actions.first }}\n",
            place: "3:22",
            message: "there is no earlier action `first`",
            mend: "give the action that is meant an `id`; it must come before"
        ),
        Case(
            story: "a verb of another tool",
            recipe: "actions:\n  - fetch: https://example.com\n",
            place: "2:5",
            message: "an action has no key `fetch`",
            mend: "write `get: URL`, or another method"
        ),
        Case(
            story: "a condition under the name of another tool",
            recipe: "actions:\n  - when: true\n    log: hi\n",
            place: "2:5",
            message: "an action has no key `when`",
            mend: "write `if`"
        ),
        Case(
            story: "nothing, as Python has it",
            recipe: "actions:\n  - log: ${{ string(None) }}\n",
            place: "2:21",
            message: "there is no variable `None`",
            mend: "write `null`"
        ),
        Case(
            story: "an item by a name that it was not given",
            recipe: "actions:\n  - foreach: ${{ [1] }}\n    log: ${{ issue.title }}\n",
            place: "3:14",
            message: "there is no variable `issue`",
            mend: "write `item`, or name the items with `as: issue`"
        ),
        Case(
            story: "a secret as other tools give it",
            recipe: "actions:\n  - log: ${{ secrets.TOKEN }}\n",
            place: "2:14",
            message: "there is no variable `secrets`",
            mend: "recipes cannot read them"
        ),
        Case(
            story: "text added to an input that is a whole number",
            recipe: "inputs: { n: { type: integer, default: 1 } }\nactions:\n  - log: ${{ inputs.n + 'a' }}\n",
            place: "3:14",
            message: "applied to (int, string)",
            mend: "string("
        ),
        Case(
            story: "a field of an input that is a whole number",
            recipe: "inputs: { n: { type: integer } }\nactions:\n  - log: ${{ inputs.n.x }}\n",
            place: "3:23",
            message: "a value of type int has no field 'x'",
            mend: ""
        ),
        Case(
            story: "a condition that is text",
            recipe: "inputs: { s: { type: string } }\nactions:\n  - if: inputs.s\n    log: hi\n",
            place: "3:9",
            message: "`if` needs true or false, and this is of type string",
            mend: "!= ''"
        ),
        Case(
            story: "a foreach over a number",
            recipe: "inputs: { n: { type: integer } }\nactions:\n  - foreach: ${{ inputs.n }}\n    log: hi\n",
            place: "3:18",
            message: "`foreach` needs a list, and this is of type int",
            mend: "lists.range(n)"
        ),
        Case(
            story: "a secret in the recipe's own text",
            recipe: "inputs: { t: { type: string, secret: true, default: hunter2 } }\nactions:\n  - log: hi\n",
            place: "1:53",
            message: "a secret stands in the file",
            mend: "--input-file"
        ),
        Case(
            story: "a dedupe whose key is that of every item",
            recipe: "actions:\n  - foreach: ${{ [1] }}\n    dedupe: { key: run.id }\n    log: hi\n",
            place: "3:20",
            message: "this key is the same for every item",
            mend: "item.id"
        ),
        Case(
            story: "a dedupe without a key",
            recipe: "actions:\n  - foreach: ${{ [1] }}\n    dedupe: { ttl: 1d }\n    log: hi\n",
            place: "3:15",
            message: "needs the key `key`",
            mend: "key: item.id"
        ),
        Case(
            story: "a dedupe whose key is a map",
            recipe:
                "actions:\n  - foreach: ${{ [1] }}\n    as: n\n    dedupe: { key: \"{'a': n}\" }\n    log: hi\n",
            place: "4:21",
            message: "`key` needs text or a number",
            mend: "item.id"
        ),
        Case(
            story: "a dedupe without foreach",
            recipe: "actions:\n  - dedupe: { key: item.id }\n    log: hi\n",
            place: "2:5",
            message: "`dedupe` belongs to `foreach`",
            mend: "foreach"
        ),
        Case(
            story: "a foreach over a map",
            recipe: "actions:\n  - foreach: \"${{ {'a': 1} }}\"\n    log: hi\n",
            place: "2:19",
            message: "`foreach` needs a list, and this is a map",
            mend: ".keys()"
        ),
        Case(
            story: "an item of a known type",
            recipe:
                "vars: { n: \"${{ [1, 2] }}\" }\nactions:\n  - foreach: ${{ vars.n }}\n    as: x\n    log: ${{ x.title }}\n",
            place: "5:16",
            message: "a value of type int has no field 'title'",
            mend: ""
        ),
        Case(
            story: "the index is a number",
            recipe: "actions:\n  - foreach: ${{ ['a'] }}\n    log: ${{ index + item }}\n",
            place: "3:14",
            message: "applied to (int, string)",
            mend: "string("
        ),
        Case(
            story: "a status is a number",
            recipe:
                "connection: api\nactions:\n  - id: a\n    get: /me\n  - log: |\n      first\n      ${{\n        actions.a.status\n        + 'x'\n      }}\n",
            place: "8:9",
            message: "applied to (int, string)",
            mend: "string("
        ),
        Case(
            story: "a function misspelt in its namespace",
            recipe: "actions:\n  - log: ${{ hash.sha25('x') }}\n",
            place: "2:14",
            message: "undeclared function 'hash.sha25'",
            mend: "'hash.sha256'"
        ),
        Case(
            story: "a namespace misspelt",
            recipe: "actions:\n  - log: ${{ jsn.parse('1') }}\n",
            place: "2:14",
            message: "undeclared function 'jsn.parse'",
            mend: "'json.parse'"
        ),
        Case(
            story: "a variable of a known map",
            recipe: "vars: { m: \"${{ {'a': [1]} }}\" }\nactions:\n  - log: ${{ vars.m.a + 1 }}\n",
            place: "3:14",
            message: "applied to (list(int), int)",
            mend: ""
        ),
        Case(
            story: "an unknown key of a recipe",
            recipe: "actions:\n  - log: hi\nconection: api\n",
            place: "3:1",
            message: "conection",
            mend: "connection"
        ),
        Case(
            story: "an unknown key of an action",
            recipe: "connection: api\nactions:\n  - get: /me\n    qery: { a: 1 }\n",
            place: "4:5",
            message: "qery",
            mend: "query"
        ),
        Case(
            story: "a verb misspelt",
            recipe: "connection: api\nactions:\n  - gett: /me\n",
            place: "3:5",
            message: "gett",
            mend: "get"
        ),
        Case(
            story: "no verb at all",
            recipe: "connection: api\nactions:\n  - id: nothing\n",
            place: "3:5",
            message: "does nothing",
            mend: "`get`"
        ),
        Case(
            story: "two verbs",
            recipe: "connection: api\nactions:\n  - get: /me\n    post: /me\n",
            place: "4:5",
            message: "`get` and `post`",
            mend: "two actions"
        ),
        Case(
            story: "no actions",
            recipe: "name: empty\n",
            place: "1:1",
            message: "actions",
            mend: "- get:"
        ),
        Case(
            story: "actions that are no list",
            recipe: "connection: api\nactions:\n  get: /me\n",
            place: "3:3",
            message: "list of actions",
            mend: "- "
        ),
        Case(
            story: "a connection that does not exist",
            recipe: "connection: ap\nactions:\n  - get: /me\n",
            place: "1:13",
            message: "no connection `ap`",
            mend: "`api`"
        ),
        Case(
            story: "a path without a connection",
            recipe: "actions:\n  - get: /me\n",
            place: "2:5",
            message: "no connection",
            mend: "connection: NAME"
        ),
        Case(
            story: "an action that is not there",
            recipe: "connection: api\nactions:\n  - id: list\n    get: /me\n  - log: \"${{ actions.lst.body }}\"\n",
            place: "5:23",
            message: "no earlier action `lst`",
            mend: "`list`"
        ),
        Case(
            story: "an action that comes later",
            recipe: "connection: api\nactions:\n  - log: \"${{ actions.list.body }}\"\n  - id: list\n    get: /me\n",
            place: "3:23",
            message: "no earlier action `list`",
            mend: ""
        ),
        Case(
            story: "a result's member that is not there",
            recipe: "connection: api\nactions:\n  - id: list\n    get: /me\n  - log: ${{ actions.list.boddy }}\n",
            place: "5:27",
            message: "boddy",
            mend: "`body`"
        ),
        Case(
            story: "an input that is not declared",
            recipe:
                "connection: api\ninputs:\n  state: { type: string }\nactions:\n  - get: /me\n    query: { s: \"${{ inputs.staet }}\" }\n",
            place: "6:29",
            message: "staet",
            mend: "`state`"
        ),
        Case(
            story: "an unknown variable",
            recipe: "connection: api\nactions:\n  - log: ${{ action.list }}\n",
            place: "3:14",
            message: "no variable `action`",
            mend: "`actions`"
        ),
        Case(
            story: "a syntax error in an expression",
            recipe: "connection: api\nactions:\n  - log: ${{ 1 + }}\n",
            place: "3:18",
            message: "",
            mend: ""
        ),
        Case(
            story: "an expression that is never closed",
            recipe: "connection: api\nactions:\n  - log: \"${{ 1 + 2\"\n",
            place: "3:11",
            message: "never closed",
            mend: "}}"
        ),
        Case(
            story: "an error inside a block scalar",
            recipe:
                "connection: api\nactions:\n  - id: list\n    get: /me\n  - log: |\n      first line\n      and ${{ actions.lits.body }}\n",
            place: "7:23",
            message: "no earlier action `lits`",
            mend: "`list`"
        ),
        Case(
            story: "a minute that does not exist",
            recipe: "trigger: { cron: \"61 * * * *\" }\nconnection: api\nactions:\n  - get: /me\n",
            place: "1:19",
            message: "61",
            mend: ""
        ),
        Case(
            story: "a zone misspelt",
            recipe:
                "trigger:\n  cron: \"0 8 * * *\"\n  timezone: Europe/Pariss\nconnection: api\nactions:\n  - get: /me\n",
            place: "3:13",
            message: "Europe/Pariss",
            mend: "Europe/Paris"
        ),
        Case(
            story: "cron and interval at once",
            recipe: "trigger:\n  cron: \"0 8 * * *\"\n  interval: 5m\nconnection: api\nactions:\n  - get: /me\n",
            place: "3:13",
            message: "either",
            mend: "two triggers"
        ),
        Case(
            story: "a misspelt key of a trigger that has no other",
            recipe: "trigger: { intervall: 5m }\nconnection: api\nactions:\n  - get: /me\n",
            place: "1:12",
            message: "a trigger has no key `intervall`",
            mend: "did you mean `interval`?"
        ),
        Case(
            story: "a trigger that ends before it starts",
            recipe:
                "trigger: { interval: 5m, start: 2026-03-02T00:00:00Z, end: 2026-03-01T00:00:00Z }\nactions:\n  - log: x\n",
            place: "1:10",
            message: "ends before it starts",
            mend: "an `end` later than its `start`"
        ),
        Case(
            story: "a recipe with the name of what alarms do",
            recipe: "name: on_alert\nactions:\n  - log: x\n",
            place: "1:7",
            message: "no recipe can have it",
            mend: "another name"
        ),
        Case(
            story: "a heartbeat that is no URL",
            recipe: "heartbeat: hc-ping.com/x\nactions:\n  - log: x\n",
            place: "1:12",
            message: "no URL",
            mend: "https://"
        ),
        Case(
            story: "an expectation that does not exist",
            recipe: "expect: { success_evry: 26h }\nactions:\n  - log: x\n",
            place: "1:11",
            message: "success_evry",
            mend: "success_every"
        ),
        Case(
            story: "an alarm where there is none",
            recipe: "actions:\n  - log: ${{ alert.kind }}\n",
            place: "2:14",
            message: "no variable `alert`",
            mend: ""
        ),
        Case(
            story: "an interval without a unit",
            recipe: "trigger: { interval: 5 parsecs }\nconnection: api\nactions:\n  - get: /me\n",
            place: "1:22",
            message: "",
            mend: ""
        ),
        Case(
            story: "an interval of nothing",
            recipe: "trigger: { interval: 0s }\nconnection: api\nactions:\n  - get: /me\n",
            place: "1:22",
            message: "would fire without end",
            mend: "90s"
        ),
        Case(
            story: "an overlap rule that does not exist",
            recipe: "trigger: { interval: 5m, overlap: skp }\nconnection: api\nactions:\n  - get: /me\n",
            place: "1:35",
            message: "skp",
            mend: "skip"
        ),
        Case(
            story: "as without foreach",
            recipe: "connection: api\nactions:\n  - get: /me\n    as: item_of_list\n",
            place: "4:5",
            message: "`foreach`",
            mend: "add `foreach"
        ),
        Case(
            story: "an id that is no name",
            recipe: "connection: api\nactions:\n  - id: my-list\n    get: /me\n",
            place: "3:9",
            message: "my-list",
            mend: "my_list"
        ),
        Case(
            story: "an id twice",
            recipe: "connection: api\nactions:\n  - id: list\n    get: /me\n  - id: list\n    get: /me\n",
            place: "5:5",
            message: "`list`",
            mend: "unique"
        ),
        Case(
            story: "a retry on nothing known",
            recipe: "connection: api\nactions:\n  - get: /me\n    retry: { on: [netwrk] }\n",
            place: "4:19",
            message: "netwrk",
            mend: "`network`"
        ),
        Case(
            story: "two bodies",
            recipe: "connection: api\nactions:\n  - post: /me\n    json: { a: 1 }\n    form: { a: 1 }\n",
            place: "5:11",
            message: "one body",
            mend: "remove"
        ),
        Case(
            story: "a header that is no token",
            recipe: "connection: api\nactions:\n  - get: /me\n    headers: { \"X Bad\": 1 }\n",
            place: "4:16",
            message: "X Bad",
            mend: "letters"
        ),
        Case(
            story: "a pagination without next",
            recipe: "connection: api\nactions:\n  - get: /me\n    paginate: { items: \"${{ response.body }}\" }\n",
            place: "4:17",
            message: "next",
            mend: "`next: …` (its URL)"
        ),
        Case(
            story: "a secret of the connection",
            recipe: "connection: api\nactions:\n  - log: ${{ connection.token }}\n",
            place: "3:25",
            message: "`token` is a secret, and recipes cannot read secrets",
            mend: "apply"
        ),
    ]

    @Test(arguments: cases) func `the first report is at the right place and says what to write`(_ row: Case) throws {
        let files = [
            "connections/api.yml":
                "connector: bearer\nfields: { token: { env: TOKEN }, base_url: \"https://api.example.com\" }\n",
            "broken.yml": row.recipe,
        ]
        let workspace = try TemporaryWorkspace(files).load()
        let first = try #require(workspace.reports.first)
        #expect(first.hasPrefix("broken.yml:\(row.place): error: "), "\(first)")
        let parts = first.split(separator: " => ", maxSplits: 1)
        #expect(row.message.isEmpty || parts[0].contains(row.message), "\(first)")
        if !row.mend.isEmpty {
            let mend = try #require(parts.count == 2 ? parts[1] : nil, "no mend: \(first)")
            #expect(mend.contains(row.mend), "\(first)")
        }
        #expect(workspace.recipes.isEmpty)
    }

    @Test func `all problems of a file come at once, in its order`() throws {
        let recipe = """
            trigger: { interval: 5 parsecs }
            conection: api
            actions:
              - gett: /me
              - log: ${{ acton }}
            """
        let workspace = try TemporaryWorkspace(["broken.yml": recipe]).load()
        let places = workspace.reports.map { $0.split(separator: ":")[1] }
        #expect(places == ["1", "2", "4", "5"], "\(workspace.reports)")
    }

    @Test func `what may be right is not reported`() throws {
        let recipe = """
            connection: api
            inputs:
              since: { type: string, optional: true }
              factor: { type: number, default: 2 }
              limit: { type: integer, default: 5 }
            vars:
              total: 0
              url: "/items/${{ inputs.limit }}"
            actions:
              - id: first
                if: inputs.since == null || inputs.since.size() > 3
                get: ${{ vars.url }}
              - id: second
                if: actions.first != null && actions.first.status == 200
                foreach: ${{ actions.first.body.items }}
                set: { total: "${{ 'now text' }}" }
              - log: ${{ vars.total + ' items' }} ${{ inputs.factor * 1.5 }} ${{ inputs.limit > 2.5 }}
              - if: actions.second == null || actions.second.size() == 0
                log: ${{ run.scheduled_at - duration('1h') }} ${{ has(actions.first.body.x) }}
            output: { at: "${{ run.last_success_at == null ? run.started_at : run.last_success_at }}" }
            """
        let files = [
            "connections/api.yml":
                "connector: bearer\nfields: { token: { env: TOKEN }, base_url: \"https://api.example.com\" }\n",
            "fine.yml": recipe,
        ]
        #expect(try TemporaryWorkspace(files).load().reports == [])
    }

    @Test func `what alarms do is checked where it stands`() throws {
        let workspace = try TemporaryWorkspace([
            "runner.yml": "on_alert:\n  - log: ${{ alert.mesage }}\n", "a.yml": "actions:\n  - log: a\n",
        ]).load()
        #expect(
            workspace.reports == ["runner.yml:2:20: error: `alert` has no `mesage` => `message` was probably meant"]
        )
        #expect(workspace.alerts == nil)
        #expect(workspace.recipes.keys.sorted() == ["a"])
    }

    @Test func `two files with one name are an error`() throws {
        let workspace = try TemporaryWorkspace([
            "a.yml": "name: same\nactions:\n  - log: a\n", "b.yml": "name: same\nactions:\n  - log: b\n",
        ]).load()
        #expect(workspace.reports.count == 1)
        #expect(workspace.reports[0].hasPrefix("b.yml:1:1: error: the name `same` is taken by a.yml"))
    }
}
