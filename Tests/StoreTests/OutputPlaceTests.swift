import CEL
import Foundation
import Store
import Testing

/// An output that is the result of one of the run's actions: it is stored once.
@Suite struct OutputPlaceTests {
    let place: Place

    init() throws { place = try Place() }

    private static let items: Value = [["id": 1], ["id": 2]]

    private func end(_ run: RunID, _ result: Value, output: Value?) -> RunEnd {
        let actions = [action(run, "first", result: ["n": 0]), action(run, "do/list", result: result)]
        return RunEnd(run: run, status: .succeeded, finishedAt: at(102), actions: actions, output: output)
    }

    @Test(
        arguments: [
            (Self.items, nil), (["status": 200, "body": Self.items], "body"),
            (["items": Self.items, "pages": 3], "items"),
            (["status": 204, "body": ""], "body"),
        ] as [(Value, String?)]
    )
    func `it is found in the result, or in its body or items`(_ result: Value, _ member: String?) async throws {
        let store = try SQLiteStore.inMemory(sealer: testSealer)
        let run = try await store.claimed(fire())
        let output = member.map { result[$0] } ?? result
        let end = end(run.id, result, output: output)
        #expect(end.isOutputRecorded)
        try await store.finish(end, fence: 1)
        let detail = try #require(try await store.run(run.id.text))
        #expect(detail.output == output)
        #expect(detail.actions.first { $0.path == "do/list" }?.result == result)
    }

    @Test func `it is read back as JSON has it, like any output`() async throws {
        let store = try SQLiteStore.inMemory(sealer: testSealer)
        let body: Value = ["octets": .bytes([0, 255]), "large": .uint(7), "none": .optional(.none)]
        var outputs: [Value?] = []
        for (second, isRecorded) in [(100, true), (200, false)] as [(Int64, Bool)] {
            let run = try await store.claimed(fire(at: second))
            let end = end(run.id, isRecorded ? ["body": body] : 1, output: body)
            #expect(end.isOutputRecorded == isRecorded)
            try await store.finish(end, fence: 1)
            outputs.append(try await store.run(run.id.text)?.output)
        }
        #expect(outputs[0] == outputs[1] && outputs[0]?["large"] == 7)
    }

    @Test func `what only looks like a result is stored by itself`() async throws {
        let store = try SQLiteStore.inMemory(sealer: testSealer)
        let run = try await store.claimed(fire())
        // Equal for CEL, and another number.
        let end = end(run.id, ["body": 1], output: 1.0)
        #expect(!end.isOutputRecorded)
        try await store.finish(end, fence: 1)
        #expect(try await store.run(run.id.text)?.output == 1.0)
    }

    @Test func `a result that a later record of the same action replaces does not hold it`() async throws {
        let store = try SQLiteStore.inMemory(sealer: testSealer)
        let run = try await store.claimed(fire())
        var end = end(run.id, ["body": "ok"], output: "ok")
        end.actions.append(action(run.id, "do/list"))
        end.actions.append(action(run.id, "do"))
        #expect(!end.isOutputRecorded)
        try await store.finish(end, fence: 1)
        #expect(try await store.run(run.id.text)?.output == "ok")
    }

    @Test func `secrets of inputs are kept with it`() async throws {
        let store = try SQLiteStore.inMemory(sealer: testSealer)
        let run = try await store.claimed(fire())
        var end = end(run.id, Self.items, output: Self.items)
        end.outputSecrets = ["hidden-1"]
        try await store.finish(end, fence: 1)
        let detail = try #require(try await store.run(run.id.text))
        #expect(detail.output == Self.items && detail.secrets == ["hidden-1"])
    }

    @Test func `another key changes nothing of it, and a large one has one file`() async throws {
        let (old, new) = (Sealer(SealingKey()), Sealer(SealingKey()))
        let store = try SQLiteStore.open(at: place.store, sealer: old)
        let run = try await store.claimed(fire())
        let large: Value = ["body": .string(String(repeating: "plain words ", count: 40_000))]
        try await store.finish(end(run.id, large, output: large["body"]), fence: 1)
        let files = FileManager.default.enumerator(atPath: place.store + "-results")?.compactMap { $0 as? String } ?? []
        #expect(files.filter { $0.contains("/") }.count == 1)
        #expect(try await store.rotate(to: new) == 2)
        try store.close()
        let again = try SQLiteStore.open(at: place.store, sealer: new)
        #expect(try await again.run(run.id.text)?.output == large["body"])
    }
}
