import CEL
import Connections
import Engine
import Sandbox
import Store
import TestSupport
import Testing

/// Every way to the next page, what ends it, and what a resumed run asks for.
@Suite(.timeLimit(.minutes(2))) struct PagingTests {
    private static let configuration = SandboxConfiguration(items: 45, perPage: 10)

    struct Way: Sendable, CustomTestStringConvertible {
        let story: String
        let request: String
        let paginate: String
        /// How many requests 45 items take, ten at a time.
        var requests = 5
        var testDescription: String { story }
    }

    static let ways: [Way] = [
        Way(story: "next URL", request: "get: /api/v5/issues", paginate: "next: response.body.meta.?next_url"),
        Way(
            story: "cursor in the query",
            request: "get: /api/v5/issues",
            paginate: "cursor: response.body.meta.?next_cursor"
        ),
        Way(
            story: "cursor of another name, also in the URL",
            request: "get: /api/v5/issues?cursor=c0-0",
            paginate: "cursor: response.body.meta.next_cursor; param: cursor; in: query"
        ),
        Way(
            story: "cursor in the body",
            request: "post: /api/v5/issues/search\n    json: { per_page: 10 }",
            paginate: "cursor: response.body.meta.next_cursor; in: body"
        ),
        Way(
            story: "cursor deep in the body",
            request: "post: /api/v5/issues/search\n    json: { paging: { after: null } }",
            paginate: "cursor: response.body.meta.next_cursor; param: paging.after; in: body"
        ),
        Way(
            story: "page number, until one is empty",
            request: "get: /api/v5/issues",
            paginate: "page: page",
            requests: 6
        ),
        Way(
            story: "page number, until one is short",
            request: "get: /api/v5/issues",
            paginate: "page: { param: page, start: 1, size: 10 }"
        ),
        Way(
            story: "page number in the body",
            request: "post: /api/v5/issues/search\n    json: {}",
            paginate: "page: { in: body, size: 10 }"
        ),
        Way(
            story: "offset, until a page is empty",
            request: "get: /api/v5/issues\n    query: { limit: 10 }",
            paginate: "offset: offset",
            requests: 6
        ),
        Way(
            story: "offset, until it is said",
            request: "get: /api/v5/issues\n    query: { limit: 10 }",
            paginate: "offset: {}; last: response.body.meta.next_url == null"
        ),
        Way(story: "link", request: "get: /api/v5/issues", paginate: "link: next"),
    ]

    @Test(arguments: ways) func `reads all pages`(_ way: Way) async throws {
        try await withAPI(Self.configuration) { bench, sandbox in
            let result = try await bench.run(
                """
                connection: auth
                actions:
                  - id: list
                    \(way.request)
                    paginate: { items: response.body.data, \(way.paginate.replacing("; ", with: ", ")) }
                output: { ids: "${{ actions.list.items.map(i, i.id) }}", pages: "${{ actions.list.pages }}" }
                """
            )
            #expect(result.status == .succeeded, "\(result.error?.description ?? "")")
            #expect(result.output("ids") == .list((1...45).map { .int($0) }))
            #expect(result.output("pages") == .int(Int64(way.requests)))
            let routes = sandbox.statistics().routes.filter { $0.key.contains("issues") }
            #expect(routes.map(\.value) == [way.requests])
        }
    }

    @Test(arguments: ways) func `does the actions of each page`(_ way: Way) async throws {
        try await withAPI(Self.configuration) { bench, sandbox in
            let result = try await bench.run(
                """
                connection: auth
                vars: { total: 0 }
                actions:
                  - id: list
                    \(way.request)
                    paginate:
                      items: response.body.data
                      \(way.paginate.replacing("; ", with: "\n      "))
                      do:
                        - set: { total: "${{ vars.total + size(page.items) }}" }
                        - { id: send, foreach: "${{ page.items }}", concurrency: 4, post: /api/v5/messages, json: "${{ item.id }}", idempotency_key: true }
                        - log: "page ${{ page.number }}: ${{ size(actions.send) }} of ${{ page.response.body.meta.total }}"
                output: { total: "${{ vars.total }}", count: "${{ actions.list.count }}", pages: "${{ actions.list.pages }}" }
                """
            )
            #expect(result.status == .succeeded, "\(result.error?.description ?? "")")
            #expect(result.output == .map(["total": 45, "count": 45, "pages": .int(Int64(way.requests))]))
            #expect(bench.observer.lines == (1...5).map { "page \($0): \($0 == 5 ? 5 : 10) of 45" })
            #expect(sandbox.statistics().messages == 45)
            // Of each page one small record is left, and nothing of what was done inside.
            let actions = try await bench.detail(result.run).actions
            #expect(actions.map(\.path).filter { $0 != "list" } == Array(repeating: "list/page", count: way.requests))
            #expect(actions.allSatisfy { $0.result?["items"] == nil })
        }
    }

    @Test func `stores each item once`() async throws {
        try await withAPI(Self.configuration) { bench, _ in
            let result = try await bench.run(
                """
                connection: auth
                actions:
                  - { id: list, get: /api/v5/issues, paginate: { items: response.body.data, link: next } }
                output: ${{ size(actions.list.items) }}
                """
            )
            #expect(result.output == 45)
            let actions = try await bench.detail(result.run).actions
            let sizes = actions.map { action -> Int in
                guard case .list(let items)? = action.result?["items"] else { return 0 }
                return items.count
            }
            #expect(sizes.sorted() == [5, 10, 10, 10, 10])
            #expect(actions.first { $0.path == "list" }?.result?["pages"] == 5)
        }
    }

    @Test func `is ended by a cursor that was there, and by max_pages`() async throws {
        try await withAPI(Self.configuration) { bench, sandbox in
            let circle = try await bench.run(
                """
                connection: auth
                actions:
                  - id: a
                    get: /api/v5/issues
                    paginate: { items: response.body.data, cursor: "'c0-0'" }
                output: ${{ actions.a.pages }}
                """
            )
            #expect(circle.output == 2)
            let limited = try await bench.run(
                "connection: auth\nactions: [{ get: /api/v5/issues, paginate: { items: response.body.data, page: page, max_pages: 2 } }]\n"
            )
            guard case .list(let items)? = limited.output else {
                Issue.record("\(limited)")
                return
            }
            #expect(items.count == 20)
            #expect(sandbox.statistics().routes["GET /api/v5/issues"] == 4)
        }
    }

    @Test func `a server that does not know the parameter is found out`() async throws {
        try await withAPI(Self.configuration) { bench, sandbox in
            let result = try await bench.run(
                "connection: auth\nactions: [{ id: a, get: /api/v5/issues, paginate: { items: response.body.data, page: pgae } }]\n"
            )
            #expect(result.status == .failed)
            #expect(
                result.error?.message
                    == "the second page has the same items as the first; does the server know the parameter `pgae`?"
            )
            #expect(sandbox.statistics().routes["GET /api/v5/issues"] == 2)
        }
    }

    @Test func `says what is no list, no cursor and no body`() async throws {
        try await withAPI(Self.configuration) { bench, _ in
            for (keys, message) in [
                ("items: response.body.meta, link: next", "`items` of `paginate` needs a list, and this is map"),
                (
                    "items: response.body.data, cursor: response.body.meta",
                    "`cursor` of `paginate` needs text or a number, and this is map"
                ),
                (
                    "items: response.body.data, next: response.body.meta.total",
                    "`next` of `paginate` needs a URL, and this is int"
                ),
            ] {
                let result = try await bench.run(
                    "connection: auth\nactions: [{ id: a, get: /api/v5/issues, paginate: { \(keys) } }]\n"
                )
                #expect(result.error?.message == message)
                #expect(result.error?.action == "a")
            }
            let body = try await bench.run(
                "connection: auth\nactions: [{ post: /echo, json: \"${{ [1] }}\", paginate: { items: \"[1]\", page: { in: body } } }]\n"
            )
            #expect(body.error?.message == "`paginate`: the body is no map that `page` could go into")
        }
    }

    @Test func `each page has its own attempts and its own key`() async throws {
        try await withAPI(
            Self.configuration,
            clock: ManualEngineClock(at: .at("2026-01-01T00:00:00Z"), isImpatient: true)
        ) {
            bench,
            sandbox in
            let result = try await bench.run(
                """
                connection: auth
                actions:
                  - id: list
                    get: "/api/v5/issues?fail=503&times=1"
                    paginate: { items: response.body.data, page: { size: 10 } }
                output: ${{ actions.list.attempts }}
                """
            )
            #expect(result.output == 10, "\(result.error?.description ?? "")")
            #expect(sandbox.statistics().routes["GET /api/v5/issues"] == 10)
            let actions = try await bench.detail(result.run).actions
            #expect(actions.map(\.attempts).sorted() == [2, 2, 2, 2, 10])
        }
    }
}
