import CEL

/// What the variables in force at one place of a file are known to hold.
///
/// A variable with known members is checked one level down; what JSON brings in is open.
struct Names {
    /// What is known of a variable or member.
    indirect enum Shape {
        /// Anything may be below it.
        case open
        /// Exactly these members.
        case members([String: Shape])

        /// The shape as a type of CEL's checker.
        var type: Type {
            switch self {
            case .open: .dyn
            case .members(let members): .record(RecordType(members.mapValues(\.type), isOpen: true))
            }
        }
    }

    /// The variables by name.
    var variables: [String: Shape] {
        didSet { declarations = variables.mapValues(\.type) }
    }

    /// The variables as CEL's checker wants them.
    private(set) var declarations: [String: Type]

    /// Names with these shapes.
    init(variables: [String: Shape]) {
        self.variables = variables
        declarations = variables.mapValues(\.type)
    }

    /// These names and one more.
    func with(_ name: String, _ shape: Shape = .open) -> Names {
        var copy = self
        copy.variables[name] = shape
        return copy
    }

    /// Adds a member to a variable that has known ones.
    mutating func add(_ member: String, to variable: String, _ shape: Shape = .open) {
        guard case .members(var members) = variables[variable] ?? .members([:]) else { return }
        members[member] = shape
        variables[variable] = .members(members)
    }

    /// A shape with these open members.
    static func members(_ names: [String]) -> Shape {
        .members(Dictionary(names.map { ($0, Shape.open) }, uniquingKeysWith: { first, _ in first }))
    }

    static let response = members(["status", "headers", "body"])
    static let error = members(["action", "kind", "message", "status", "attempt"])
    static let run = members([
        "id", "trigger", "scheduled_at", "started_at", "attempt", "last_success_at", "interval_start", "interval_end",
    ])
    static let recipe = members(["name", "version"])
    static let httpResult = members(["status", "headers", "body", "attempts", "duration"])
    static let pagedResult = members(["status", "headers", "body", "attempts", "duration", "items", "pages"])
}
