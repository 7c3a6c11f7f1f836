import HeapModule
import Schedule

/// Who is to be woken when: one moment per key, the earliest first, and of equal moments the one set first.
struct FireQueue<Key: Hashable & Sendable>: Sendable {
    private struct Entry: Comparable, Sendable {
        let moment: Instant
        let number: UInt64
        let key: Key

        static func < (left: Entry, right: Entry) -> Bool {
            (left.moment, left.number) < (right.moment, right.number)
        }

        static func == (left: Entry, right: Entry) -> Bool { left.number == right.number }
    }

    /// May hold entries of keys that were moved or removed since: those whose number is not the key's present one.
    private var heap = Heap<Entry>()
    private var present: [Key: UInt64] = [:]
    private var lastNumber: UInt64 = 0

    /// How many keys wait.
    var count: Int { present.count }

    /// Sets the moment of a key, in place of the one it had; nil takes the key out.
    mutating func set(_ key: Key, to moment: Instant?) {
        guard let moment else {
            present[key] = nil
            return
        }
        lastNumber += 1
        present[key] = lastNumber
        heap.insert(Entry(moment: moment, number: lastNumber, key: key))
        if heap.count > 64, heap.count > present.count * 2 { removeStale() }
    }

    /// The earliest moment.
    mutating func next() -> Instant? {
        dropStaleMinimum()
        return heap.min?.moment
    }

    /// Whose moment is the earliest.
    mutating func nextKey() -> Key? {
        dropStaleMinimum()
        return heap.min?.key
    }

    /// Takes out the keys whose moment has come, in order.
    mutating func takeDue(_ now: Instant) -> [Key] {
        var due: [Key] = []
        while true {
            dropStaleMinimum()
            guard let first = heap.min, first.moment <= now else { return due }
            heap.removeMin()
            present[first.key] = nil
            due.append(first.key)
        }
    }

    private mutating func dropStaleMinimum() {
        while let first = heap.min, present[first.key] != first.number { heap.removeMin() }
    }

    private mutating func removeStale() {
        heap = Heap(heap.unordered.filter { present[$0.key] == $0.number })
    }
}
