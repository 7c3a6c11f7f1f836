import Testing

@testable import Store

/// Which triggers have come and gone since the store was asked last.
struct TriggerChangeTests {
    private func record(_ key: TriggerKey, removed: Bool = false) -> TriggerRecord {
        TriggerRecord(key: key, firstSeen: at(1), watermark: at(1), removedAt: removed ? at(2) : nil)
    }

    @Test func `new ones come in the order of their names, in which fires are claimed`() {
        let keys = (0..<200).flatMap { number in
            ["a", "b"].map { TriggerKey(recipe: "recipe-\(1_000 + number)", trigger: $0) }
        }
        let known = [record(keys[7]), record(keys[9], removed: true), record(TriggerKey(recipe: "gone", trigger: "a"))]
        let change = TriggerChange(from: known, to: Set(keys))
        #expect(change.appeared == keys.filter { $0 != keys[7] })
        #expect(change.removed.map(\.recipe) == ["gone"])
        #expect(TriggerChange(from: keys.map { record($0) }, to: Set(keys)).isEmpty)
    }
}
