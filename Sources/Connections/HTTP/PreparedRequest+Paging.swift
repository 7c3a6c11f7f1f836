public import CEL

extension PreparedRequest {
    /// Sets a parameter of the query, in place of those of the same name in `query` and in the URL.
    public mutating func setQuery(_ name: String, to value: String) {
        query.removeAll { $0.0 == name }
        var reference = URLReference(url)
        if reference.query != nil {
            reference.removeQuery(named: name)
            url = reference.text
        }
        query.append((name, value))
    }

    /// Sets a member of a JSON or form body; false when there is none that it could go into.
    ///
    /// In JSON a dot leads into a member, unless a member has a name with that dot.
    public mutating func setBodyMember(_ name: String, to value: Value) -> Bool {
        switch body {
        case .json(.map(var members)):
            if members[name] != nil {
                members[name] = value
            } else {
                let path = name.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
                guard Self.set(path[...], to: value, in: &members) else { return false }
            }
            body = .json(.map(members))
        case .form(let pairs):
            body = .form(pairs.filter { $0.0 != name } + [(name, value.text)])
        case .none, .json, .text, .multipart: return false
        }
        return true
    }

    private static func set(_ path: ArraySlice<String>, to value: Value, in members: inout ValueMap) -> Bool {
        guard let name = path.first else { return false }
        guard path.count > 1 else {
            members[name] = value
            return true
        }
        var inner: ValueMap
        switch members[name] ?? .null {
        case .map(let map): inner = map
        case .null: inner = [:]
        default: return false
        }
        guard set(path.dropFirst(), to: value, in: &inner) else { return false }
        members[name] = .map(inner)
        return true
    }
}
