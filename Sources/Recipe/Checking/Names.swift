import CEL

/// What the variables in force at one place of a file are known to hold.
///
/// A variable with known members is checked one level down; what JSON brings in is open.
struct Names {
    /// What is known of a variable or member.
    indirect enum Shape: Sendable {
        /// Anything may be below it.
        case open
        /// Exactly these members.
        case members([String: Shape])
        /// A value of this type; the checker of the language knows what can be done with it.
        case typed(Type)
        /// The shape, or null: what may be skipped.
        case maybe(Shape)

        /// The shape as a type of CEL's checker.
        var type: Type {
            switch self {
            case .open, .maybe: .dyn
            case .members(let members): .record(RecordType(members.mapValues(\.type), isOpen: true))
            case .typed(let type): type
            }
        }

        /// The members, when exactly these are known.
        var members: [String: Shape]? {
            switch self {
            case .members(let members): members
            case .maybe(let shape): shape.members
            case .open, .typed: nil
            }
        }
    }

    /// The variables by name.
    var variables: [String: Shape] {
        didSet { declarations = variables.mapValues(\.type) }
    }

    /// The fields of the connection that are secret, and so not among its members.
    var secrets: Set<String> = []

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

    /// The inputs of a recipe; one that may be null is open, and so is a number, which may be an int or a double.
    static func inputs(_ definitions: [InputDefinition]) -> Shape {
        .members(
            Dictionary(
                definitions.map { definition in
                    guard !definition.isOptional else { return (definition.name, Shape.open) }
                    let shape: Shape =
                        switch definition.kind {
                        case .string: .typed(.string)
                        case .integer: .typed(.int)
                        case .boolean: .typed(.bool)
                        case .list: .typed(.list(.dyn))
                        case .object: .typed(.object)
                        case .number, .any: .open
                        }
                    return (definition.name, shape)
                },
                uniquingKeysWith: { first, _ in first }
            )
        )
    }

    /// What `apply` sees of the request that it is for.
    static let request = members(["method", "url", "host", "path", "query", "headers", "body"])
    /// What `acquire` sees of a person's sign-in.
    static let grant = members(["code", "redirect_uri", "verifier", "device_code"])

    private static let exchange: [String: Shape] = [
        "status": .typed(.int), "headers": .typed(.object), "body": .open,
    ]
    static let response = Shape.members(exchange)
    static let error = Shape.members([
        "action": .open, "kind": .typed(.string), "message": .typed(.string), "status": .open, "attempt": .open,
    ])
    static let run = Shape.members([
        "id": .typed(.string), "trigger": .typed(.string), "scheduled_at": .typed(.timestamp),
        "started_at": .typed(.timestamp), "attempt": .typed(.int), "last_success_at": .open, "interval_start": .open,
        "interval_end": .typed(.timestamp),
    ])
    static let alert = Shape.members([
        "kind": .typed(.string), "after": .open, "recipe": .open, "connection": .open, "message": .typed(.string),
        "since": .typed(.string), "count": .open, "run": .open,
    ])
    static let recipe = Shape.members(["name": .typed(.string), "version": .typed(.string)])
    /// What the actions of `paginate` see of their page.
    static let page = Shape.members(["items": .typed(.list(.dyn)), "number": .typed(.int), "response": response])

    /// What a request leaves.
    static func result(of request: HTTPAction) -> Shape {
        guard let pagination = request.pagination else { return httpResult }
        return pagination.actions == nil ? pagedResult : streamedResult
    }

    static let httpResult = Shape.members(
        exchange.merging(["attempts": .typed(.int), "duration": .open]) { first, _ in first }
    )
    static let programResult = Shape.members([
        "exit_code": .typed(.int), "stdout": .typed(.string), "stderr": .typed(.string),
    ])
    static let pagedResult = Shape.members(
        (httpResult.members ?? [:]).merging(["items": .typed(.list(.dyn)), "pages": .typed(.int)]) { first, _ in first }
    )
    static let streamedResult = Shape.members([
        "pages": .typed(.int), "count": .typed(.int), "attempts": .typed(.int), "duration": .open,
    ])
}
