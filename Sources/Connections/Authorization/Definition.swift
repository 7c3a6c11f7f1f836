import CEL
import Crypto
import Recipe

/// What a session needs of a connection and its connector, prepared once.
///
/// A class: it is large, and what suspended requests hold copies of, they hold in memory.
final class Definition: Sendable {
    let name: String
    let connector: Connector?
    let fields: [(name: String, source: FieldSource)]
    let baseURI: Template?
    let test: HTTPAction?
    let tls: TLSSettings?
    let proxy: Template?
    let allowedOrigins: Set<Origin>
    let allowsPlainHTTP: Bool
    let rateLimit: RateLimit?
    let maxConcurrency: Int?
    let renewTimeout: Duration
    /// A token can be acquired or refreshed.
    let isRenewable: Bool

    /// What `base_uri` and `apply` read.
    let sendNeeds: FieldNeeds
    /// What `acquire`, `refresh` and `base_uri` read.
    let exchangeNeeds: FieldNeeds
    /// What `apply` reads, of which acquire may bring a part.
    let applyNeeds: FieldNeeds
    /// What `revoke` reads.
    let revokeNeeds: FieldNeeds
    /// What `tls` and `proxy` read.
    let routeNeeds: FieldNeeds
    /// What a person's sign-in reads before it.
    let signInNeeds: FieldNeeds
    /// What `apply` depends on.
    let applyKind: Applier.Kind
    /// `base_uri` is the same until a field or the token changes.
    let isBaseFixed: Bool

    init(_ connection: Connection) {
        name = connection.name
        connector = connection.connector
        fields = connection.fields
        baseURI = connection.effectiveBaseURI
        test = connection.effectiveTest
        tls = connection.effectiveTLS
        proxy = connection.effectiveProxy
        allowedOrigins = Set(connection.allowedOrigins.compactMap { Origin($0) })
        allowsPlainHTTP = connection.allowsPlainHTTP
        rateLimit = connection.rateLimit
        maxConcurrency = connection.maxConcurrency
        renewTimeout = connection.renewTimeout
        let authorization = connection.connector.authorization
        isRenewable = authorization.acquire != nil || authorization.refresh != nil
        let base = FieldNeeds(connection.effectiveBaseURI?.expressions ?? [])
        let applied = authorization.apply?.expressions ?? []
        applyNeeds = FieldNeeds(applied)
        applyKind =
            if applied.contains(where: { $0.program.references.contains { $0.path.first == "request" } }) {
                .request
            } else {
                applied.allSatisfy(\.program.isPure) ? .fixed : .moment
            }
        isBaseFixed = connection.effectiveBaseURI?.expressions.allSatisfy(\.program.isPure) ?? true
        routeNeeds = FieldNeeds((tls?.expressions ?? []) + (proxy?.expressions ?? []))
        signInNeeds = FieldNeeds(authorization.signIn?.expressions ?? []).union(base)
        sendNeeds = base.union(applyNeeds)
        exchangeNeeds = base.union(FieldNeeds(authorization.acquire?.expressions ?? []))
            .union(FieldNeeds(authorization.refresh?.expressions ?? []))
        revokeNeeds = base.union(FieldNeeds(authorization.revoke?.expressions ?? []))
    }

    /// No connection at all: whole URLs, no credential.
    init() {
        name = "none"
        connector = nil
        fields = []
        baseURI = nil
        test = nil
        tls = nil
        proxy = nil
        allowedOrigins = []
        allowsPlainHTTP = true
        rateLimit = nil
        maxConcurrency = nil
        renewTimeout = Defaults.renewTimeout
        isRenewable = false
        sendNeeds = FieldNeeds()
        exchangeNeeds = FieldNeeds()
        applyNeeds = FieldNeeds()
        routeNeeds = FieldNeeds()
        revokeNeeds = FieldNeeds()
        signInNeeds = FieldNeeds()
        applyKind = .fixed
        isBaseFixed = true
    }

    var authorization: Authorization? { connector?.authorization }

    /// Something secret may travel with its requests.
    var hasCredential: Bool { authorization?.apply != nil || isRenewable || tls?.certificate != nil }

    /// The names of fields that are no secrets.
    var plainFields: [String] {
        (connector?.fields ?? []).filter { !$0.isSecret }.map(\.name)
    }

    /// Who the token belongs to: the connection's name and its plain fields, the scope among them (DESIGN section 6).
    func identity(_ values: ValueMap) -> String {
        var text = name
        for field in plainFields.sorted() { text += "\u{0}\(field)=\(values[field]?.json() ?? "null")" }
        return SHA256.hash(data: Array(text.utf8)).prefix(16).hexadecimal
    }

    /// What expressions of the connector see.
    func scope(_ bag: ValueMap, environment: Value) -> Scope {
        Scope(["connection": .map(bag), "env": environment])
    }

    /// The same, and as `endpoints` the fields that are URLs, whole: what a signed assertion says about where it goes must not be relative.
    ///
    /// One that is whole already stays as it is written, since servers compare it so.
    func exchangeScope(_ bag: ValueMap, environment: Value) throws(ConnectionError) -> Scope {
        var scope = scope(bag, environment: environment)
        let fields = (connector?.fields ?? []).filter(\.isURL)
        guard !fields.isEmpty else { return scope }
        let base = try baseURI(in: scope)
        var endpoints = ValueMap()
        for field in fields {
            var value = bag[field.name] ?? .null
            if case .string(let text) = value, let base {
                let reference = URLReference(text)
                if reference.scheme == nil { value = .string(reference.resolved(against: base.reference).text) }
            }
            endpoints[field.name] = value
        }
        scope["endpoints"] = .map(endpoints)
        return scope
    }

    /// The base URI that the bag gives; nil when there is none.
    func baseURI(in scope: Scope) throws(ConnectionError) -> BaseURI? {
        guard let baseURI else { return nil }
        let text: String
        do {
            text = try baseURI.text(in: scope)
        } catch {
            throw ConnectionError(.configuration, "`base_uri` of the connection `\(name)`: \(error.description)")
        }
        guard !text.isEmpty else { return nil }
        guard let base = BaseURI(URLReference(text)) else {
            throw ConnectionError(
                .configuration,
                "`base_uri` of the connection `\(name)` must be an absolute http or https URL such as https://api.example.com/, its host in ASCII (`xn--…`)"
            )
        }
        return base
    }
}

/// Tells whether two connections read from files are the same, so that a session may go on.
struct DefinitionKey: Sendable, Hashable {
    private let texts: [String?]
    private let rateLimit: RateLimit?
    private let maxConcurrency: Int?
    private let renewTimeout: Duration

    init(_ connection: Connection) {
        // Templates do not compare; what they give for made-up fields does.
        let names = connection.connector.fields.map { ($0.name, Value.string($0.name)) }
        let probe = Scope(["connection": .map(ValueMap(names)), "env": .map(ValueMap())])
        func text(_ template: Template?) -> String? {
            guard let template else { return nil }
            let sources = template.expressions.map(\.program.source).joined(separator: "\u{0}")
            return ((try? template.text(in: probe)) ?? "") + "\u{0}" + sources
        }
        texts = [
            connection.name, connection.path, connection.connector.path, connection.connector.text,
            connection.place.description, text(connection.baseURI), text(connection.test?.url),
            text(connection.proxy), text(connection.tls?.authorities), text(connection.tls?.certificate),
            text(connection.tls?.key), text(connection.tls?.minimumVersion),
            connection.allowedOrigins.joined(separator: "\u{0}"), "\(connection.allowsPlainHTTP)",
            connection.fields.map { "\($0.name)=\(Self.text($0.source))" }.joined(separator: "\u{0}"),
        ]
        rateLimit = connection.rateLimit
        maxConcurrency = connection.maxConcurrency
        renewTimeout = connection.renewTimeout
    }

    private static func text(_ source: FieldSource) -> String {
        switch source {
        case .literal(let value): "literal \(value.json())"
        case .env(let name, let fallback): "env \(name) \(fallback?.json() ?? "")"
        case .file(let path): "file \(path)"
        case .command(let words): "command \(words.joined(separator: "\u{1}"))"
        case .credential(let name): "credential \(name)"
        case .group(let members): "group " + members.map { "\($0.name)=\(text($0.source))" }.joined(separator: "\u{2}")
        }
    }
}
