/// A key as maps compare it: equal numbers are one key whatever their type.
struct MapKey: Sendable {
    enum Content: Sendable {
        case string(String)
        case number(Int64)
        /// Above the largest `Int64`.
        case large(UInt64)
        case bool(Bool)
    }

    let content: Content
    /// Known for keys that stand in an expression; small maps never ask for it.
    private let preparedHash: Int?

    /// The key for a string.
    init(_ text: String) {
        content = .string(text)
        preparedHash = nil
    }

    /// The key for a string that will be looked for many times.
    init(prepared text: String) {
        content = .string(text)
        preparedHash = Self.hash(of: content)
    }

    /// The key for `value`, or nil if it can be no key.
    ///
    /// A double is one when it is a whole number.
    init?(_ value: Value) {
        preparedHash = nil
        switch value {
        case .string(let text): content = .string(text)
        case .int(let number): content = .number(number)
        case .uint(let number): content = Int64(exactly: number).map(Content.number) ?? .large(number)
        case .bool(let flag): content = .bool(flag)
        case .double(let number):
            if let number = Int64(exactly: number) {
                content = .number(number)
            } else if let number = UInt64(exactly: number) {
                content = .large(number)
            } else {
                return nil
            }
        default: return nil
        }
    }

    var hash: Int { preparedHash ?? Self.hash(of: content) }

    private static func hash(of content: Content) -> Int {
        switch content {
        case .string(let text):
            var hasher = Hasher()
            CodePoints.hash(text, into: &hasher)
            return hasher.finalize()
        case .number(let number): return number.hashValue
        case .large(let number): return number.hashValue
        case .bool(let flag): return flag.hashValue
        }
    }

    /// Whether the entry with key `key` is the one this asks for.
    @inline(__always)
    func matches(_ key: Value) -> Bool {
        switch (content, key) {
        case (.string(let text), .string(let other)): CodePoints.equal(text, other)
        case (.number(let number), .int(let other)): number == other
        case (.number(let number), .uint(let other)): UInt64(exactly: number) == other
        case (.large(let number), .uint(let other)): number == other
        case (.bool(let flag), .bool(let other)): flag == other
        default: false
        }
    }
}
