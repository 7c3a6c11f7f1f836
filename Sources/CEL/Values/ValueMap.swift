/// A map that remembers the order of insertion.
///
/// Keys are bool, int, uint or string. Numbers that are equal are one key, whatever their type: `{1: "a"}[1u]` is `"a"`.
/// Copies share storage until one of them is changed. Up to eight entries are searched one by one; larger maps have an index.
public struct ValueMap: Sendable {
    /// A key and its value.
    public struct Entry: Sendable {
        /// A bool, int, uint or string.
        public let key: Value
        /// What the key stands for.
        public var value: Value
    }

    /// All entries, in order of insertion.
    public private(set) var entries: [Entry]
    private var index = MapIndex()

    /// The largest map that is searched without an index.
    private static let linear = 8

    /// An empty map.
    public init() {
        entries = []
    }

    /// A map with string keys; of equal keys the last value stays, at the place of the first.
    public init(_ pairs: some Sequence<(String, Value)>) {
        self.init()
        entries.reserveCapacity(pairs.underestimatedCount)
        for (key, value) in pairs { self[key] = value }
    }

    /// The number of entries.
    public var count: Int { entries.count }
    /// Whether there are no entries.
    public var isEmpty: Bool { entries.isEmpty }
    /// The keys, in order of insertion.
    public var keys: some Sequence<Value> { entries.lazy.map(\.key) }
    /// The values, in order of insertion.
    public var values: some Sequence<Value> { entries.lazy.map(\.value) }

    /// Makes room for `count` entries.
    public mutating func reserveCapacity(_ count: Int) {
        entries.reserveCapacity(count)
    }

    /// The value of a string key; setting nil removes the entry.
    public subscript(key: String) -> Value? {
        get {
            guard let place = position(of: MapKey(key)) else { return nil }
            return entries[place].value
        }
        set { self[.string(key)] = newValue }
    }

    /// The value of a key of any type; setting nil removes the entry.
    ///
    /// Setting a key that is no bool, int, uint or string does nothing.
    public subscript(key: Value) -> Value? {
        get {
            guard let key = MapKey(key), let place = position(of: key) else { return nil }
            return entries[place].value
        }
        set {
            guard let mapKey = MapKey(key) else { return }
            guard let newValue else {
                remove(mapKey)
                return
            }
            if let place = position(of: mapKey) {
                entries[place].value = newValue
            } else {
                append(mapKey, key, newValue)
            }
        }
    }

    /// Whether both are copies of one map, and neither was changed since.
    public func sharesStorage(with other: ValueMap) -> Bool {
        entries.withUnsafeBufferPointer { entries in
            other.entries.withUnsafeBufferPointer {
                entries.count == $0.count && entries.baseAddress == $0.baseAddress
            }
        }
    }

    /// Adds an entry; false when the key is there already, or is of no allowed type.
    mutating func insertNew(_ key: Value, _ value: Value) -> Bool {
        guard let mapKey = MapKey(key), position(of: mapKey) == nil else { return false }
        append(mapKey, key, value)
        return true
    }

    /// Where the entry of `key` stands in `entries`.
    @inline(__always)
    func position(of key: MapKey) -> Int? {
        if !index.isEmpty { return index.find(key, in: entries) }
        for place in entries.indices where key.matches(entries[place].key) { return place }
        return nil
    }

    private mutating func append(_ mapKey: MapKey, _ key: consuming Value, _ value: consuming Value) {
        entries.append(Entry(key: key, value: value))
        guard entries.count > Self.linear else { return }
        if index.isEmpty {
            index = MapIndex(entries)
        } else {
            index.insert(mapKey, at: entries.count - 1)
        }
    }

    private mutating func remove(_ key: MapKey) {
        guard let place = position(of: key) else { return }
        entries.remove(at: place)
        index = entries.count > Self.linear ? MapIndex(entries) : MapIndex()
    }
}

extension ValueMap: Sequence {
    /// The entries, in order of insertion.
    public func makeIterator() -> IndexingIterator<[Entry]> { entries.makeIterator() }
    /// The number of entries.
    public var underestimatedCount: Int { entries.count }
}

extension ValueMap: Hashable {
    /// Whether both have the same keys, of the same types, with the same values; the order does not matter.
    public static func == (lhs: ValueMap, rhs: ValueMap) -> Bool {
        guard lhs.count == rhs.count else { return false }
        return lhs.entries.allSatisfy { entry in
            guard let key = MapKey(entry.key), let place = rhs.position(of: key) else { return false }
            return rhs.entries[place].key == entry.key && rhs.entries[place].value == entry.value
        }
    }

    /// Feeds the number of entries to the hasher.
    public func hash(into hasher: inout Hasher) {
        hasher.combine(count)
    }
}

extension ValueMap: ExpressibleByDictionaryLiteral {
    /// A map with string keys; of equal keys the last one stays.
    public init(dictionaryLiteral elements: (String, Value)...) { self.init(elements) }
}
