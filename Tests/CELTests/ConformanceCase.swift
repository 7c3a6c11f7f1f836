import CEL
import Foundation

/// One case of the suite.
struct ConformanceCase {
    private let json: Value

    init(_ json: Value) {
        self.json = json
    }

    var id: String { json["id"]?.text ?? "?" }
    var needsProto: Bool { json["needs_proto"] == true }
    private var expected: Value { json["expected"] ?? .null }

    /// Why the case fails; nil when it passes.
    func failure() -> String? {
        let bindings = bindings()
        var declarations: [String: Type] = [:]
        var environment = Environment(timeZones: Self.offset)
        for (name, value) in bindings { declarations[name] = Self.type(of: value) }
        for declaration in json["type_env"]?.elements ?? [] {
            guard let name = declaration["name"]?.text else { continue }
            if let type = declaration["ident"]?.text {
                declarations[name] = TypeReader.type(type)
            } else {
                environment.register(
                    Function(name, overloads: (declaration["overloads"]?.elements ?? []).map(Self.overload))
                )
            }
        }
        environment.container = json["container"]?.text ?? ""
        environment.qualifiedVariables = Set(
            (Array(bindings.keys) + Array(declarations.keys)).filter { $0.contains(".") }
        )
        let program: Program
        do {
            program = try environment.compile(json["expr"]?.text ?? "")
        } catch {
            return expected["error"] != nil ? nil : "does not compile: \(error.message)"
        }
        if json["disable_check"] != true {
            let (type, issues) = environment.checked(program, declarations: declarations)
            if let issue = issues.first {
                return expected["error"] != nil ? nil : "does not check: \(issue.message)"
            }
            if let deduced = json["typed_result"]?["deduced_type"]?.text, deduced != type.description {
                return "is of type \(type), expected \(deduced)"
            }
        }
        guard json["check_only"] != true, expected["type_only"] == nil else { return nil }
        return outcome(program, bindings)
    }

    private func outcome(_ program: Program, _ bindings: [String: Value]) -> String? {
        do {
            let value = try program.evaluate(bindings)
            guard let wanted = expected["value"] ?? expected["expected_defaulted"].map({ _ in Value.null }) else {
                return "gives \(value.text), expected an error"
            }
            let decoded = Self.value(wanted)
            return decoded == value ? nil : "gives \(value), expected \(decoded)"
        } catch {
            return expected["error"] != nil || expected["unknown"] != nil ? nil : "fails: \(error.message)"
        }
    }

    private func bindings() -> [String: Value] {
        guard case .map(let map)? = json["bindings"] else { return [:] }
        var bindings: [String: Value] = [:]
        for entry in map { bindings[entry.key.text] = Self.value(entry.value) }
        return bindings
    }

    @Sendable private static func offset(_ name: String, _ seconds: Int64) -> Int? {
        TimeZone(identifier: name)?.secondsFromGMT(for: Date(timeIntervalSince1970: TimeInterval(seconds)))
    }

    private static func overload(_ json: Value) -> Overload {
        Overload(
            (json["params"]?.elements ?? []).map { TypeReader.type($0.text) },
            TypeReader.type(json["result"]?.text ?? "dyn"),
            style: json["member"] == true ? .member : .global
        ) { _ throws(EvaluationError) in throw EvaluationError(.unknownFunction, "declared only") }
    }

    /// The type of a variable that the case binds without declaring it.
    private static func type(of value: Value) -> Type {
        switch value {
        case .list: .list(.dyn)
        case .map: .map(.dyn, .dyn)
        default: TypeReader.type(value.typeName.name)
        }
    }

    /// A value as the suite writes it.
    private static func value(_ json: Value) -> Value {
        let content = json["value"] ?? .null
        switch json["type"]?.text {
        case "bool": return content
        case "int": return Int64(content.text).map(Value.int) ?? .null
        case "uint": return UInt64(content.text).map(Value.uint) ?? .null
        case "double": return Double(content.text).map(Value.double) ?? .null
        case "string": return content
        case "bytes": return Data(base64Encoded: content.text).map { .bytes(Array($0)) } ?? .null
        case "list": return .list(content.elements.map(value))
        case "type": return .type(TypeName(content.text))
        case "map":
            var map = ValueMap()
            for entry in content.elements { map[value(entry["key"] ?? .null)] = value(entry["value"] ?? .null) }
            return .map(map)
        case "duration":
            let seconds = Int64(json["seconds"]?.text ?? "") ?? 0
            return CELDuration(seconds: seconds, nanoseconds: json.nanoseconds).map(Value.duration) ?? .null
        case "timestamp":
            let seconds = Int64(json["seconds"]?.text ?? "") ?? 0
            return Timestamp(seconds: seconds, nanoseconds: json.nanoseconds).map(Value.timestamp) ?? .null
        default: return .null
        }
    }
}

extension Value {
    fileprivate var elements: [Value] { if case .list(let elements) = self { elements } else { [] } }
    fileprivate var nanoseconds: Int64 { if case .int(let number)? = self["nanos"] { number } else { 0 } }
}

/// Reads types such as `map(string, list(int))`.
enum TypeReader {
    static func type(_ text: String) -> Type {
        guard let open = text.firstIndex(of: "("), text.hasSuffix(")") else { return plain(text) }
        let name = String(text[..<open])
        let inside = text[text.index(after: open)...].dropLast()
        let parameters = split(inside).map(type)
        return switch (name, parameters.count) {
        case ("list", 1): .list(parameters[0])
        case ("map", 2): .map(parameters[0], parameters[1])
        case ("optional_type", 1): .optional(parameters[0])
        case ("param", 1): .parameter(String(inside))
        case ("type", _): .type
        default: .opaque(name, parameters)
        }
    }

    private static func plain(_ text: String) -> Type {
        switch text {
        case "null", "null_type": .null
        case "bool": .bool
        case "int": .int
        case "uint": .uint
        case "double": .double
        case "string": .string
        case "bytes": .bytes
        case "timestamp", "google.protobuf.Timestamp": .timestamp
        case "duration", "google.protobuf.Duration": .duration
        case "list": .list(.dyn)
        case "map": .map(.dyn, .dyn)
        case "type": .type
        case "net.IP", "net.CIDR": .opaque(text, [])
        case "optional_type": .optional(.dyn)
        default: .dyn
        }
    }

    private static func split(_ text: Substring) -> [String] {
        var parts = [""]
        var depth = 0
        for character in text {
            if character == "(" { depth += 1 }
            if character == ")" { depth -= 1 }
            if character == ",", depth == 0 { parts.append("") } else { parts[parts.count - 1].append(character) }
        }
        return parts.map { $0.trimmingCharacters(in: .whitespaces) }
    }
}
