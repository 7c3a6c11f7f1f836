import Recipe
import Testing

/// Broken requests: what must be said of each key, where, and with which mend.
@Suite struct BrokenRequestTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let story: String
        /// What stands below `get: /x`, or below `post: /x` where there is a body.
        let keys: String
        let report: String
        var testDescription: String { story }
    }

    private static let items = "items: response.body"

    static let cases: [Case] = [
        Case(
            story: "no way to the next page",
            keys: "paginate: { \(items) }",
            report:
                "5:17: error: `paginate` does not say how the next page is asked for => add `next: …` (its URL), `cursor: …`, `page: { param: page }`, `offset: { param: offset }` or `link: next`"
        ),
        Case(
            story: "two ways to the next page",
            keys: "paginate: { \(items), next: response.body.next, link: next }",
            report:
                "5:65: error: pages are asked for in one way, and these are two: `next` and `link` => remove one of them"
        ),
        Case(
            story: "a parameter beside a page number",
            keys: "paginate: { \(items), page: { start: 0 }, param: p }",
            report:
                "5:59: error: `param` belongs to `cursor`, and the pages are asked for by `page` => write it below it: `page: { param: … }`"
        ),
        Case(
            story: "a place for a URL",
            keys: "paginate: { \(items), next: response.body.next, in: body }",
            report: "5:65: error: `in` belongs to `cursor`, and the pages are asked for by `next` => remove it"
        ),
        Case(
            story: "a cursor for a body that is not there",
            keys: "paginate: { \(items), cursor: response.body.next, in: body }",
            report:
                "5:71: error: `in: body` needs a body that the parameter can go into => add `json: {}` or `form: {}` to the request, or write `in: query`"
        ),
        Case(
            story: "a parameter that the recipe sets itself",
            keys: "query: { page: 1 }\n    paginate: { \(items), page: page }",
            report:
                "5:14: error: `page` is what `paginate` counts, from the first request on => remove it here, and write `start:` below `paginate` if it does not begin as usual"
        ),
        Case(
            story: "a relation of two words",
            keys: "paginate: { \(items), link: next page }",
            report: "5:45: error: `link` is the relation of a `Link` header, in one word => write `link: next`"
        ),
        Case(
            story: "a way without a value",
            keys: "paginate:\n      \(items)\n      cursor:",
            report: "7:7: error: `cursor` has no value => write a value after the colon, or remove the key"
        ),
        Case(
            story: "a last page that is a number",
            keys: "paginate: { \(items), link: next, last: response.status }",
            report:
                "5:57: error: `last` needs true or false, and this is of type int => compare it, for example with `> 0`"
        ),
        Case(
            story: "an unknown key of an offset",
            keys: "paginate: { \(items), offset: { parm: o } }",
            report: "5:49: error: `offset` of `paginate` has no key `parm` => did you mean `param`?"
        ),
        Case(
            story: "a variable of a page outside its actions",
            keys: "query: { q: \"${{ page.number }}\" }\n    paginate: { \(items), link: next }",
            report: "5:22: error: `page` has no meaning at this place"
        ),
        Case(
            story: "a member that a page does not have",
            keys: "paginate:\n      \(items)\n      link: next\n      do: [{ log: \"${{ page.nubmer }}\" }]",
            report: "8:29: error: `page` has no `nubmer` => `number` was probably meant"
        ),
        Case(
            story: "an action that does nothing for a page",
            keys: "paginate:\n      \(items)\n      link: next\n      do: [{ lgo: x }]",
            report: "8:14: error: an action has no key `lgo` => did you mean `log`?"
        ),
        Case(
            story: "items of pages that were not gathered",
            keys:
                "id: a\n    paginate: { \(items), link: next, do: [{ log: hi }] }\n  - log: \"${{ actions.a.items }}\"",
            report: "7:25: error: `actions.a` has no `items` => "
        ),
        Case(
            story: "a file and pages",
            keys: "save_to: x.json\n    paginate: { \(items), link: next }",
            report:
                "6:5: error: `save_to` and `paginate` exclude each other: what is saved is not read => remove one of them"
        ),
        Case(
            story: "a file outside the workspace",
            keys: "save_to: ../x.json",
            report:
                "5:14: error: `save_to` must not climb with `..` => write the path of a file inside the workspace, or an absolute one"
        ),
        Case(
            story: "a part without content",
            keys: "multipart: { file: { filename: a.csv } }",
            report:
                "5:26: error: a part of `multipart` needs the key `content` => add `content: …`, or `file: PATH`; a map as JSON stands below it too"
        ),
        Case(
            story: "a part that is a file and a content",
            keys: "multipart: { a: { file: x, content: y } }",
            report: "5:32: error: `file` and `content` exclude each other => remove one of them"
        ),
        Case(
            story: "parts without names",
            keys: "multipart: [a]",
            report:
                "5:16: error: `multipart` is a mapping of names to values => write one `name: value` per line below it, or `name: { content: …, filename: … }`"
        ),
        Case(
            story: "two bodies",
            keys: "json: {}\n    multipart: { a: b }",
            report: "6:16: error: a request has one body: `json`, `form`, `multipart` or `body` => remove all but one"
        ),
        Case(
            story: "a type of a body that has one",
            keys: "headers: { content-type: multipart/form-data }\n    multipart: { a: b }",
            report:
                "5:16: error: the `Content-Type` of `multipart` holds its boundary, which is not known here => remove it: it is sent by itself"
        ),
    ]

    @Test(arguments: cases) func `says what is wrong`(_ broken: Case) throws {
        let verb = broken.keys.contains("multipart") || broken.keys.contains("json") ? "post" : "get"
        let recipe = "connection: api\nactions:\n  - name: look\n    \(verb): /x\n    \(broken.keys)\n"
        let workspace = try TemporaryWorkspace([
            "connections/api.yml": "connector: none\nbase_uri: https://api.example.com\n", "a.yml": recipe,
        ]).load()
        let first = try #require(workspace.reports.first)
        #expect(first.hasPrefix("a.yml:" + broken.report), "\(first)")
    }

    @Test func `takes every way, and what belongs to it`() throws {
        let recipe = """
            connection: api
            actions:
              - get: /x
                paginate: { items: response.body, next: response.body.?next, last: "!response.body.more", max_pages: 3 }
              - get: /x
                query: { cursor: first }
                paginate: { items: response.body, cursor: response.body.?next }
              - post: /x
                json: { query: "{ x }", variables: { after: null } }
                paginate: { items: response.body, cursor: response.body.?next, param: variables.after, in: body }
              - get: /x
                paginate: { items: response.body, page: number }
              - post: /x
                form: { a: 1 }
                paginate: { items: response.body, page: { param: p, start: 0, size: 50, in: body } }
              - get: /x
                paginate: { items: response.body, offset: {} }
              - id: each
                get: /x
                paginate:
                  items: response.body
                  link: next
                  do:
                    - set: { seen: "${{ page.number }}" }
                    - { id: post, foreach: "${{ page.items }}", post: /y, json: "${{ item }}" }
                    - log: "${{ size(actions.post) }} ${{ page.response.status }}"
              - log: "${{ actions.each.count }} ${{ actions.each.pages }} ${{ vars.seen }}"
              - post: /x
                multipart: { a: 1, b: [1, 2], c: { content: "${{ vars.seen }}", filename: x.csv, content_type: text/csv } }
              - get: /x
                save_to: out/${{ run.id }}.bin
                max_bytes: 1GiB
            """
        let workspace = try TemporaryWorkspace([
            "connections/api.yml": "connector: none\nbase_uri: https://api.example.com\n", "a.yml": recipe,
        ]).load()
        #expect(workspace.reports == [])
    }
}
