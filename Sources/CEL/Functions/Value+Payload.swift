/// What a value of a known kind holds, for the bodies of functions: the call has looked at the kinds already, so the
/// empty answers are never seen.
extension Value {
    var asBool: Bool { if case .bool(let value) = self { value } else { false } }
    var asInt: Int64 { if case .int(let value) = self { value } else { 0 } }
    var asUInt: UInt64 { if case .uint(let value) = self { value } else { 0 } }
    var asDouble: Double { if case .double(let value) = self { value } else { 0 } }
    var asString: String { if case .string(let value) = self { value } else { "" } }
    var asBytes: [UInt8] { if case .bytes(let value) = self { value } else { [] } }
    var asList: [Value] { if case .list(let value) = self { value } else { [] } }
    var asMap: ValueMap { if case .map(let value) = self { value } else { ValueMap() } }
    var asOptional: OptionalValue { if case .optional(let value) = self { value } else { .none } }
}
