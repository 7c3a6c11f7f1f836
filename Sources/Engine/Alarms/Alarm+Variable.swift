import CEL
import Schedule
import Store

extension AlarmRecord {
    /// `alert` in the actions of `on_alert`.
    ///
    /// - Parameters:
    ///   - reason: why it is over although what it told of may not be.
    ///   - run: the run that raised it, or ended it.
    func variable(isOver: Bool, because reason: String? = nil, run: RunID?) -> Value {
        let isConnection = key.kind == .needsAttention
        let over = reason.map { "over, because \($0): " } ?? "over: "
        return .map([
            "kind": .string(isOver ? "recovered" : key.kind.rawValue),
            "after": isOver ? .string(key.kind.rawValue) : .null,
            "recipe": isConnection ? .null : .string(key.subject),
            "connection": isConnection ? .string(key.subject) : .null,
            "message": .string((isOver ? over : "") + message),
            "since": .string(since.rfc3339()),
            "count": count.map { .int(Int64($0)) } ?? .null,
            "run": run.map { .string($0.text) } ?? .null,
        ])
    }
}
