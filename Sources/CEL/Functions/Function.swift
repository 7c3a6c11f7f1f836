/// A function that expressions can call: a name and its overloads.
///
/// The name may be qualified (`json.parse`). Registering a second function of the same name adds its overloads.
public struct Function: Sendable {
    /// The name, with dots where it is qualified.
    public let name: String
    /// The forms of the function; the first one that fits the arguments is called.
    public var overloads: [Overload]
    /// Whether equal arguments always give equal results.
    ///
    /// Calls of other functions (`now()`) are never made while compiling.
    public let isPure: Bool

    /// A function with its forms.
    public init(_ name: String, isPure: Bool = true, _ overloads: Overload...) {
        self.init(name, isPure: isPure, overloads: overloads)
    }

    /// A function with its forms.
    public init(_ name: String, isPure: Bool = true, overloads: [Overload]) {
        self.name = name
        self.isPure = isPure
        self.overloads = overloads
    }
}

/// One form of a function: the types it takes and gives, and what it does.
public struct Overload: Sendable {
    /// How a form is called.
    public enum Style: Sendable {
        /// `name(a, b)`.
        case global
        /// `a.name(b)`; the value before the dot is the first parameter.
        case member
    }

    /// The types of the arguments, the receiver first.
    public let parameters: [Type]
    /// The type of the result.
    public let result: Type
    /// How the form is called.
    public let style: Style
    /// Whether the last parameter may be given any number of times, at least once.
    public let isVariadic: Bool
    let kinds: [KindSet]
    let body: Body

    /// What an overload does, by the number of its arguments, so that common calls need no array.
    enum Body: Sendable {
        case one(@Sendable (Value, inout Meter) throws(EvaluationError) -> Value)
        case two(@Sendable (Value, Value, inout Meter) throws(EvaluationError) -> Value)
        case many(@Sendable ([Value], inout Meter) throws(EvaluationError) -> Value)
    }

    /// A form of a function; the closure gets as many arguments as there are parameters, of these types.
    ///
    /// The closure throws without a range: the call adds its own place.
    public init(
        _ parameters: [Type],
        _ result: Type,
        style: Style = .global,
        _ body: @escaping @Sendable ([Value]) throws(EvaluationError) -> Value
    ) {
        self.init(
            parameters,
            result,
            style,
            .many { (arguments: [Value], _: inout Meter) throws(EvaluationError) in try body(arguments) }
        )
    }

    /// A form that pays for its work: for functions whose time or result grows with the size of their arguments.
    public static func metered(
        _ parameters: [Type],
        _ result: Type,
        style: Style = .global,
        isVariadic: Bool = false,
        _ body: @escaping @Sendable ([Value], inout Meter) throws(EvaluationError) -> Value
    ) -> Overload {
        Overload(parameters, result, style, isVariadic: isVariadic, .many(body))
    }

    init(_ parameters: [Type], _ result: Type, _ style: Style, isVariadic: Bool = false, _ body: Body) {
        self.parameters = parameters
        self.result = result
        self.style = style
        self.isVariadic = isVariadic
        self.body = body
        kinds = parameters.map { KindSet($0) }
    }

    /// Whether a call with `count` arguments can be meant.
    func takes(_ count: Int) -> Bool {
        isVariadic ? count >= parameters.count : count == parameters.count
    }

    /// Whether the values are of the kinds of the parameters.
    func takes(_ arguments: [Value]) -> Bool {
        for (place, argument) in arguments.enumerated()
        where !kinds[min(place, kinds.count - 1)].contains(argument.kind) { return false }
        return true
    }
}

extension Overload {
    /// A form with one argument.
    static func one(
        _ parameter: Type,
        _ result: Type,
        _ style: Style = .global,
        _ body: @escaping @Sendable (Value, inout Meter) throws(EvaluationError) -> Value
    ) -> Overload {
        Overload([parameter], result, style, .one(body))
    }

    /// A form with two arguments.
    static func two(
        _ first: Type,
        _ second: Type,
        _ result: Type,
        _ style: Style = .global,
        _ body: @escaping @Sendable (Value, Value, inout Meter) throws(EvaluationError) -> Value
    ) -> Overload {
        Overload([first, second], result, style, .two(body))
    }
}
