import Recipe

/// Keeps a connection's credential at its own origins (DESIGN section 6, P3).
struct OriginGuard: Sendable {
    let connection: String
    let base: Origin?
    let allowed: Set<Origin>
    let allowsPlainHTTP: Bool
    let hasCredential: Bool

    init(_ definition: Definition, base: Origin?) {
        connection = definition.name
        self.base = base
        allowed = definition.allowedOrigins
        allowsPlainHTTP = definition.allowsPlainHTTP
        hasCredential = definition.hasCredential
    }

    /// Whether a redirect may take the credential there.
    func permitsCredential(at origin: Origin) -> Bool {
        isOwn(origin) && !isInTheClear(origin)
    }

    /// Throws `origin` for a request that must not be sent.
    func check(_ request: PreparedRequest, to target: Target) throws(RequestFailure) {
        let (origin, method) = (target.origin, request.method)
        // Nothing to lose and nothing said: any server.
        if !hasCredential, base == nil { return }
        guard isOwn(origin) else {
            let own = base.map { "its base_uri is at \($0)" } ?? "it has no base_uri"
            throw RequestFailure(
                .origin,
                "\(method.token) \(origin.hostAndPort): not sent, because the connection `\(connection)` does not go there (\(own)); add `allowed_origins: [\(origin)]` to it, or use another connection"
            )
        }
        try checkEncryption(origin, method: method)
        // A server behind a common front would be another one, whatever the URL says.
        guard hasCredential, request.headers.contains(where: { $0.0.isFieldName("host") }) else { return }
        throw RequestFailure(
            .origin,
            "\(method.token) \(origin.hostAndPort): not sent, because the header `Host` could lead the credential of the connection `\(connection)` elsewhere; write the host into base_uri"
        )
    }

    /// Throws `origin` when a secret would travel in the clear.
    func checkEncryption(_ origin: Origin, method: HTTPMethod) throws(RequestFailure) {
        guard isInTheClear(origin) else { return }
        throw RequestFailure(
            .origin,
            "\(method.token) \(origin.hostAndPort): not sent, because plain http would show the credential of the connection `\(connection)` to everyone on the way; use https, or set `allow_http: true`"
        )
    }

    private func isOwn(_ origin: Origin) -> Bool { origin == base || allowed.contains(origin) }

    private func isInTheClear(_ origin: Origin) -> Bool {
        origin.scheme == "http" && hasCredential && !allowsPlainHTTP && !origin.isLoopback
    }
}
