public import CEL

extension Connection {
    /// The connection as tests have it: signed in, with made-up values for all that its file does not say itself, and without limits.
    ///
    /// A secret `NAME` is `test-NAME`, whatever the file says; another field has its own value or default, else its first choice, `https://CONNECTION.test`
    /// for a URL, or its name. What acquire would bring has made-up values in the same way. Nothing is read from the environment, from files or from programs.
    ///
    /// - Parameter values: the values that the test gives, of fields and of what acquire brings.
    public func forTest(_ values: ValueMap) -> Connection {
        var connector = connector
        connector.tls = nil
        connector.proxy = nil
        connector.authorization.acquire = nil
        connector.authorization.refresh = nil
        connector.authorization.signIn = nil
        connector.authorization.revoke = nil
        let known = Set(connector.fields.map(\.name))
        for name in broughtBySignIn.union(values.keys.map(\.text)).subtracting(known).sorted() {
            var field = Field(name: name)
            if self.connector.isSecret(name) { field.controlType = "password" }
            connector.fields.append(field)
        }
        var result = Connection(name: name, connector: connector, path: path, place: place)
        let sources = Dictionary(fields.map { ($0.name, $0.source) }) { _, last in last }
        result.fields = connector.fields.map { field in
            (field.name, .literal(values[field.name] ?? made(field, sources[field.name])))
        }
        result.allowedOrigins = allowedOrigins
        result.allowsPlainHTTP = true
        let bag = ValueMap(
            result.fields.map { name, source in
                if case .literal(let value) = source { (name, value) } else { (name, .null) }
            }
        )
        let base = try? effectiveBaseURI?.text(in: Scope(["connection": .map(bag), "env": .map(ValueMap())]))
        let isAbsolute = base.map { $0.hasPrefix("https://") || $0.hasPrefix("http://") } ?? false
        result.baseURI =
            effectiveBaseURI == nil || isAbsolute ? baseURI : Template(constant: "https://\(Self.host(name)).test/")
        return result
    }

    /// What requests need of the bag that no field gives.
    private var broughtBySignIn: Set<String> {
        let expressions = (connector.authorization.apply?.expressions ?? []) + (effectiveBaseURI?.expressions ?? [])
        let references = expressions.flatMap(\.program.references).map(\.path)
        return connector.publicKeys.union(references.filter { $0.count > 1 && $0[0] == "connection" }.map { $0[1] })
    }

    private func made(_ field: Field, _ source: FieldSource?) -> Value {
        if field.isSecret, field.properties.isEmpty {
            return source == nil && field.defaultValue == nil && field.isOptional && !isBrought(field)
                ? .null : .string("test-\(field.name)")
        }
        switch source {
        case .literal(let value)? where !field.isSecret: return value
        case .env(_, default: let value?)?: return value
        case .group(let members)?:
            let sources = Dictionary(members.map { ($0.name, $0.source) }) { _, last in last }
            return .map(ValueMap(field.properties.map { ($0.name, made($0, sources[$0.name])) }))
        default: break
        }
        if let value = field.defaultValue { return value }
        if source == nil, !field.properties.isEmpty {
            return .map(ValueMap(field.properties.map { ($0.name, made($0, nil)) }))
        }
        // What nobody gives is null in a real run too.
        if source == nil, !isBrought(field), field.isOptional { return .null }
        if let choice = field.choices?.first { return choice }
        let isURL = field.name.contains("url") || field.name.contains("uri")
        return .string(isURL ? "https://\(Self.host(name)).test" : field.name)
    }

    private func isBrought(_ field: Field) -> Bool { !connector.fields.contains { $0.name == field.name } }

    /// A name as a part of a host.
    private static func host(_ name: String) -> String {
        let letters = name.lowercased().map { character in
            character.isASCII && (character.isLetter || character.isNumber) ? character : "-"
        }
        return String(letters)
    }
}
