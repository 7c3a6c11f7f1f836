import CEL
import Foundation
import Sandbox
import Testing

/// A paginated run in a process that is killed.
@Suite(.timeLimit(.minutes(3))) struct PagingTests {
    private static let recipe = """
        trigger: { interval: 1d, run_on_start: true }
        connection: api
        vars: { total: 0 }
        actions:
          - id: sync
            get: /api/v5/issues
            query: { per_page: 20 }
            paginate:
              items: ${{ response.body.data }}
              link: next
              do:
                - foreach: ${{ page.items }}
                  concurrency: 4
                  post: /api/v5/messages?delay=20ms
                  idempotency_key: true
                  json: { id: "${{ item.id }}" }
                - set: { total: "${{ vars.total + size(page.items) }}" }
          - id: all
            get: /api/v5/issues?delay=100ms
            query: { per_page: 20 }
            paginate: { items: "${{ response.body.data }}", link: next }
        output: { total: "${{ vars.total }}", sync: "${{ actions.sync.count }}", all: "${{ size(actions.all.items) }}" }
        """

    @Test func `after kill -9 no page is asked for twice but the one in flight, and no item is lost`() async throws {
        let configuration = SandboxConfiguration(items: 300)
        try await SandboxWorkspace.serve(["sync.yml": Self.recipe], configuration) { sandbox, program, _ in
            // Killed among the pages that are worked on, then among those that are gathered.
            for isReached in [
                { @Sendable in sandbox.statistics().messages >= 130 },
                { @Sendable in sandbox.statistics().routes["GET /api/v5/issues"] ?? 0 >= 15 + 6 },
            ] {
                let process = try await program.start(["start"])
                while !isReached() { try await Task.sleep(for: .milliseconds(2)) }
                process.send(SIGKILL)
                #expect(try await process.outcome().status == SIGKILL)
            }
            let last = try await program.start(["start"])
            func first() async throws -> Value? { try await runs(program).last }
            #expect(try await eventually { try await first()?["status"] == .string("succeeded") })
            let run = try #require(try await first())
            #expect(run["attempt"] == 3)
            last.send(SIGTERM)
            _ = try await last.outcome()

            let detail = try await program.run("show", run["id"]?.string ?? "", "--json").json
            #expect(detail["output"] == .map(["total": 300, "sync": 300, "all": 300]), "\(detail)")
            let statistics = sandbox.statistics()
            // Each process starts another run by `run_on_start`, which is skipped while the first is going.
            #expect(statistics.messages == 300)
            // What was under way when the process died: at most four items, and a page each time.
            #expect(statistics.duplicates <= 4)
            let asked = statistics.routes["GET /api/v5/issues"] ?? 0
            #expect((30...32).contains(asked), "\(asked)")
        }
    }
}
