import CEL
import Foundation
import Schedule
import Store
import Testing

/// Large results of runs, which are kept in files beside the store.
@Suite struct SpilledResultTests {
    let place: Place

    init() throws { place = try Place() }

    private static let large = Value.map(["text": .string(String(repeating: "plain words ", count: 40_000))])

    private var results: String { place.store + "-results" }

    private func files() -> [String] {
        let all = FileManager.default.enumerator(atPath: results)?.compactMap { $0 as? String } ?? []
        return all.filter { $0.contains("/") }.sorted()
    }

    private func open(_ sealer: Sealer = testSealer) throws -> SQLiteStore {
        try SQLiteStore.open(at: place.store, sealer: sealer)
    }

    @Test func `a large result is a sealed file that only its owner can read, and is read back`() async throws {
        let store = try open()
        let run = try await store.claimed(fire())
        try await store.complete(action(run.id, "small", result: ["a": 1]), fence: 1)
        #expect(files().isEmpty)
        try await store.complete(action(run.id, "list", index: "0", result: Self.large), fence: 1)
        var end = RunEnd(
            run: run.id,
            status: .succeeded,
            finishedAt: at(102),
            actions: [action(run.id, "last", result: Self.large)]
        )
        end.output = Self.large
        try await store.finish(end, fence: 1)
        // The output is the last action's result, and has no file of its own.
        #expect(files().count == 2)
        for file in files() {
            #expect(file.hasPrefix("\(run.id)/"))
            let path = results + "/" + file
            let bytes = try #require(FileManager.default.contents(atPath: path))
            #expect(bytes.count > 256 * 1024)
            #expect(bytes.range(of: Data("plain words".utf8)) == nil)
            let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
            #expect(mode == 0o600)
        }
        let mode = try FileManager.default.attributesOfItem(atPath: results)[.posixPermissions] as? Int
        #expect(mode == 0o700)
        try store.close()

        let again = try open()
        let found = try await again.checkpoints(of: run.id)
        #expect(found.first { $0.path == "list" }?.result == Self.large)
        let detail = try #require(
            try await SQLiteStore.openForReading(at: place.store, sealer: testSealer).run(run.id.text)
        )
        #expect(detail.output == Self.large)
        #expect(detail.actions.first { $0.path == "last" }?.result == Self.large)
        #expect(detail.actions.first { $0.path == "small" }?.result == ["a": 1])
    }

    @Test func `what a row names no more goes`() async throws {
        let store = try open()
        let run = try await store.claimed(fire())
        try await store.begin(action(run.id, "page", index: "1", result: Self.large), fence: 1)
        let first = files()
        try await store.complete(action(run.id, "page", index: "1", result: Self.large), fence: 1)
        #expect(files().count == 1 && files() != first)
        try await store.complete(action(run.id, "inner", index: "1.0", result: Self.large), fence: 1)
        #expect(files().count == 2)
        let inner = InnerActions(paths: ["page", "inner"], index: "1")
        try await store.complete(action(run.id, "done", result: ["n": 1]), insteadOf: inner, fence: 1)
        #expect(files().isEmpty)
        #expect(try await store.checkpoints(of: run.id).map(\.path) == ["done"])
    }

    @Test func `what is inside an action goes from one index on, or all`() async throws {
        let store = try open()
        let run = try await store.claimed(fire())
        for path in ["do", "do/a", "do/a/b", "do0", "do-a", "doa/a"] {
            for index in ["", "1", "1.0", "10", "2"] {
                try await store.complete(action(run.id, path, index: index, result: Self.large), fence: 1)
            }
        }
        #expect(files().count == 30)
        let one = InnerActions(below: ["do"], index: "1")
        try await store.complete(action(run.id, "do", index: "1", result: ["n": 1]), insteadOf: one, fence: 1)
        let left = try await store.checkpoints(of: run.id).filter { $0.path.hasPrefix("do/") }
        #expect(left.map(\.index).sorted() == ["", "", "10", "10", "2", "2"])
        #expect(files().count == 25)
        let all = InnerActions(below: ["do"], index: "")
        try await store.complete(action(run.id, "do", result: ["n": 1]), insteadOf: all, fence: 1)
        #expect(try await store.checkpoints(of: run.id).count == 20)
        #expect(files().count == 18)
    }

    @Test func `a write that is refused changes nothing that is named`() async throws {
        let store = try open()
        let run = try await store.claimed(fire())
        try await store.complete(action(run.id, "list", result: Self.large), fence: 1)
        await #expect(throws: StoreError.fenced(run.id)) {
            try await store.complete(action(run.id, "list", result: ["late": Self.large]), fence: 7)
        }
        #expect(try await store.checkpoints(of: run.id).first?.result == Self.large)
    }

    @Test func `the files go with the history`() async throws {
        let store = try open()
        for second in [100, 300] as [Int64] {
            let run = try await store.claimed(fire(at: second))
            var end = RunEnd(run: run.id, status: .succeeded, finishedAt: at(second + 1))
            end.output = Self.large
            try await store.finish(end, fence: 1)
        }
        #expect(files().count == 2)
        #expect(try await store.prune(before: at(200), keep: nil, now: at(1_000)).runs == 1)
        #expect(files().count == 1)
        let left = try #require(try await store.runs(RunQuery()).first)
        #expect(try await store.run(left.id.text)?.output == Self.large)
        _ = try await store.prune(before: at(400), keep: nil, now: at(1_000))
        #expect(try FileManager.default.contentsOfDirectory(atPath: results).isEmpty)
    }

    @Test func `files that a crash left of runs that are gone go with the next pruning`() async throws {
        let store = try open()
        let run = try await store.claimed(fire())
        try await store.complete(action(run.id, "list", result: Self.large), fence: 1)
        let lost = "\(results)/\(RunID())"
        try FileManager.default.createDirectory(atPath: lost, withIntermediateDirectories: true)
        try Data("sealed".utf8).write(to: URL(fileURLWithPath: lost + "/1"))
        #expect(files().count == 2)
        _ = try await store.prune(before: at(50), keep: nil, now: at(1_000))
        #expect(files().count == 1)
        #expect(try await store.checkpoints(of: run.id).first?.result == Self.large)
    }

    @Test func `a new key seals them again`() async throws {
        let (old, new) = (Sealer(SealingKey()), Sealer(SealingKey()))
        let store = try open(old)
        let run = try await store.claimed(fire())
        var end = RunEnd(
            run: run.id,
            status: .succeeded,
            finishedAt: at(102),
            actions: [action(run.id, "list", index: "3", result: Self.large)]
        )
        end.output = Self.large
        try await store.finish(end, fence: 1)
        let before = files()
        #expect(try await store.rotate(to: new) == 2)
        try store.close()
        #expect(files().count == 2 && Set(files()).isDisjoint(with: before))
        let detail = try #require(try await open(new).run(run.id.text))
        #expect(detail.output == Self.large && detail.actions.first?.result == Self.large)
    }

    @Test func `a file that is gone, or another's, is an error that names it`() async throws {
        let store = try open()
        let run = try await store.claimed(fire())
        try await store.complete(action(run.id, "a", result: Self.large), fence: 1)
        try await store.complete(action(run.id, "b", result: ["other": Self.large]), fence: 1)
        let paths = files().map { results + "/" + $0 }
        let contents = paths.map { FileManager.default.contents(atPath: $0) }
        for (path, content) in zip(paths, contents.reversed()) { try content?.write(to: URL(fileURLWithPath: path)) }
        await #expect(throws: StoreError.self) { try await store.checkpoints(of: run.id) }
        for path in paths { try FileManager.default.removeItem(atPath: path) }
        await #expect {
            try await store.checkpoints(of: run.id)
        } throws: { error in
            "\(error)".contains(run.id.text) && "\(error)".contains("is gone or cannot be read")
        }
    }

    @Test func `a store in memory keeps everything there`() async throws {
        let store = try SQLiteStore.inMemory(sealer: testSealer)
        let run = try await store.claimed(fire())
        try await store.complete(action(run.id, "list", result: Self.large), fence: 1)
        #expect(try await store.checkpoints(of: run.id).first?.result == Self.large)
        #expect(!FileManager.default.fileExists(atPath: results))
    }
}
