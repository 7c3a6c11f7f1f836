import CEL
import Recipe

/// Evaluates `apply` for each request, and for each place that a redirect leads to.
struct Applier: Sendable {
    /// What `apply` depends on beside the connection.
    enum Kind: Sendable, Hashable {
        /// Nothing: it is the same for every request.
        case fixed
        /// The time or chance.
        case moment
        /// `request`.
        case request
    }

    private let apply: Apply
    /// The connection's name, for messages.
    private let connection: String
    /// `connection` and `env`.
    private let scope: Scope
    private let kind: Kind
    private let memory: DigestMemory
    /// What every request gets, where that is the same.
    private let fixed: Result<Additions, ConnectionError>?

    /// Evaluates `apply` once where once is enough.
    ///
    /// - Parameter scope: `connection` and `env`.
    init(apply: Apply, connection: String, scope: Scope, kind: Kind, memory: DigestMemory) {
        self.apply = apply
        self.connection = connection
        self.scope = scope
        self.kind = kind
        self.memory = memory
        fixed = kind == .fixed ? Self.evaluate(apply, connection, scope, memory) : nil
    }

    /// What is added to a request to a target.
    func additions(for request: PreparedRequest, to target: Target) throws(ConnectionError) -> Additions {
        if let fixed { return try fixed.get() }
        let visible = kind == .request ? scope.with("request", Self.value(request, target)) : scope
        return try Self.evaluate(apply, connection, visible, memory).get()
    }

    private static func evaluate(
        _ apply: Apply,
        _ connection: String,
        _ scope: Scope,
        _ memory: DigestMemory
    ) -> Result<Additions, ConnectionError> {
        do throws(ExpressionError) {
            return .success(try Additions(apply, scope: scope, memory: memory))
        } catch {
            return .failure(
                ConnectionError(.configuration, "`apply` of the connection `\(connection)`: \(error.description)")
            )
        }
    }

    /// The request as it would go out without `apply`.
    private static func value(_ request: PreparedRequest, _ target: Target) -> Value {
        let headers = request.headers.map { (name, value) in (name.lowercased(), Value.string(value)) }
        let body = Courier.encode(request.body).bytes ?? []
        return .map(
            ValueMap([
                ("method", .string(request.method.token)),
                ("url", .string(target.url)),
                ("host", .string(target.origin.hostAndPort)),
                ("path", .string(target.path)),
                ("query", .string(target.query ?? "")),
                ("headers", .map(ValueMap(headers))),
                ("body", .string(String(decoding: body, as: UTF8.self))),
            ])
        )
    }
}
