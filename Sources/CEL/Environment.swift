/// What expressions may use: functions, limits, time zones.
///
/// Compiles expressions.
public struct Environment: Sendable {
    /// All functions, by name.
    public private(set) var functions: [String: Function] = [:]
    /// The names, with dots, of variables that are not simple names (cel-spec, "Name Resolution").
    ///
    /// Default: none.
    public var qualifiedVariables: Set<String> = []
    /// The namespace in which names are resolved first, such as `com.example`.
    ///
    /// Default: none.
    public var container = ""
    /// What a compiled expression may look like; evaluation has its own.
    public var limits = Limits.standard

    /// An environment without any function; operators and macros are part of the language.
    public init() {}

    /// The standard functions and the extension libraries; zones other than fixed offsets and UTC are unknown.
    public static let standard = Environment(timeZones: { _, _ in nil })

    /// The standard functions and the extension libraries.
    ///
    /// `timeZones` gives the offset from UTC, in seconds east, that a named zone has at a moment (seconds since 1970), or
    /// nil for an unknown name. `UTC` and offsets such as `+02:00` never reach it.
    public init(timeZones: @escaping @Sendable (_ name: String, _ secondsSinceEpoch: Int64) -> Int?) {
        let libraries: [[Function]] = [
            StandardLibrary.functions, ConversionLibrary.functions, TimeLibrary.functions(timeZones),
            OptionalLibrary.functions, StringLibrary.functions, TextLibrary.functions, FormatLibrary.functions,
            MathLibrary.functions,
            ListLibrary.functions, MapLibrary.functions, SetLibrary.functions, EncoderLibrary.functions,
            RegexLibrary.functions,
            NetworkLibrary.functions, JSONLibrary.functions, URLLibrary.functions,
        ]
        for function in libraries.joined() { register(function) }
    }

    /// Adds a function, or overloads to a function of the same name.
    public mutating func register(_ function: Function) {
        guard let known = functions[function.name] else {
            functions[function.name] = function
            return
        }
        functions[function.name] = Function(
            function.name,
            isPure: known.isPure && function.isPure,
            overloads: known.overloads + function.overloads
        )
    }

    /// Parses and prepares an expression.
    ///
    /// Names are not checked: see `check`.
    public func compile(_ source: String) throws(SyntaxError) -> Program {
        try Compiler.program(source, try Parser.parse(source, limits: limits), self)
    }
}

extension Environment {
    /// The container and those around it, the innermost first, each with a dot; the empty one last.
    private var prefixes: [String] {
        guard !container.isEmpty else { return [""] }
        let parts = container.split(separator: ".")
        return (0...parts.count).map { parts.dropLast($0).map { $0 + "." }.joined() }
    }

    /// The longest variable or type that the first of `names` form, and how many of them it takes.
    func resolve(_ names: [String], isRooted: Bool) -> (name: String, count: Int) {
        let prefixes = isRooted ? [""] : prefixes
        for count in stride(from: names.count, to: 0, by: -1) where count > 1 || prefixes.count > 1 {
            if count > 1, qualifiedVariables.isEmpty, prefixes.count == 1, !Self.mayBeType(names[0]) { continue }
            let name = names[..<count].joined(separator: ".")
            for prefix in prefixes {
                let candidate = prefix + name
                if qualifiedVariables.contains(candidate) { return (candidate, count) }
                if count > 1 || !prefix.isEmpty, TypeName.denotable[candidate] != nil { return (candidate, count) }
            }
        }
        return (names[0], 1)
    }

    private static func mayBeType(_ name: String) -> Bool { name == "google" || name == "net" }

    /// The function that a name means in the container.
    func function(_ names: [String], isRooted: Bool) -> Function? {
        let name = names.joined(separator: ".")
        guard !container.isEmpty, !isRooted else { return functions[name] }
        for prefix in prefixes {
            if let function = functions[prefix + name] { return function }
        }
        return nil
    }

    func unknownFunction(_ name: Expression.Name) -> EvaluationError {
        EvaluationError(.unknownFunction, "undeclared function '\(name.text)'", range: name.range)
    }
}
