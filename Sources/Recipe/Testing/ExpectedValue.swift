public import CEL

/// What a value is expected to be: the value itself, or for texts a `/pattern/`.
public indirect enum ExpectedValue: Sendable {
    /// Equal to this.
    case value(Value)
    /// A text in which the pattern is found.
    case pattern(Pattern)
    /// As many items, each as expected.
    case list([ExpectedValue])
    /// The members of a map.
    case map([(key: String, value: ExpectedValue)])
}

/// One place at which a value is not what is expected.
public struct Difference: Sendable, Hashable {
    /// The way to it, such as `data[2].title`; empty for the whole value.
    public let path: String
    /// What is expected; nil is nothing at all.
    public let expected: String?
    /// What was found; nil is nothing at all.
    public let found: String?

    /// A difference.
    public init(path: String, expected: String?, found: String?) {
        self.path = path
        self.expected = expected
        self.found = found
    }
}

extension ExpectedValue {
    /// Whether members that nobody mentions may be there.
    public enum Strictness: Sendable {
        /// They may; null means that a member is missing or null.
        case mentioned
        /// They may not.
        case whole
    }

    /// Where `found` is not what is expected; nil is nothing at all.
    public func differences(
        from found: Value?,
        _ strictness: Strictness,
        at path: String = ""
    ) -> [Difference] {
        switch self {
        case .value(let value):
            if value.isNull, found == nil, strictness == .mentioned || !path.isEmpty { return [] }
            if let found, value.isEqual(to: found) { return [] }
            return [Self.difference(path, value, found)]
        case .pattern(let pattern):
            if case .string(let text)? = found, pattern.matches(anywhereIn: text) { return [] }
            if let found, !found.isNull, found.isScalar, pattern.matches(anywhereIn: found.text) { return [] }
            return [Difference(path: path, expected: "/\(pattern.text)/", found: found.map(Self.shown))]
        case .list(let expected):
            guard case .list(let items)? = found else {
                return [Difference(path: path, expected: shown, found: found.map(Self.shown))]
            }
            var result: [Difference] = []
            for number in 0..<max(expected.count, items.count) {
                let place = "\(path)[\(number)]"
                switch (number < expected.count, number < items.count) {
                case (true, true):
                    result += expected[number].differences(from: items[number], strictness, at: place)
                case (true, false): result.append(Difference(path: place, expected: expected[number].shown, found: nil))
                case (false, _): result.append(Difference(path: place, expected: nil, found: Self.shown(items[number])))
                }
            }
            return result
        case .map(let expected):
            guard case .map(let members)? = found else {
                return [Difference(path: path, expected: shown, found: found.map(Self.shown))]
            }
            var result: [Difference] = []
            for (key, value) in expected {
                let place = Self.member(key, of: path)
                if members[key] == nil, strictness == .whole, !value.isNull {
                    result.append(Difference(path: place, expected: value.shown, found: nil))
                } else {
                    result += value.differences(from: members[key], strictness, at: place)
                }
            }
            guard strictness == .whole else { return result }
            for entry in members where !expected.contains(where: { $0.key == entry.key.text }) {
                let place = Self.member(entry.key.text, of: path)
                result.append(Difference(path: place, expected: nil, found: Self.shown(entry.value)))
            }
            return result
        }
    }

    private var isNull: Bool { if case .value(.null) = self { true } else { false } }

    /// How it is written, in one line.
    public var shown: String {
        switch self {
        case .value(let value): Self.shown(value)
        case .pattern(let pattern): "/\(pattern.text)/"
        case .list(let items): "[" + items.map(\.shown).joined(separator: ",") + "]"
        case .map(let entries):
            "{" + entries.map { "\(Value.string($0.key).json()):\($0.value.shown)" }.joined(separator: ",") + "}"
        }
    }

    private static func shown(_ value: Value) -> String { value.json() }

    private static func member(_ key: String, of path: String) -> String {
        guard Identifier.isValid(key) || key.utf8.allSatisfy({ $0 == UInt8(ascii: "-") || isPlain($0) }) else {
            return "\(path)[\(Value.string(key).json())]"
        }
        return path.isEmpty ? key : "\(path).\(key)"
    }

    private static func isPlain(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
            || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
    }

    /// Two values, and of long texts only what is around the first difference.
    private static func difference(_ path: String, _ expected: Value, _ found: Value?) -> Difference {
        let left = shown(expected)
        guard let found else { return Difference(path: path, expected: left, found: nil) }
        let right = shown(found)
        let common = zip(left, right).prefix { $0 == $1 }.count
        return Difference(path: path, expected: excerpt(left, from: common), found: excerpt(right, from: common))
    }

    private static let excerptLength = 160
    private static let excerptLead = 40

    private static func excerpt(_ text: String, from place: Int) -> String {
        guard text.count > excerptLength else { return text }
        let start = max(0, place - excerptLead)
        let rest = text.dropFirst(start)
        return (start > 0 ? "…" : "") + rest.prefix(excerptLength) + (rest.count > excerptLength ? "…" : "")
    }
}

extension Value {
    fileprivate var isScalar: Bool {
        switch self {
        case .list, .map: false
        default: true
        }
    }
}
