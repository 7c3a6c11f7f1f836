import Synchronization

/// The newest challenge of a connection's server: with it further requests need no challenge of their own (RFC 7616 section 3.4.5).
final class DigestMemory: Sendable {
    private struct State {
        var challenge: DigestChallenge?
        var count = 0
    }

    private let state = Mutex(State())

    /// The value of `Authorization` for a request; nil until the server has challenged one.
    func authorization(
        _ credentials: DigestCredentials,
        method: String,
        target: Target,
        body: [UInt8]
    ) -> String? {
        let next = state.withLock { state -> (DigestChallenge, Int)? in
            guard let challenge = state.challenge else { return nil }
            state.count += 1
            return (challenge, state.count)
        }
        guard let (challenge, count) = next else { return nil }
        var system = SystemRandomNumberGenerator()
        let random = (0..<16).map { _ in UInt8.random(in: .min ... .max, using: &system) }
        return challenge.authorization(
            username: credentials.username,
            password: credentials.password,
            method: method,
            uri: target.requestTarget,
            body: body,
            count: count,
            clientNonce: random.hexadecimal
        )
    }

    /// Takes the challenge of a 401; false when there is none that can be answered.
    func take(_ answer: IncomingResponse) -> Bool {
        guard answer.status == 401, let challenge = DigestChallenge(headers: answer.headers) else { return false }
        state.withLock { state in
            // The count belongs to the nonce.
            if state.challenge?.nonce != challenge.nonce { state.count = 0 }
            state.challenge = challenge
        }
        return true
    }
}

/// A user of HTTP Digest.
struct DigestCredentials: Sendable {
    let username: String
    let password: String
}
