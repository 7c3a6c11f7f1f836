import Recipe
import Schedule
import Store
import Testing

@testable import Engine

@Suite(.timeLimit(.minutes(1))) struct WorkspaceChangeTests {
    private let valid = "trigger: { interval: 1h }\nactions: [{ log: hello }]\n"

    @Test func `a broken file keeps its last valid version`() throws {
        let bench = try Workbench(["a.yml": valid, "b.yml": valid])
        let old = bench.workspace()
        try bench.write("a.yml", "trigger: { interval: 1h }\nactionz: []\n")
        try bench.remove("b.yml")
        try bench.write("c.yml", valid)
        let merge = WorkspaceMerge(bench.loader.load(), over: old)
        #expect(merge.workspace.recipes.keys.sorted() == ["a", "c"])
        #expect(merge.workspace.recipes["a"]?.version == old.recipes["a"]?.version)
        #expect(merge.added == ["c"])
        #expect(merge.removed == ["b"])
        #expect(merge.changed == [])
        #expect(merge.rejected.isEmpty == false)
    }

    @Test func `broken settings keep everything as it was`() throws {
        let bench = try Workbench(["a.yml": valid])
        let old = bench.workspace()
        try bench.write("runner.yml", "timezone: Nowhere/Land\n")
        try bench.write("b.yml", valid)
        let merge = WorkspaceMerge(bench.loader.load(), over: old)
        #expect(merge.workspace.recipes.keys.sorted() == ["a"])
        #expect(merge.isEmpty)
    }

    @Test func `a broken connection keeps its last valid version`() throws {
        let bench = try Workbench([
            "connections/api.yml": "connector: none\nbase_uri: http://127.0.0.1:1\n",
            "a.yml": "connection: api\nactions: [{ get: /x }]\n",
        ])
        let old = bench.workspace()
        try bench.write("connections/api.yml", "connector: none\nbase_urj: http://127.0.0.1:1\n")
        let merge = WorkspaceMerge(bench.loader.load(), over: old)
        #expect(merge.workspace.connections["api"] != nil)
        #expect(merge.workspace.recipes["a"] != nil)
    }

    @Test func `files that change are seen, also in new directories`() async throws {
        let bench = try Workbench(["a.yml": valid])
        let watcher = try #require(FileWatcher())
        #expect(watcher.watch([bench.root]))
        #expect(watcher.watch([bench.root]) == false)
        var changes = watcher.changes.makeAsyncIterator()
        try bench.write("a.yml", valid + "description: x\n")
        await changes.next()
        try bench.write("deep/b.yml", valid)
        await changes.next()
        #expect(watcher.watch([bench.root, bench.root + "/deep"]))
        try bench.write("deep/b.yml", valid + "description: x\n")
        await changes.next()
    }

    @Test func `a running engine takes over changes and ends with its task`() async throws {
        let bench = try Workbench(["job.yml": "trigger: { interval: 1d }\nactions: [{ log: first }]\n"])
        let engine = bench.engine()
        let running = Task { () -> StoreError? in
            do throws(StoreError) {
                try await engine.run()
                return nil
            } catch {
                return error
            }
        }
        try await bench.observer.wait { if case .ready = $0 { true } else { false } }
        try bench.write("other.yml", "trigger: { interval: 50ms }\nactions: [{ log: second }]\n")
        try await bench.observer.wait { if case .reloaded(["other"], [], []) = $0 { true } else { false } }
        try await bench.observer.wait { if case .log(_, "other", _, "second") = $0 { true } else { false } }
        try bench.write("other.yml", "trigger: { interval: 50ms }\nactions: [{ lug: second }]\n")
        try await bench.observer.wait { if case .rejected = $0 { true } else { false } }
        running.cancel()
        #expect(await running.value == nil)
        let unfinished = try await bench.store.runs(RunQuery(statuses: [.running, .queued]))
        #expect(unfinished == [])
        let runs = try await bench.store.runs(RunQuery(recipe: "other", limit: 1_000))
        #expect(runs.filter { $0.status == .succeeded }.allSatisfy { ($0.lateness ?? .seconds(1)) >= .zero })
    }
}
