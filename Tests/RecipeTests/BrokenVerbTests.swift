import Recipe
import Schedule
import Testing

/// Broken actions of the verbs that hold others, call others and start programs: the reports that each must give, with the mend.
@Suite struct BrokenVerbTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let story: String
        let actions: String
        let reports: [String]
        var testDescription: String { story }
    }

    static let cases: [Case] = [
        Case(
            story: "a verb misspelt",
            actions: "- paralel:\n    - - log: hi",
            reports: ["2:5: error: an action has no key `paralel` => did you mean `parallel`?"]
        ),
        Case(
            story: "two verbs",
            actions: "- run: [ls]\n  shell: ls",
            reports: [
                "3:5: error: an action does one thing, and this one has `run` and `shell` => make it two actions, each beginning with `- `"
            ]
        ),
        Case(
            story: "nothing that could be tried again",
            actions: "- { log: hi, retry: 3 }\n- { set: { a: 1 }, retry: { attempts: 2 } }\n- { run: [ls], retry: 3 }",
            reports: [
                "2:16: error: `log` sends and starts nothing, so there is nothing to try again => remove `retry`, or give it to a `do` around what belongs together",
                "3:22: error: `set` sends and starts nothing, so there is nothing to try again => remove `retry`, or give it to a `do` around what belongs together",
            ]
        ),
        Case(
            story: "branches that are no lists",
            actions: "- parallel:\n    - log: a\n    - - log: b",
            reports: [
                "3:9: error: a branch of `parallel` is a list of actions, and this is one action => begin each branch with `- - `, for example `- - get: /path`"
            ]
        ),
        Case(
            story: "no branches",
            actions: "- parallel: []",
            reports: [
                "2:15: error: `parallel` is a list of branches, each of them a list of actions => begin each branch with `- - `, for example `- - get: /path`"
            ]
        ),
        Case(
            story: "a result of another branch",
            actions:
                "- parallel:\n    - - { id: a, run: [ls] }\n    - - log: ${{ actions.a.stdout }}\n- log: ${{ actions.a.stdout }}",
            reports: [
                "4:28: error: there is no earlier action `a`", "5:22: error: there is no earlier action `a`",
            ]
        ),
        Case(
            story: "a result that is a list",
            actions: "- { id: p, parallel: [[{ log: a }]] }\n- log: ${{ actions.p + 1 }}",
            reports: ["3:14: error: no matching overload for '+' applied to (list(dyn), int)"]
        ),
        Case(
            story: "a variable that only one branch sets is known afterwards",
            actions: "- parallel: [[{ set: { x: 1 } }], [{ log: a }]]\n- log: ${{ vars.x }} ${{ vars.y }}",
            reports: ["3:33: error: there is no `y` among the vars"]
        ),
        Case(
            story: "cases without a condition, without actions, with something else",
            actions:
                "- switch:\n    - do: [{ log: a }]\n    - when: 1 > 2\n    - { when: 'true', do: [{ log: a }], els: 1 }\n    - 3",
            reports: [
                "3:9: error: a case of `switch` needs the key `when` => add `when: ${{ … }}`; what is done otherwise belongs to `else:`",
                "4:9: error: a case of `switch` needs the key `do` => add `do:` with a list of actions",
                "5:43: error: a case of `switch` has no key `els` => known keys: `when`, `do`",
                "6:9: error: expected a case of `switch` as a mapping, found a number => write `key: value` lines",
            ]
        ),
        Case(
            story: "a switch that is no list",
            actions: "- switch: { when: 'true', do: [] }",
            reports: [
                "2:13: error: `switch` is a list of cases => write `- when: ${{ … }}` and `do:` with actions below it"
            ]
        ),
        Case(
            story: "else without switch",
            actions: "- log: a\n  else: [{ log: b }]",
            reports: ["3:5: error: an action has no key `else`"]
        ),
        Case(
            story: "a condition that is text",
            actions: "- switch: [{ when: recipe.name, do: [] }]",
            reports: [
                "2:22: error: `when` needs true or false, and this is of type string => compare it, for example with `!= ''`"
            ]
        ),
        Case(
            story: "a result of another case",
            actions:
                "- switch:\n    - { when: 1 < 2, do: [{ id: a, log: a }] }\n  else: [{ log: \"${{ actions.a }}\" }]",
            reports: ["4:32: error: there is no earlier action `a`"]
        ),
        Case(
            story: "every without until",
            actions: "- { log: a, every: 5s }",
            reports: [
                "2:15: error: `every` belongs to `until`, which is missing => add `until: ${{ … }}` or remove `every`"
            ]
        ),
        Case(
            story: "an interval of nearly nothing, and a condition that is none",
            actions: "- { run: [ls], until: result.exit_code, every: 1ms }",
            reports: [
                "2:25: error: `until` needs true or false, and this is of type int => compare it, for example with `> 0`",
                "2:50: error: `every` must be at least 100ms => write for example `100ms`",
            ]
        ),
        Case(
            story: "a member that the result has not",
            actions: "- { run: [ls], until: result.exitcode == 0 }\n- { run: [ls], output: \"${{ result.out }}\" }",
            reports: [
                "2:32: error: `result` has no `exitcode` => `exit_code` was probably meant",
                "3:38: error: `result` has no `out` => there is `exit_code`, `stderr`, `stdout`",
            ]
        ),
        Case(
            story: "result where there is none",
            actions: "- log: ${{ result }}",
            reports: ["2:14: error: there is no variable `result`"]
        ),
        Case(
            story: "an item called result",
            actions: "- { foreach: '[1]', as: result, log: a }",
            reports: [
                "2:27: error: `result` is what `output` and `until` see of the action, and cannot be an item => choose another name, for example `item_result`"
            ]
        ),
        Case(
            story: "a program as text",
            actions: "- run: ls -l",
            reports: [
                "2:10: error: `run` is a list: the program and its arguments => write each word as an item of a list, or `shell:` in place of `run:`"
            ]
        ),
        Case(
            story: "no program, and arguments that are none",
            actions: "- run: []\n- run: [ls, [a], { b: c }]",
            reports: [
                "2:10: error: `run` is a list: the program and its arguments => write for example `run: [ls, -l]`",
                "3:15: error: an argument must be text => write it as text, or give it as JSON: `${{ json.format(…) }}`",
                "3:20: error: an argument must be text => write it as text, or give it as JSON: `${{ json.format(…) }}`",
            ]
        ),
        Case(
            story: "a value in a shell's program",
            actions: "- shell: rm ${{ recipe.name }}",
            reports: [
                "2:19: warning: the value becomes a part of the shell's program, and may hold commands => give it in `env: { NAME: … }`, and write `\"$NAME\"` here"
            ]
        ),
        Case(
            story: "keys of a program",
            actions:
                "- { run: [ls], expect: [0, 300], max_bytes: big, idempotent: 1, env: { \"A=B\": 1 }, json: {} }\n- { run: [ls], expect: { a: 1 }, cwd: [] }",
            reports: [
                "2:30: error: this is no exit code => write a number from 0 to 255, or a range such as `1-3`",
                "2:47: error: `max_bytes`: \"big\" is not a size",
                "2:64: error: `idempotent` must be true or false, not a number => write `true` or `false`",
                "2:74: error: `A=B` is no name of an environment variable => use letters, digits and `_`",
                "2:86: error: an action has no key `json`",
                "3:26: error: `expect` is a list of exit codes or an expression => write `expect: [0, 1]`",
                "3:41: error: `cwd` must be text => write it on one line, in quotes",
            ]
        ),
        Case(
            story: "an unknown recipe",
            actions: "- call: othr\n- call: something\n- { log: a, lgo: b }",
            reports: [
                "2:11: error: there is no recipe `othr` => `other` was probably meant",
                "3:11: error: there is no recipe `something` => write it as `something.yml`",
                "4:15: error: an action has no key `lgo`",
            ]
        ),
        Case(
            story: "a recipe chosen by an expression",
            actions: "- call: ${{ recipe.name }}",
            reports: [
                "2:11: error: `call` is the name of a recipe => write `call: NAME`, and what it is given under `inputs:`; `switch` chooses between recipes"
            ]
        ),
        Case(
            story: "inputs that the recipe does not take, or that do not fit",
            actions: "- call: other\n  inputs: { nmae: x, n: many }\n- call: other\n- call: other\n  inputs: [1]",
            reports: [
                "3:13: error: the recipe `other` needs `name` => add `inputs: { name: … }`",
                "3:15: error: the recipe `other` has no input `nmae` => `name` was probably meant",
                "3:27: error: the input `n` must be of type integer",
                "4:11: error: the recipe `other` needs `name` => add `inputs: { name: … }`",
                "6:13: error: `inputs` must be a mapping of names to values => write one `name: value` per line below it, or one expression that gives a map",
            ]
        ),
    ]

    private static let other = """
        inputs: { name: { type: string }, n: { type: integer, default: 1 } }
        actions: [{ log: "${{ inputs.name }}" }]
        """

    private func load(_ actions: String) throws -> Workspace {
        let lines = actions.split(separator: "\n").map { "  \($0)\n" }.joined()
        return try TemporaryWorkspace(["broken.yml": "actions:\n\(lines)", "other.yml": Self.other]).load()
    }

    @Test(arguments: cases) func `is reported at its place, with the mend`(_ test: Case) throws {
        let workspace = try load(test.actions)
        for (index, expected) in test.reports.enumerated() {
            let report = index < workspace.reports.count ? workspace.reports[index] : "nothing"
            #expect(report.hasPrefix("broken.yml:\(expected)"))
        }
        #expect(workspace.reports.count == test.reports.count, "\(workspace.reports)")
    }

    @Test func `recipes that call each other in a circle are all named`() throws {
        let workspace = try TemporaryWorkspace([
            "a.yml": "actions: [{ do: [{ call: b }] }]\n", "b.yml": "actions: [{ log: x, on_error: [{ call: c }] }]\n",
            "c.yml": "actions: [{ log: x }]\nfinally: [{ call: a }]\n", "d.yml": "actions: [{ call: d }]\n",
            "e.yml": "actions: [{ call: a }]\n",
        ]).load()
        let mend = "take one of these calls out; `foreach` and `until` repeat actions"
        #expect(
            workspace.reports == [
                "a.yml:1:26: error: a recipe cannot call itself: `a`, which calls `b`, which calls `c`, which calls `a` => \(mend)",
                "b.yml:1:40: error: a recipe cannot call itself: `b`, which calls `c`, which calls `a`, which calls `b` => \(mend)",
                "c.yml:2:19: error: a recipe cannot call itself: `c`, which calls `a`, which calls `b`, which calls `c` => \(mend)",
                "d.yml:1:19: error: a recipe cannot call itself: `d`, which calls `d` => \(mend)",
            ]
        )
        #expect(workspace.recipes.keys.sorted() == ["e"])
    }

    @Test func `the mistakes of a called recipe are reported in its own file`() throws {
        let workspace = try TemporaryWorkspace([
            "a.yml": "actions: [{ call: b }, { call: c }]\n", "b.yml": "actions: [{ lgo: x }]\n", "c.yml": "actions: [",
        ]).load()
        #expect(Set(workspace.reports.map { $0.prefix(5) }) == ["b.yml", "c.yml"])
        #expect(workspace.recipes.keys.sorted() == ["a"])
    }

    @Test func `what alarms call is checked`() throws {
        let workspace = try TemporaryWorkspace([
            "runner.yml": "on_alert: [{ call: other }, { call: othre, inputs: {} }]\n", "other.yml": Self.other,
        ]).load()
        #expect(
            workspace.reports == [
                "runner.yml:1:20: error: the recipe `other` needs `name` => add `inputs: { name: … }`",
                "runner.yml:1:37: error: there is no recipe `othre` => `other` was probably meant",
            ]
        )
        #expect(workspace.alerts == nil)
    }

    @Test func `one recipe loads with those that it calls, and those that they call`() throws {
        let files = try TemporaryWorkspace([
            "a.yml": "actions: [{ call: deep/b }, { call: named }]\n", "deep/b.yml": "actions: [{ call: c }]\n",
            "c.yml": "actions: [{ log: c }]\n", "file.yml": "name: named\nactions: [{ log: d }]\n",
            "broken.yml": "what: ever\n", "near.yml": "actions: [{ call: deep/b }]\n",
            "far.yml": "actions: [{ call: deep/d }]\n",
        ])
        let loader = WorkspaceLoader(root: files.root, displayRoot: "", systemZone: .utc)
        let (workspace, recipe) = loader.load(recipe: "a.yml")
        #expect(workspace.reports == [])
        #expect(recipe?.name == "a")
        #expect(workspace.recipes.keys.sorted() == ["a", "c", "deep/b", "named"])
        #expect(loader.load(recipe: "near.yml").workspace.recipes.keys.sorted() == ["c", "deep/b", "near"])
        let far = loader.load(recipe: "far.yml")
        #expect(far.recipe == nil)
        #expect(
            far.workspace.reports == ["far.yml:1:19: error: there is no recipe `deep/d` => `deep/b` was probably meant"]
        )
    }
}
