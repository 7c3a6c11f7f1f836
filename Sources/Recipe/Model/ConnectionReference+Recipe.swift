extension Recipe {
    /// Every connection that it names or holds, in the order of the file; one that is named in several places comes several times.
    public var connections: [ConnectionReference] {
        (connection.map { [$0] } ?? [])
            + [actions, onSuccess, onFailure, finally].flatMap { $0.flatMap(\.connections) }
    }

    /// The connections that it holds itself.
    public var ownConnections: [Connection] {
        connections.compactMap { if case .inline(let connection) = $0 { connection } else { nil } }
    }
}

extension Action {
    fileprivate var connections: [ConnectionReference] {
        var all = connection.map { [$0] } ?? []
        for branch in verb.branches { all += branch.flatMap(\.connections) }
        if case .handle(let handlers) = onError { all += handlers.flatMap(\.connections) }
        return all
    }
}
