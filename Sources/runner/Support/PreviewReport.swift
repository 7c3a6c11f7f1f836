import CEL
import Connections
import Engine

/// What `once --dry-run` prints.
struct PreviewReport {
    private let preview: Preview

    init(_ preview: Preview) {
        self.preview = preview
    }

    /// Each request as it goes over the wire, below a line that says whose it is.
    var text: String {
        var blocks = preview.entries.map(Self.block)
        if let reason = preview.stopReason { blocks.append("# the run stops: \(reason)") }
        let count = preview.entries.count { $0.request != nil }
        blocks.append("# \(count) \(count == 1 ? "request" : "requests"); nothing was sent")
        return blocks.joined(separator: "\n\n")
    }

    private static func block(_ entry: Preview.Entry) -> String {
        var lines = ["# " + ([entry.action] + entry.conditions).joined(separator: ", ")]
        if let note = entry.note { lines.append("# \(note)") }
        guard let request = entry.request else { return lines.joined(separator: "\n") }
        lines.append("\(request.method) \(request.url)")
        lines += request.headers.map { "\($0.name): \($0.value)" }
        if let body = request.body { lines += ["", body] }
        return lines.joined(separator: "\n")
    }

    /// `{requests: […], stops: …}`; a header that is there several times is a list.
    var json: String {
        Value.map([
            "requests": .list(preview.entries.map(Self.object)),
            "stops": preview.stopReason.map(Value.string) ?? .null,
        ]).json()
    }

    private static func object(_ entry: Preview.Entry) -> Value {
        var members: ValueMap = [
            "action": .string(entry.action),
            "conditions": .list(entry.conditions.map(Value.string)),
            "note": entry.note.map(Value.string) ?? .null,
        ]
        guard let request = entry.request else { return .map(members) }
        var headers = ValueMap()
        for (name, value) in request.headers {
            switch headers[name] {
            case nil: headers[name] = .string(value)
            case .list(let values): headers[name] = .list(values + [.string(value)])
            case .some(let first): headers[name] = .list([first, .string(value)])
            }
        }
        members["method"] = .string(request.method)
        members["url"] = .string(request.url)
        members["headers"] = .map(headers)
        members["body"] = request.body.map(Value.string) ?? .null
        members["complete"] = .bool(entry.isComplete)
        return .map(members)
    }
}
