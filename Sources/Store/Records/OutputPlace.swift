import CEL
import Foundation

/// Where the output of a run stands already: in the result of one of its actions, so that it is stored once and not twice.
struct OutputPlace: Sendable, Hashable {
    /// The path of the action; it is outside of any `foreach`.
    let path: String
    /// The member of its result that is the output; nil for all of it.
    let member: String?

    /// The first byte of what a row holds in place of an output; sealed values begin with 1, names of files with 2.
    private static let mark: UInt8 = 3

    init(path: String, member: String?) {
        self.path = path
        self.member = member
    }

    /// What a row says; nil when it holds the output itself, or the name of its file.
    init?(stored: Data) {
        guard stored.first == Self.mark else { return nil }
        let parts = String(decoding: stored.dropFirst(), as: UTF8.self).split(
            separator: "/",
            maxSplits: 1,
            omittingEmptySubsequences: false
        )
        guard parts.count == 2 else { return nil }
        self.init(path: String(parts[1]), member: parts[0].isEmpty ? nil : String(parts[0]))
    }

    /// How a row says it.
    var stored: Data { Data([Self.mark] + "\(member ?? "")/\(path)".utf8) }

    /// The output, taken from the run's actions; nil when the one that had it is gone.
    func output(in actions: [ActionRecord]) -> Value? {
        let result = actions.first { $0.path == path && $0.index.isEmpty }?.result
        return member.map { result?[$0] } ?? result
    }
}

extension RunEnd {
    /// Whether the output is in the record of one of `actions`, where its secrets are marked as well.
    public var isOutputRecorded: Bool { outputPlace != nil }

    /// Where among `actions` the output stands: mostly it is what the last one gave, or the body or the items of that.
    var outputPlace: OutputPlace? {
        // By their numbers, since a record is large and `last(where:)` copies each.
        let number = actions.indices.last { actions[$0].index.isEmpty && actions[$0].result != nil }
        guard let output, let number, let result = actions[number].result else { return nil }
        let path = actions[number].path
        // A later record of the same action takes its place, as one that a retry around it did again.
        let isReplaced = actions.indices[(number + 1)...].contains {
            actions[$0].index.isEmpty && actions[$0].path == path
        }
        guard !isReplaced else { return nil }
        if output.isCopy(of: result) { return OutputPlace(path: path, member: nil) }
        for member in ["body", "items"] where result[member].map(output.isCopy) ?? false {
            return OutputPlace(path: path, member: member)
        }
        return nil
    }
}

extension Value {
    /// Whether this is a copy of another value, as far as can be seen at a glance: of a list or a map by its storage.
    fileprivate func isCopy(of other: Value) -> Bool {
        switch (self, other) {
        case (.map(let map), .map(let other)): map.sharesStorage(with: other)
        case (.list(let list), .list(let other)):
            list.withUnsafeBufferPointer { list in
                other.withUnsafeBufferPointer { list.count == $0.count && list.baseAddress == $0.baseAddress }
            }
        case (.null, _), (.bool, _), (.int, _), (.uint, _), (.double, _), (.string, _): self == other
        default: false
        }
    }
}
