/// Which types fit each other, and what type parameters stand for (after cel-go's checker).
struct Unifier {
    private var substitutions: [String: Type] = [:]
    private var count = 0

    /// A parameter that nothing is known of yet.
    mutating func fresh() -> Type {
        count += 1
        return .parameter("%\(count)")
    }

    /// The types of a signature with fresh parameters.
    mutating func instantiate(_ types: [Type]) -> [Type] {
        var names: [String: Type] = [:]
        return types.map { type in
            type.mapParameters { name in
                if let known = names[name] { return known }
                let type = fresh()
                names[name] = type
                return type
            }
        }
    }

    /// The type with all known parameters replaced; unknown ones become `dyn` when `isFinal`.
    func resolve(_ type: Type, isFinal: Bool = false) -> Type {
        type.mapParameters { name in
            if let known = substitutions[name] { return resolve(known, isFinal: isFinal) }
            return isFinal ? .dyn : .parameter(name)
        }
    }

    /// Whether values of types `a` may be given where `b` are asked for; what this says of parameters is kept only then.
    mutating func areAssignable(_ a: [Type], to b: [Type]) -> Bool {
        let before = self
        for (from, to) in zip(a, b) where !assign(from, to) {
            self = before
            return false
        }
        return true
    }

    mutating func isAssignable(_ a: Type, to b: Type) -> Bool { areAssignable([a], to: [b]) }

    /// The type of an aggregate that holds both: one of them if they fit, else `dyn`.
    mutating func join(_ a: Type, _ b: Type) -> Type {
        isAssignable(a, to: b) ? Self.mostGeneral(a, b) : .dyn
    }

    private mutating func assign(_ a: Type, _ b: Type) -> Bool {
        if case .parameter(let name) = b {
            let (isValid, isKnown) = substitute(a, name)
            if isValid { return true }
            if isKnown { return false }
        }
        if case .parameter(let name) = a { return substitute(b, name).isValid }
        switch (a, b) {
        case (.dyn, _), (_, .dyn): return true
        case (.null, _): return b.isNullable
        case (_, .null): return a.isNullable
        case (.list(let x), .list(let y)), (.optional(let x), .optional(let y)): return assign(x, y)
        case (.map(let k, let v), .map(let l, let w)): return assign(k, l) && assign(v, w)
        case (.record, .map(let key, let value)): return assign(.string, key) && assign(.dyn, value)
        case (.map(let key, let value), .record): return assign(key, .string) && assign(value, .dyn)
        case (.record, .record): return true
        case (.opaque(let name, let x), .opaque(let other, let y)):
            guard name == other, x.count == y.count else { return false }
            for (from, to) in zip(x, y) where !assign(from, to) { return false }
            return true
        default: return a == b
        }
    }

    private mutating func substitute(_ type: Type, _ name: String) -> (isValid: Bool, isKnown: Bool) {
        if type == .parameter(name) { return (true, true) }
        if let known = substitutions[name] {
            if type == known { return (true, true) }
            guard assign(type, known) else { return (false, true) }
            let general = Self.mostGeneral(type, known)
            if !mentions(general, name) { substitutions[name] = general }
            return (true, true)
        }
        guard !mentions(type, name) else { return (false, false) }
        substitutions[name] = type
        return (true, false)
    }

    private func mentions(_ type: Type, _ name: String) -> Bool {
        switch type {
        case .parameter(let other): other == name || substitutions[other].map { mentions($0, name) } ?? false
        case .list(let element), .optional(let element): mentions(element, name)
        case .map(let key, let value): mentions(key, name) || mentions(value, name)
        case .opaque(_, let parameters): parameters.contains { mentions($0, name) }
        default: false
        }
    }

    private static func mostGeneral(_ a: Type, _ b: Type) -> Type { isAsGeneral(a, b) ? a : b }

    /// Whether `a` says no more than `b`.
    private static func isAsGeneral(_ a: Type, _ b: Type) -> Bool {
        switch (a, b) {
        case (.dyn, _), (.parameter, _): true
        case (_, .dyn), (_, .parameter): false
        case (.list(let x), .list(let y)), (.optional(let x), .optional(let y)): isAsGeneral(x, y)
        case (.map(let k, let v), .map(let l, let w)): isAsGeneral(k, l) && isAsGeneral(v, w)
        case (.opaque(let name, let x), .opaque(let other, let y)):
            name == other && x.count == y.count && zip(x, y).allSatisfy(isAsGeneral)
        default: a == b
        }
    }
}

extension Type {
    /// Whether null may stand for a value of this type.
    fileprivate var isNullable: Bool {
        switch self {
        case .null, .timestamp, .duration, .opaque, .optional, .dyn: true
        default: false
        }
    }

    fileprivate func mapParameters(_ replace: (String) -> Type) -> Type {
        switch self {
        case .parameter(let name): replace(name)
        case .list(let element): .list(element.mapParameters(replace))
        case .optional(let value): .optional(value.mapParameters(replace))
        case .map(let key, let value): .map(key.mapParameters(replace), value.mapParameters(replace))
        case .opaque(let name, let parameters): .opaque(name, parameters.map { $0.mapParameters(replace) })
        default: self
        }
    }
}
