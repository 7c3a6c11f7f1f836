/// Numbers (cel-go, math library).
enum MathLibrary {
    static let functions: [Function] = [
        extreme("math.greatest") { $0 > 0 },
        extreme("math.least") { $0 < 0 },
        real("math.ceil") { $0.rounded(.up) },
        real("math.floor") { $0.rounded(.down) },
        real("math.round") { $0.rounded(.toNearestOrAwayFromZero) },
        real("math.trunc") { $0.rounded(.towardZero) },
        test("math.isNaN") { $0.isNaN },
        test("math.isInf") { $0.isInfinite },
        test("math.isFinite") { $0.isFinite },
        Function(
            "math.sqrt",
            .one(.double, .double) { value, _ in .double(value.asDouble.squareRoot()) },
            .one(.int, .double) { value, _ in .double(Double(value.asInt).squareRoot()) },
            .one(.uint, .double) { value, _ in .double(Double(value.asUInt).squareRoot()) }
        ),
        Function(
            "math.abs",
            .one(.double, .double) { value, _ in .double(value.asDouble.magnitude) },
            .one(.int, .int) { (value, _) throws(EvaluationError) in
                guard value.asInt != .min else { throw .overflow("the result does not fit 64 bits") }
                return .int(abs(value.asInt))
            },
            .one(.uint, .uint) { value, _ in value }
        ),
        Function(
            "math.sign",
            .one(.double, .double) { value, _ in
                let number = value.asDouble
                return .double(number.isNaN ? .nan : number > 0 ? 1 : number < 0 ? -1 : 0)
            },
            .one(.int, .int) { value, _ in .int(value.asInt.signum()) },
            .one(.uint, .uint) { value, _ in .uint(value.asUInt == 0 ? 0 : 1) }
        ),
        bits("math.bitAnd", { $0 & $1 }, { $0 & $1 }),
        bits("math.bitOr", { $0 | $1 }, { $0 | $1 }),
        bits("math.bitXor", { $0 ^ $1 }, { $0 ^ $1 }),
        Function(
            "math.bitNot",
            .one(.int, .int) { value, _ in .int(~value.asInt) },
            .one(.uint, .uint) { value, _ in .uint(~value.asUInt) }
        ),
        // Swift's shifts fill with zeros from the other side when the count passes the width.
        shift("math.bitShiftLeft") { $0 << $1 },
        shift("math.bitShiftRight") { $0 >> $1 },
    ]

    private static func real(_ name: String, _ body: @escaping @Sendable (Double) -> Double) -> Function {
        Function(name, .one(.double, .double) { value, _ in .double(body(value.asDouble)) })
    }

    private static func test(_ name: String, _ body: @escaping @Sendable (Double) -> Bool) -> Function {
        Function(name, .one(.double, .bool) { value, _ in .bool(body(value.asDouble)) })
    }

    private static func bits(
        _ name: String,
        _ signed: @escaping @Sendable (Int64, Int64) -> Int64,
        _ unsigned: @escaping @Sendable (UInt64, UInt64) -> UInt64
    ) -> Function {
        Function(
            name,
            .two(.int, .int, .int) { a, b, _ in .int(signed(a.asInt, b.asInt)) },
            .two(.uint, .uint, .uint) { a, b, _ in .uint(unsigned(a.asUInt, b.asUInt)) }
        )
    }

    /// Shifts the bits of an int as if it were unsigned: no copies of the sign come in.
    private static func shift(_ name: String, _ body: @escaping @Sendable (UInt64, UInt64) -> UInt64) -> Function {
        Function(
            name,
            .two(.int, .int, .int) { (number, count, _) throws(EvaluationError) in
                .int(Int64(bitPattern: body(UInt64(bitPattern: number.asInt), try checked(count))))
            },
            .two(.uint, .int, .uint) { (number, count, _) throws(EvaluationError) in
                .uint(body(number.asUInt, try checked(count)))
            }
        )
    }

    private static func checked(_ count: Value) throws(EvaluationError) -> UInt64 {
        guard let count = UInt64(exactly: count.asInt) else { throw .invalid("the number of bits is negative") }
        return count
    }

    /// The first number that is ahead of all others, of any numeric types.
    private static func extreme(_ name: String, _ isAhead: @escaping @Sendable (Int) -> Bool) -> Function {
        let body: @Sendable ([Value], inout Meter) throws(EvaluationError) -> Value = {
            (numbers, meter) throws(EvaluationError) in
            try meter.step(numbers.count)
            guard var best = numbers.first, KindSet.numeric.contains(best.kind) else {
                throw .noMatchingOverload(name, numbers)
            }
            for number in numbers.dropFirst() {
                guard KindSet.numeric.contains(number.kind) else { throw .noMatchingOverload(name, numbers) }
                if let order = try number.compare(to: best, &meter), isAhead(order) { best = number }
            }
            return best
        }
        let list: @Sendable (Value, inout Meter) throws(EvaluationError) -> Value = {
            (value, meter) throws(EvaluationError) in try body(value.asList, &meter)
        }
        var overloads: [Overload] = []
        for type in [Type.int, .uint, .double] {
            overloads.append(.one(type, type) { value, _ in value })
            overloads.append(.metered([type, type], type, isVariadic: true, body))
            overloads.append(.one(.list(type), type, .global, list))
        }
        overloads.append(.metered([.dyn, .dyn], .dyn, isVariadic: true, body))
        overloads.append(.one(.list(.dyn), .dyn, .global, list))
        return Function(name, overloads: overloads)
    }
}
