import CEL
import Recipe

/// What the requests of a session have in common while its fields and its token stay the same; worked out once for all of them.
final class Groundwork: Sendable {
    /// The state of the fields that it was made of.
    let revision: Int
    /// The token in it; nil when there is none.
    let token: Token?
    /// Who says whether that token may still be used.
    let keeper: TokenKeeper?
    /// What relative URLs are joined to.
    let base: BaseURI?
    /// Where its credential may go.
    let guarding: OriginGuard
    /// What each request gets.
    let applier: Applier?

    /// Evaluates `base_uri`, and `apply` where it is the same for every request.
    init(
        _ definition: Definition,
        _ credentials: ConnectionSession.Credentials,
        environment: Value,
        memory: DigestMemory
    ) throws(ConnectionError) {
        let scope = definition.scope(credentials.bag, environment: environment)
        revision = credentials.revision
        token = credentials.token
        keeper = credentials.keeper
        base = try definition.baseURI(in: scope)
        guarding = OriginGuard(definition, base: base?.origin)
        applier = definition.authorization?.apply.map { apply in
            Applier(
                apply: apply,
                connection: definition.name,
                scope: scope,
                kind: definition.applyKind,
                memory: memory
            )
        }
    }
}

extension Groundwork {
    /// A request that was sent with its token was a success; costs nothing unless the token is on probation.
    func noteSuccess() async {
        guard let token, let keeper, keeper.wantsProof else { return }
        await keeper.prove(token.generation)
    }
}

extension ConnectionSession {
    /// The groundwork for a request that begins now: the last one's, or a new one.
    func groundwork() async throws(ConnectionError) -> Groundwork {
        if let kept = keptGroundwork(), kept.revision == fields.revision {
            guard definition.isRenewable else { return kept }
            if let token = kept.token, kept.keeper?.isFresh(token, now: services.clock.now()) == true { return kept }
        }
        return try groundwork(with: try await credentials(definition.sendNeeds))
    }

    /// The groundwork for given credentials, kept for the requests after this one.
    func groundwork(with credentials: Credentials) throws(ConnectionError) -> Groundwork {
        let result = try Groundwork(
            definition,
            credentials,
            environment: services.environment,
            memory: digestMemory
        )
        if definition.isBaseFixed { keep(result) }
        return result
    }
}
