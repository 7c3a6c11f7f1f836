import FoundationEssentials

/// The issues of the demo API: made up, plausible, and the same in every sandbox of the same size.
///
/// Each is kept as encoded JSON, so that a page is only a matter of copying bytes.
struct IssueCatalogue: Sendable {
    enum State: String, Sendable {
        case open
        case closed
    }

    /// The JSON of each issue; issue `id` is at `id - 1`.
    private let encoded: [[UInt8]]
    private let all: [Int]
    private let byState: [State: [Int]]

    init(count: Int) {
        let issues = (0..<count).map(Issue.init(index:))
        encoded = issues.map(\.json.bytes)
        all = Array(0..<count)
        byState = Dictionary(grouping: all) { issues[$0].state }
    }

    /// The JSON of one issue; ids start at 1.
    func issue(id: Int) -> [UInt8]? {
        encoded.indices.contains(id - 1) ? encoded[id - 1] : nil
    }

    /// How many issues are in a state, or in all.
    func count(in state: State?) -> Int {
        indices(in: state).count
    }

    /// The JSON array of the issues from `offset`, at most `size`.
    func page(in state: State?, offset: Int, size: Int) -> JSONValue {
        let indices = indices(in: state)
        let start = min(offset, indices.count)
        return .array(indices[start..<min(start + size, indices.count)].map { .raw(encoded[$0]) })
    }

    private func indices(in state: State?) -> [Int] {
        state.map { byState[$0] ?? [] } ?? all
    }
}

/// One made-up issue.
private struct Issue {
    let id: Int
    let title: String
    let state: IssueCatalogue.State
    let priority: Int
    let assignee: String?
    let updatedAt: Date

    private static let faults = [
        "Login fails", "Export is empty", "Chart is blank", "Mail arrives twice", "Search is slow",
    ]
    private static let places = [
        "on a phone", "after midnight", "with two accounts", "for old invoices", "in the report view",
    ]
    private static let assignees = ["ana", "ben", "chidi", "dora", nil]
    /// 2026-01-05T08:00:00Z, when the first issue was touched.
    private static let firstUpdate = Date(timeIntervalSince1970: 1_767_600_000)

    init(index: Int) {
        let mixed = Self.mix(UInt64(index))
        func pick(_ shift: UInt64, of count: Int) -> Int { Int((mixed >> shift) % UInt64(count)) }
        id = index + 1
        title = "\(Self.faults[pick(0, of: 5)]) \(Self.places[pick(8, of: 5)])"
        state = pick(16, of: 3) == 0 ? .closed : .open
        priority = 1 + pick(24, of: 5)
        assignee = Self.assignees[pick(32, of: 5)]
        updatedAt = Self.firstUpdate.addingTimeInterval(Double(index * 2_220 + pick(40, of: 1_800)))
    }

    var json: JSONValue {
        [
            "id": .int(id),
            "title": .string(title),
            "state": .string(state.rawValue),
            "priority": .int(priority),
            "assignee": assignee.map { .string($0) } ?? .null,
            "updated_at": .string(updatedAt.formatted(.iso8601)),
        ]
    }

    /// SplitMix64: neighbouring numbers give unrelated ones, and the same ones in every process.
    private static func mix(_ index: UInt64) -> UInt64 {
        var z = (index &+ 1) &* 0x9E37_79B9_7F4A_7C15
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}
