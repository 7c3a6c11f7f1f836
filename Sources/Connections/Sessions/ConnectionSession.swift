public import CEL
import Recipe
import Schedule
import Store
import Synchronization

/// One connection in use: all jobs of the process that name it share its session, its token and its limits.
public final class ConnectionSession: Sendable {
    /// What sessions of one process have in common.
    struct Services: Sendable {
        let courier: Courier
        let environment: Value
        let clock: any WallClock
        /// The keeper of an identity's token.
        let keeper: @Sendable (_ identity: String, _ connection: String, any Renewer) -> (TokenKeeper, isNew: Bool)
        let store: any Store
        let resolver: SecretResolver
    }

    let definition: Definition
    let fields: FieldValues
    let limits: RequestLimits
    let services: Services
    let judge: SignalJudge
    let route: RouteResolver
    let digestMemory = DigestMemory()
    let circuit: Circuit
    private let keeping = Mutex<TokenKeeper?>(nil)
    private let lastGroundwork = Mutex<Groundwork?>(nil)

    init(_ definition: Definition, fields: FieldValues, limits: RequestLimits, services: Services) {
        self.definition = definition
        self.fields = fields
        self.limits = limits
        self.services = services
        judge = SignalJudge(definition.authorization, isRenewable: definition.isRenewable)
        circuit = Circuit(connection: definition.name, clock: services.clock)
        route = RouteResolver(
            definition,
            fields: fields,
            environment: services.environment,
            resolver: services.resolver,
            redactor: services.courier.redactor,
            clock: services.clock
        )
    }

    /// The connection's name.
    public var name: String { definition.name }

    /// Says that the server wants no request for a time; moments are those of one monotonic clock.
    ///
    /// Without a connection each URL is another server, and nothing is held.
    public func hold(for length: Duration, after turn: RequestTurn, now: Duration) {
        if definition.connector != nil { limits.hold.extend(by: length, after: turn, now: now) }
    }

    /// How long the server still wants no request; nil when it takes one.
    public func held(_ turn: RequestTurn, now: Duration) -> Duration? { limits.hold.remaining(of: turn, now: now) }

    /// The `connection` variable of recipes: the fields that are no secrets, and the keys that acquire returned and that are `public:`.
    public func visible() async throws(ConnectionError) -> Value {
        guard let connector = definition.connector else { return .map(ValueMap()) }
        let values = try await fields.values(for: FieldNeeds(definition.plainFields))
        var result = ValueMap()
        for name in definition.plainFields { result[name] = values[name] ?? .null }
        guard !connector.publicKeys.isEmpty, definition.isRenewable else { return .map(result) }
        for entry in try await keeper().currentToken()?.bag ?? ValueMap() where !connector.isSecret(entry.key.text) {
            result[entry.key] = entry.value
        }
        return .map(result)
    }

    /// Acquires or renews the token now, where the next request would have to wait for that.
    ///
    /// Without an error: the request meets the same, and says so.
    public func prepare() async {
        guard definition.isRenewable else { return }
        _ = try? await groundwork()
    }

    /// Sends the connection's `test:` request.
    ///
    /// Throws a failure for anything but what the request expects.
    public func test() async throws(RequestFailure) -> Response {
        guard let test = definition.test else {
            throw RequestFailure(
                .configuration,
                "the connection `\(name)` has no `test:`; add one, for example `test: { get: /me }`"
            )
        }
        let label = test.method.token
        let request: PreparedRequest
        do {
            let needs = definition.sendNeeds.union(FieldNeeds(test.expressions))
            let bag = try await credentials(needs).bag
            request = try PreparedRequest(test, scope: definition.scope(bag, environment: services.environment))
        } catch let error as ConnectionError {
            throw RequestFailure(error, request: label)
        } catch {
            throw RequestFailure(.configuration, "\(label): \(redact("\(error)"))")
        }
        let response = try await send(request)
        switch test.expect {
        case .statuses(let ranges):
            if ranges.contains(where: { $0.contains(response.status) }) { return response }
        case .condition(let condition):
            let scope = Scope(["response": response.value, "env": services.environment])
            if (try? condition.evaluate(in: scope)) == .bool(true) { return response }
        }
        var message = "\(label) \(response.host): the server answered \(response.status)"
        if response.renewalDidNotHelp { message += ", also with a renewed token; check what this credential may do" }
        if let hint = response.hint { message += "; \(hint)" }
        throw RequestFailure(
            .response(response.status),
            message,
            status: response.status,
            response: response
        )
    }

    /// Renews the token now, whatever its state; ends `needs_attention`.
    public func renew() async throws(ConnectionError) {
        guard definition.isRenewable else {
            throw ConnectionError(
                .configuration,
                "the connection `\(name)` acquires no token, so there is nothing to renew"
            )
        }
        try await keeper().renewNow()
    }

    /// Gives the token back to the server, where that is possible (RFC 7009), and forgets it here.
    ///
    /// What was done. Throws when the server did not take it: then the token is kept, since it is still good.
    public func revoke() async throws(ConnectionError) -> Revocation {
        let keeper = try await keeper()
        guard let token = try await keeper.currentToken() else { return .nothing }
        let isRevoked: Bool
        do {
            isRevoked = try await exchanger().revoke(token.bag)
        } catch let problem as RenewalProblem {
            throw ConnectionError(.cooling, "the token of `\(name)` was not revoked: \(problem.message)")
        } catch let error as ConnectionError {
            throw error
        } catch {
            throw .cancelled
        }
        try await keeper.forget()
        return isRevoked ? .revoked : .forgotten
    }

    /// See `ConnectionManager.learnSecrets`; what cannot be read is not known.
    func learnSecrets() async {
        _ = await fields.cheapSecrets(.everything)
        guard definition.isRenewable, let exchanger = try? await exchanger(),
            let record = try? await services.store.token(exchanger.identity), let token = Token(record)
        else { return }
        exchanger.learn(token.bag)
    }

    // MARK: Credentials

    /// What a request can be given.
    struct Credentials: Sendable {
        /// What expressions read as `connection`: the fields, and over them what acquire and refresh returned.
        let bag: ValueMap
        /// The token in it; nil when there is none.
        let token: Token?
        /// Who keeps that token; nil where the connection has none.
        let keeper: TokenKeeper?
        /// The state of the fields in it.
        let revision: Int

        init(_ fields: (values: ValueMap, revision: Int), _ token: Token? = nil, from keeper: TokenKeeper? = nil) {
            bag = token.map { fields.values.merging($0.bag) } ?? fields.values
            revision = fields.revision
            self.token = token
            self.keeper = keeper
        }
    }

    /// The bag that `base_uri` and `apply` read, and the token in it.
    func credentials(_ needs: FieldNeeds) async throws(ConnectionError) -> Credentials {
        let fields = try await fields.revised(needs)
        guard definition.isRenewable else { return Credentials(fields) }
        let keeper = try await keeper()
        if let token = keeper.fresh(now: services.clock.now()) { return Credentials(fields, token, from: keeper) }
        let isEager = definition.authorization?.acquireWhen == .eager
        let isNeeded = isEager && definition.applyNeeds.names.contains { (fields.values[$0] ?? .null).isNull }
        return Credentials(fields, try await keeper.token(isNeeded: isNeeded), from: keeper)
    }

    func keptGroundwork() -> Groundwork? { lastGroundwork.withLock { $0 } }

    func keep(_ groundwork: Groundwork) { lastGroundwork.withLock { $0 = groundwork } }

    /// The keeper of this connection's token; who that is depends on the values of the plain fields.
    func keeper() async throws(ConnectionError) -> TokenKeeper {
        if let keeper = keeping.withLock({ $0 }) { return keeper }
        return try await newKeeper()
    }

    private func newKeeper() async throws(ConnectionError) -> TokenKeeper {
        let exchanger = try await exchanger()
        let identity = exchanger.identity
        let (keeper, isNew) = services.keeper(identity, definition.name, exchanger)
        // The file was read again: what stood in the way may be mended.
        if !isNew { await keeper.redefine(exchanger) }
        return keeping.withLock { kept in
            let result = kept ?? keeper
            kept = result
            return result
        }
    }

    func exchanger() async throws(ConnectionError) -> Exchanger {
        Exchanger(
            definition: definition,
            fields: fields,
            identity: try await identity(),
            environment: services.environment,
            courier: services.courier,
            route: route
        )
    }

    /// Who its token belongs to, as the store files it; nil where a program would have to be run to tell, or a field cannot be read.
    public func knownIdentity() async -> String? {
        guard fields.isCheap(FieldNeeds(definition.plainFields)) else { return nil }
        return try? await identity()
    }

    func identity() async throws(ConnectionError) -> String {
        definition.identity(try await fields.values(for: FieldNeeds(definition.plainFields)))
    }

    func redact(_ text: String) -> String { services.courier.redactor.redact(text) }
}

/// What became of a token that is not wanted any more.
public enum Revocation: Sendable, Hashable {
    /// The server knows that it is void.
    case revoked
    /// It is forgotten here; the connector says no way to tell the server.
    case forgotten
    /// There was none.
    case nothing
}
