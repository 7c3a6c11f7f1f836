/// An open-addressing table from keys to places in a map's entries; empty while the map is small.
///
/// Each slot holds 32 bits of the key's hash and the place plus one (zero: free). Swift's hasher is seeded anew in each
/// process, so a server cannot choose keys that collide.
struct MapIndex: Sendable {
    private var slots: [UInt64] = []

    init() {}

    init(_ entries: [ValueMap.Entry]) {
        grow(to: entries.count)
        for (place, entry) in entries.enumerated() {
            occupy(Self.slot(hash: MapKey(entry.key)?.hash ?? 0, place: place))
        }
    }

    var isEmpty: Bool { slots.isEmpty }

    func find(_ key: MapKey, in entries: [ValueMap.Entry]) -> Int? {
        let mask = slots.count - 1
        let hash = UInt32(truncatingIfNeeded: key.hash)
        var number = Int(hash) & mask
        while slots[number] != 0 {
            if UInt32(truncatingIfNeeded: slots[number] >> 32) == hash {
                let place = Int(UInt32(truncatingIfNeeded: slots[number])) - 1
                if key.matches(entries[place].key) { return place }
            }
            number = (number + 1) & mask
        }
        return nil
    }

    mutating func insert(_ key: MapKey, at place: Int) {
        if (place + 1) * 2 > slots.count { grow(to: place + 1) }
        occupy(Self.slot(hash: key.hash, place: place))
    }

    private static func slot(hash: Int, place: Int) -> UInt64 {
        UInt64(UInt32(truncatingIfNeeded: hash)) << 32 | UInt64(UInt32(truncatingIfNeeded: place + 1))
    }

    private mutating func grow(to count: Int) {
        let old = slots
        var capacity = 32
        while capacity < count * 3 { capacity *= 2 }
        slots = Array(repeating: 0, count: capacity)
        for slot in old where slot != 0 { occupy(slot) }
    }

    private mutating func occupy(_ slot: UInt64) {
        let mask = slots.count - 1
        var number = Int(slot >> 32) & mask
        while slots[number] != 0 { number = (number + 1) & mask }
        slots[number] = slot
    }
}
