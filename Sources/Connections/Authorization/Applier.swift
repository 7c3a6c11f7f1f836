import CEL
import Recipe

/// Evaluates `apply` for each request, and for each place that a redirect leads to.
struct Applier: Sendable {
    let apply: Apply
    /// The connection's name, for messages.
    let connection: String
    /// `connection` and `env`.
    let scope: Scope
    /// `apply` reads `request`.
    let readsRequest: Bool
    let memory: DigestMemory

    /// What is added to a request to a target.
    func additions(for request: PreparedRequest, to target: Target) throws(ConnectionError) -> Additions {
        let visible = readsRequest ? scope.with("request", Self.value(request, target)) : scope
        do {
            return try Additions(apply, scope: visible, memory: memory)
        } catch {
            throw ConnectionError(
                .configuration,
                "`apply` of the connection `\(connection)`: \(error.description)"
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
