import CEL
import Connections
import Engine
import Recipe
import Sandbox
import Store
import Synchronization
import TestSupport
import Testing

/// Paginated runs that were interrupted in the middle, and what the next process asks for again: nothing that it has.
@Suite(.timeLimit(.minutes(2))) struct PageResumeTests {
    /// Runs the recipe until `isReached`, and interrupts it as a stopping process does.
    private func interrupt(
        _ bench: Workbench,
        _ text: String,
        when isReached: @Sendable () async throws -> Bool
    ) async throws -> RunID {
        try bench.write("job.yml", text)
        let plan = RecipePlan(try #require(bench.workspace().recipes["job"]))
        let handle = RunHandle()
        let engine = bench.engine()
        async let running = engine.once(plan, inputs: .map([:]), handle: handle)
        while try await !isReached() { try await Task.sleep(for: .milliseconds(2)) }
        handle.cancel(.shutdown)
        let result = try await running
        #expect(result.status == .interrupted, "\(result)")
        return result.run
    }

    private func resume(_ bench: Workbench, _ id: RunID) async throws -> RunResult {
        let fence = try await bench.detail(id).run.fence
        let run = try #require(try await bench.store.takeOver(id, fence: fence, node: bench.node))
        let workspace = bench.workspace()
        let plan = RecipePlan(try #require(workspace.recipes["job"]))
        let order = RunOrder(
            run: run,
            plan: plan,
            inputs: .map([:]),
            connections: workspace.connections,
            terms: RunOrder.Terms(beginning: .resume)
        )
        return await bench.executor().run(order, handle: RunHandle())
    }

    /// Serves five pages of two numbers each; the first request for page 3 is not answered.
    private func withPages(_ body: @Sendable (Workbench, ScriptedServer) async throws -> Void) async throws {
        let hasWaited = Mutex(false)
        try await ScriptedServer.run { request in
            guard request.path == "/list" else { return .json("{}") }
            let text = request.query + request.body
            let page = (1...5).first { text.contains("page=\($0)") || text.contains("\"page\":\($0)") } ?? 1
            let mustWait = hasWaited.withLock { hasWaited in
                defer { if page == 3 { hasWaited = true } }
                return page == 3 && !hasWaited
            }
            if mustWait { try? await Task.sleep(for: .seconds(600)) }
            let next = page < 5 ? "\(page + 1)" : "null"
            return .json("{\"data\": [\(page * 2 - 1), \(page * 2)], \"next\": \(next)}")
        } _: { server in
            let bench = try Workbench(["connections/api.yml": "connector: none\nbase_uri: \(server.baseURL)\n"])
            try await body(bench, server)
            await bench.transport.shutdown()
        }
    }

    private func asked(_ server: ScriptedServer) -> [String] {
        server.requests.filter { $0.path == "/list" }.map { $0.query.isEmpty ? $0.body : $0.query }
    }

    @Test func `asks only for the page that did not come`() async throws {
        try await withPages { bench, server in
            let run = try await interrupt(
                bench,
                """
                connection: api
                actions:
                  - { id: list, get: /list, paginate: { items: response.body.data, cursor: response.body.next, param: page } }
                output: { items: "${{ actions.list.items }}", pages: "${{ actions.list.pages }}", attempts: "${{ actions.list.attempts }}" }
                """
            ) { asked(server).count == 3 }
            let result = try await resume(bench, run)
            #expect(result.status == .succeeded, "\(result.error?.description ?? "")")
            #expect(result.output("items") == .list((1...10).map { .int($0) }))
            #expect(result.output("pages") == 5)
            #expect(result.output("attempts") == 5)
            #expect(asked(server) == ["", "page=2", "page=3", "page=3", "page=4", "page=5"])
        }
    }

    @Test func `puts the items together from their pages when the list was complete`() async throws {
        try await withPages { bench, server in
            let run = try await interrupt(
                bench,
                """
                connection: api
                actions:
                  - id: lists
                    foreach: "['x', 'y']"
                    get: /list
                    query: { of: "${{ item }}", start: 4 }
                    paginate: { items: response.body.data, page: { start: 4 }, last: response.body.next == null }
                  - { id: only, get: /list, paginate: { items: response.body.data, page: { start: 5, size: 3 } } }
                  - { if: run.attempt == 1, log: done }
                  - { wait: "${{ run.attempt == 1 ? '1h' : '1ms' }}" }
                output: "${{ actions.lists.map(l, l.items) + [actions.only.items] }}"
                """
            ) { bench.observer.lines == ["done"] }
            let before = server.requests.count
            #expect(before == 5)
            let result = try await resume(bench, run)
            #expect(result.output == [[7, 8, 9, 10], [7, 8, 9, 10], [9, 10]], "\(result)")
            #expect(server.requests.count == before)
        }
    }

    @Test func `goes on inside a page with the items that it had`() async throws {
        try await withAPI(SandboxConfiguration(items: 45, perPage: 10)) { bench, sandbox in
            let run = try await interrupt(
                bench,
                """
                connection: auth
                vars: { total: 0 }
                actions:
                  - id: list
                    get: /api/v5/issues
                    paginate:
                      items: response.body.data
                      link: next
                      do:
                        - { foreach: "${{ page.items }}", concurrency: 3, post: /api/v5/messages, json: "${{ item.id }}", idempotency_key: true }
                        - { if: page.number == 3 && run.attempt == 1, log: here }
                        - { if: page.number == 3, wait: "${{ run.attempt == 1 ? '1h' : '1ms' }}" }
                        - set: { total: "${{ vars.total + size(page.items) }}" }
                output: { total: "${{ vars.total }}", list: "${{ actions.list }}" }
                """
            ) { bench.observer.lines == ["here"] }
            #expect(sandbox.statistics().messages == 30)
            let result = try await resume(bench, run)
            #expect(result.status == .succeeded, "\(result.error?.description ?? "")")
            #expect(result.output("total") == 45)
            #expect(result.output("list", "count") == 45)
            #expect(result.output("list", "pages") == 5)
            let statistics = sandbox.statistics()
            #expect(statistics.routes["GET /api/v5/issues"] == 5)
            #expect(statistics.messages == 45 && statistics.duplicates == 0)
        }
    }

    @Test func `what pages have set is set again when they were all done`() async throws {
        try await withPages { bench, server in
            let run = try await interrupt(
                bench,
                """
                connection: api
                vars: { seen: [] }
                actions:
                  - id: list
                    get: /list
                    output: done
                    paginate:
                      items: response.body.data
                      page: { start: 4 }
                      last: response.body.next == null
                      do: [{ set: { seen: "${{ vars.seen + page.items }}" } }]
                  - { if: run.attempt == 1, log: here }
                  - { wait: "${{ run.attempt == 1 ? '1h' : '1ms' }}" }
                output: ["${{ vars.seen }}", "${{ actions.list }}"]
                """
            ) { bench.observer.lines == ["here"] }
            let result = try await resume(bench, run)
            #expect(result.output == [[7, 8, 9, 10], "done"], "\(result)")
            #expect(asked(server).count == 2)
        }
    }

    @Test func `a search by POST goes on between its pages, and not in one that was in flight`() async throws {
        try await withPages { bench, server in
            let search = """
                connection: api
                actions:
                  - id: list
                    post: /list
                    json: {}
                    paginate:
                      items: response.body.data
                      page: { in: body }
                      last: response.body.next == null
                      do:
                        - { if: page.number == NUMBER && run.attempt == 1, log: here }
                        - { if: page.number == NUMBER, wait: "${{ run.attempt == 1 ? '1h' : '1ms' }}" }
                output: ${{ actions.list.count }}
                """
            let inFlight = try await interrupt(bench, search.replacing("NUMBER", with: "9")) {
                asked(server).count == 3
            }
            let unknown = try await resume(bench, inFlight)
            #expect(unknown.status == .interrupted)
            #expect(unknown.reason?.contains("while `list/page` item 3 was in flight") == true, "\(unknown)")
            #expect(asked(server).count == 3)

            let between = try await interrupt(bench, search.replacing("NUMBER", with: "2")) {
                bench.observer.lines == ["here"]
            }
            let result = try await resume(bench, between)
            #expect(result.output == 10, "\(result)")
            #expect(asked(server).count == 3 + 5)
        }
    }
}
