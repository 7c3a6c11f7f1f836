import CEL
import NIOSSL
import Recipe
import Schedule
import Synchronization

/// Works out a connection's route from its `tls:` and `proxy:`, and reads certificates again from time to time, since they are renewed in place.
final class RouteResolver: Sendable {
    /// How old what was read may be.
    static let lifetime = Duration.seconds(60)

    private let definition: Definition
    /// The connection says something of its route.
    private let isOwn: Bool
    private let fields: FieldValues
    private let environment: Value
    private let resolver: SecretResolver
    private let redactor: Redactor
    private let clock: any WallClock
    private let kept = Mutex<(route: Route, until: Instant)?>(nil)

    init(
        _ definition: Definition,
        fields: FieldValues,
        environment: Value,
        resolver: SecretResolver,
        redactor: Redactor,
        clock: any WallClock
    ) {
        self.definition = definition
        isOwn = definition.tls != nil || definition.proxy != nil
        self.fields = fields
        self.environment = environment
        self.resolver = resolver
        self.redactor = redactor
        self.clock = clock
    }

    /// The route; nil is the machine's own way.
    func route() async throws(ConnectionError) -> Route? {
        guard isOwn else { return nil }
        if let route = keptRoute() { return route }
        return try await newRoute()
    }

    private func keptRoute() -> Route? {
        let now = clock.now()
        return kept.withLock { $0.flatMap { now < $0.until ? $0.route : nil } }
    }

    private func newRoute() async throws(ConnectionError) -> Route {
        let values = try await fields.values(for: definition.routeNeeds)
        let scope = definition.scope(values, environment: environment)
        let route = Route(
            tls: try definition.tls.map { settings throws(ConnectionError) in try tls(settings, scope) },
            proxy: try definition.proxy.flatMap { template throws(ConnectionError) in try proxy(template, scope) }
        )
        let until = clock.now() + Self.lifetime
        kept.withLock { $0 = (route, until) }
        return route
    }

    private func proxy(_ template: Template, _ scope: Scope) throws(ConnectionError) -> Route.Proxy? {
        guard let text = try text(template, "proxy", scope) else { return nil }
        guard let proxy = Route.Proxy(text) else {
            throw ConnectionError(
                .configuration,
                "`proxy` of the connection `\(definition.name)` must be of the form http://host:port"
            )
        }
        if let credentials = proxy.credentials { redactor.add(credentials.password) }
        return proxy
    }

    private func tls(_ settings: TLSSettings, _ scope: Scope) throws(ConnectionError) -> TLSConfiguration {
        var configuration = TLSConfiguration.makeClientConfiguration()
        configuration.minimumTLSVersion = .tlsv12
        switch try text(settings.minimumVersion, "tls.minimum_version", scope) {
        case nil, "1.2"?: break
        case "1.3"?: configuration.minimumTLSVersion = .tlsv13
        case let other?:
            throw failure("minimum_version", "`\(other.prefix(10))` is neither `1.2` nor `1.3`")
        }
        if let pem = try pem(settings.authorities, "ca", scope) {
            configuration.trustRoots = .certificates(try certificates(pem, "ca"))
        }
        guard let chain = try pem(settings.certificate, "certificate", scope) else { return configuration }
        guard let key = try pem(settings.key, "key", scope) else {
            throw failure("key", "there is a certificate, but no key to it")
        }
        configuration.certificateChain = try certificates(chain, "certificate").map { .certificate($0) }
        do {
            configuration.privateKey = .privateKey(try NIOSSLPrivateKey(bytes: Array(key.utf8), format: .pem))
        } catch {
            throw failure("key", "this is no private key in PEM without a passphrase")
        }
        return configuration
    }

    private func certificates(_ pem: String, _ what: String) throws(ConnectionError) -> [NIOSSLCertificate] {
        do {
            let found = try NIOSSLCertificate.fromPEMBytes(Array(pem.utf8))
            if !found.isEmpty { return found }
        } catch {
            // What the library says of it helps nobody; the message below does.
        }
        throw failure(what, "this is no certificate in PEM (-----BEGIN CERTIFICATE-----)")
    }

    /// PEM as it stands, or what the file of that name holds.
    private func pem(_ template: Template?, _ what: String, _ scope: Scope) throws(ConnectionError) -> String? {
        guard let text = try text(template, "tls.\(what)", scope) else { return nil }
        guard !text.contains("-----BEGIN ") else { return text.replacing("\\n", with: "\n") }
        return try resolver.contents(ofFile: text, for: "`tls.\(what)` of the connection `\(definition.name)`")
    }

    private func text(_ template: Template?, _ what: String, _ scope: Scope) throws(ConnectionError) -> String? {
        guard let template else { return nil }
        do {
            let text = try template.text(in: scope)
            return text.isEmpty ? nil : text
        } catch {
            throw ConnectionError(
                .configuration,
                "`\(what)` of the connection `\(definition.name)`: \(error.description)"
            )
        }
    }

    private func failure(_ what: String, _ reason: String) -> ConnectionError {
        ConnectionError(.configuration, "`tls.\(what)` of the connection `\(definition.name)`: \(reason)")
    }
}
