public import CEL
import Recipe
import Store

/// A request as it would be sent, with a mask in place of all that is secret.
public struct RequestPreview: Sendable {
    /// The method's token.
    public let method: String
    /// The whole URL.
    public let url: String
    /// The header fields in the order of the message.
    public let headers: [(name: String, value: String)]
    /// The body as text; nil when there is none.
    public let body: String?
    /// The connection would have to acquire a token first.
    public let needsToken: Bool

    /// The same with every text changed.
    public func mapping(_ change: (String) -> String) -> RequestPreview {
        RequestPreview(
            method: method,
            url: change(url),
            headers: headers.map { (change($0.name), change($0.value)) },
            body: body.map(change),
            needsToken: needsToken
        )
    }
}

extension ConnectionSession {
    /// What `send` would send first; sends nothing, acquires nothing, and reads no secret field.
    ///
    /// Throws as `send` does where the request would not go out.
    public func preview(_ request: PreparedRequest) async throws(RequestFailure) -> RequestPreview {
        do {
            return try await masked(request)
        } catch let failure as RequestFailure {
            throw failure
        } catch let error as ConnectionError {
            throw RequestFailure(error, request: request.method.token)
        } catch {
            throw RequestFailure(.configuration, "\(request.method.token): \(redact("\(error)"))")
        }
    }

    /// The `connection` variable of recipes as far as it is known without acquiring anything, and the public keys that are not.
    public func storedVisible() async throws(ConnectionError) -> (value: Value, missing: [String]) {
        guard let connector = definition.connector else { return (.map(ValueMap()), []) }
        var result = try await plainValues()
        var missing: [String] = []
        let bag = connector.publicKeys.isEmpty ? nil : try await storedBag()
        for key in connector.publicKeys.sorted() {
            if let value = bag?[key] { result[key] = value } else { missing.append(key) }
        }
        return (.map(result), missing)
    }

    private func masked(_ request: PreparedRequest) async throws -> RequestPreview {
        let stored = definition.isRenewable ? try await storedBag() : nil
        let bag = try await maskedBag(stored)
        let scope = definition.scope(bag, environment: services.environment)
        let base = try base(bag, stored)
        var target = try Target(request.url, base: base)
        let isElsewhere = target.origin.host == Self.unknownHost
        if base != Self.unknownBase {
            try OriginGuard(definition, base: base?.origin).check(request, to: target)
        }
        target.add(request.query)
        let additions = try definition.authorization?.apply.map { try maskedAdditions($0, scope, request, target) }
        let parcel = Parcel(request, to: target, with: additions)
        var headers = parcel.headers
        for (name, value) in services.courier.transport.ownHeaders
        where !headers.contains(where: { $0.0.lowercased() == name.lowercased() }) {
            headers.append((name, value))
        }
        let origin = parcel.target.origin.description
        let rest = String(parcel.target.url.dropFirst(origin.count))
        let preview = RequestPreview(
            method: request.method.token,
            // Where the API is may have come with a token; every message about a request names it all the same.
            url: (isElsewhere ? "(base_uri)" : origin) + redact(rest),
            headers: headers.map { (name: $0.0, value: redact($0.1)) },
            body: parcel.body.map { redact(String(decoding: $0, as: UTF8.self)) },
            needsToken: definition.isRenewable && stored == nil
        )
        return preview.mapping { $0.replacing(Self.standIn, with: Redactor.mask) }
    }

    private static let unknownHost = "base-uri.invalid"
    private static let unknownBase = BaseURI(URLReference("http://\(unknownHost)/"))

    /// What relative URLs are joined to; `unknownBase` where only a sign-in would tell.
    private func base(_ bag: ValueMap, _ stored: ValueMap?) throws(ConnectionError) -> BaseURI? {
        guard let template = definition.baseURI else { return nil }
        let needs = FieldNeeds(template.expressions)
        let fields = Set(definition.connector?.fields.map(\.name) ?? [])
        if stored == nil, definition.isRenewable, !needs.names.isSubset(of: fields) { return Self.unknownBase }
        return try definition.baseURI(
            in: definition.scope(bag.merging(stored ?? [:]), environment: services.environment)
        )
    }

    /// What stands for a secret until the request is written out: of letters, so that no encoding changes it.
    private static let standIn = "MASKEDsecretMASKED"

    private func plainValues() async throws(ConnectionError) -> ValueMap {
        let values = try await fields.values(for: FieldNeeds(definition.plainFields))
        var result = ValueMap()
        for name in definition.plainFields { result[name] = values[name] ?? .null }
        return result
    }

    /// What acquire and refresh returned last, as the store has it; no keeper begins to renew it.
    private func storedBag() async throws(ConnectionError) -> ValueMap? {
        let exchanger = try await exchanger()
        do {
            guard let record = try await services.store.token(exchanger.identity), let token = Token(record) else {
                return nil
            }
            exchanger.learn(token.bag)
            return token.bag
        } catch {
            throw ConnectionError(error)
        }
    }

    /// The bag that expressions read, with something in place of each secret.
    private func maskedBag(_ stored: ValueMap?) async throws(ConnectionError) -> ValueMap {
        var bag = try await plainValues()
        for field in definition.connector?.fields ?? [] where field.isSecret {
            let members = field.properties.map { ($0.name, Value.string(Self.standIn)) }
            bag[field.name] =
                !fields.isGiven(field.name)
                ? .null : members.isEmpty ? .string(Self.standIn) : .map(ValueMap(members))
        }
        for entry in stored ?? [:] {
            let isSecret = definition.connector?.isSecret(entry.key.text) ?? true
            bag[entry.key] = isSecret ? Self.masking(entry.value) : entry.value
        }
        guard definition.isRenewable, stored == nil else { return bag }
        for name in definition.sendNeeds.names where bag[name] == nil { bag[name] = .string(Self.standIn) }
        return bag
    }

    private func maskedAdditions(
        _ apply: Apply,
        _ scope: Scope,
        _ request: PreparedRequest,
        _ target: Target
    ) throws(ConnectionError) -> Additions {
        // What comes of an expression that reads a secret is as secret, in whatever spelling.
        var masked = apply.replacing { expression in readsSecret(expression) ? Self.standIn : nil }
        masked.signature = nil
        let applier = Applier(
            apply: masked,
            connection: name,
            scope: scope,
            kind: definition.applyKind,
            memory: digestMemory
        )
        var additions = try applier.additions(for: request, to: target)
        if isSecretAsWhole(apply.headers) { additions.headers = additions.headers.map { ($0.0, Self.standIn) } }
        if isSecretAsWhole(apply.query) { additions.query = additions.query.map { ($0.0, Self.standIn) } }
        if isSecretAsWhole(apply.body) {
            additions.body = ValueMap(additions.body.map { ($0.key.text, Value.string(Self.standIn)) })
        }
        switch apply.signature {
        case .awsSigV4?: additions.headers.append(("Authorization", "AWS4-HMAC-SHA256 \(Self.standIn)"))
        case .digest?: additions.headers.append(("Authorization", "Digest \(Self.standIn)"))
        case nil: break
        }
        return additions
    }

    private func isSecretAsWhole(_ template: ValueTemplate?) -> Bool {
        guard case .template? = template else { return false }
        return template?.expressions.contains(where: readsSecret) ?? false
    }

    private func readsSecret(_ expression: Expression) -> Bool {
        let needs = FieldNeeds([expression])
        return needs.isAll || needs.names.contains { definition.connector?.isSecret($0) ?? true }
    }

    private static func masking(_ value: Value) -> Value {
        switch value {
        case .list(let items): .list(items.map(masking))
        case .map(let map): .map(ValueMap(map.map { ($0.key.text, masking($0.value)) }))
        case .null, .bool: value
        default: .string(standIn)
        }
    }
}
