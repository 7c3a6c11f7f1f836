import YAML

/// Reads `retry:`: a mapping, or `false` for a single attempt.
struct RetryReader {
    let file: FileReader

    func policy(_ node: Node?) -> RetryPolicy? {
        guard let node else { return nil }
        if case .scalar(let scalar) = node.content {
            switch scalar.value {
            case .bool(false): return .never
            case .int(let attempts) where (1...100).contains(attempts):
                return RetryPolicy(attempts: Int(attempts), conditions: Self.ordinary)
            default: break
            }
        }
        guard var reader = MappingReader(node, as: "`retry`", into: file.diagnostics, help: Self.mend) else {
            return nil
        }
        let policy = RetryPolicy(
            attempts: reader.int("attempts", in: 1...100)?.value ?? 3,
            backoff: reader.choice("backoff", RetryPolicy.Backoff.self)?.value ?? .exponential,
            initial: file.duration(reader.take("initial"), as: "`initial`") ?? Defaults.retryInitial,
            max: file.duration(reader.take("max"), as: "`max`") ?? Defaults.retryMax,
            hasJitter: reader.choice("jitter", Jitter.self)?.value != Jitter.none,
            conditions: reader.take("on").map(conditions) ?? Self.ordinary,
            condition: reader.take("while").flatMap { file.expression($0, as: "`while`") }
        )
        reader.finish(foreign: ForeignKeys.ofRetry)
        return policy
    }

    private static let mend = "write how many attempts, from 1 to 100, or `retry: { attempts: 3 }`"

    private enum Jitter: String, CaseIterable, Sendable { case full, none }

    private static let ordinary: [RetryPolicy.Condition] = [
        .network, .timeout, .exit, .statuses(429...429), .statuses(500...599),
    ]

    private func conditions(_ node: Node) -> [RetryPolicy.Condition] {
        let items: [Node]
        if case .sequence(let list) = node.content { items = list } else { items = [node] }
        return items.compactMap { item in
            guard case .scalar(let scalar) = item.content else { return unknown(item, "this") }
            switch scalar.text {
            case "network": return .network
            case "timeout": return .timeout
            case "exit": return .exit
            default:
                guard let range = StatusRange.parse(scalar.text) else { return unknown(item, "`\(scalar.text)`") }
                return .statuses(range)
            }
        }
    }

    private func unknown(_ node: Node, _ what: String) -> RetryPolicy.Condition? {
        file.diagnostics.report(
            "retry.on",
            "\(what) is nothing to retry on",
            at: node.span,
            help: "write `network`, `timeout`, `exit`, a status such as `429`, or a class such as `5xx`"
        )
        return nil
    }
}

/// Statuses as recipes write them: `404`, `5xx`, `200-204`.
enum StatusRange {
    static func parse(_ text: String) -> ClosedRange<Int>? {
        if let status = Int(text), (100...599).contains(status) { return status...status }
        let bytes = Array(text.lowercased().utf8)
        if bytes.count == 3, bytes[1] == UInt8(ascii: "x"), bytes[2] == UInt8(ascii: "x"),
            (UInt8(ascii: "1")...UInt8(ascii: "5")).contains(bytes[0])
        {
            let first = Int(bytes[0] - UInt8(ascii: "0")) * 100
            return first...(first + 99)
        }
        let ends = text.split(separator: "-", omittingEmptySubsequences: false)
        guard ends.count == 2, let low = Int(ends[0]), let high = Int(ends[1]), low <= high, low >= 100, high <= 599
        else { return nil }
        return low...high
    }
}
