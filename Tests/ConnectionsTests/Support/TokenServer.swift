import Synchronization
import TestSupport

/// Gives tokens and checks them; counts what it gave.
final class TokenServer: Sendable {
    struct State {
        var issued = 0
        var good: Set<String> = []
        var refreshTokens: Set<String> = []
        var reused = 0
        var refreshed = 0
    }

    let state = Mutex(State())
    let lifetime: Int?
    let rotates: Bool
    /// Answers instead of a token while it is not nil.
    let fault = Mutex<ScriptedServer.Reply?>(nil)
    /// Answers `/me` instead of what the token deserves.
    let refusal = Mutex<ScriptedServer.Reply?>(nil)
    let delay: Duration
    /// Token requests are not answered while it is true.
    let isHeld = Mutex(false)

    init(lifetime: Int? = nil, rotates: Bool = false, delay: Duration = .zero) {
        self.lifetime = lifetime
        self.rotates = rotates
        self.delay = delay
    }

    var issued: Int { state.withLock { $0.issued } }

    /// All tokens given so far are good no more.
    func expireAll() { state.withLock { $0.good = [] } }

    func answer(_ request: ScriptedServer.Request) async -> ScriptedServer.Reply {
        request.path == "/token" ? await token(request) : resource(request)
    }

    private func token(_ request: ScriptedServer.Request) async -> ScriptedServer.Reply {
        if delay > .zero { try? await Task.sleep(for: delay) }
        while isHeld.withLock({ $0 }) { try? await Task.sleep(for: .milliseconds(2)) }
        let isRefresh = request.body.contains("grant_type=refresh_token")
        if let fault = fault.withLock({ $0 }) { return fault }
        return state.withLock { state in
            if isRefresh {
                let given = request.body.split(separator: "&").first { $0.hasPrefix("refresh_token=") }?.dropFirst(14)
                guard let given, state.refreshTokens.remove(String(given)) != nil else {
                    state.reused += 1
                    return .json(#"{"error":"invalid_grant","error_description":"unknown refresh token"}"#, status: 400)
                }
                state.refreshed += 1
                if !rotates { state.refreshTokens.insert(String(given)) }
            }
            state.issued += 1
            let access = "access-token-\(state.issued)"
            state.good.insert(access)
            var fields = [#""access_token":"\#(access)""#, #""token_type":"Bearer""#]
            if let lifetime { fields.append(#""expires_in":\#(lifetime)"#) }
            if rotates || !isRefresh {
                let refresh = "refresh-token-\(state.issued)"
                state.refreshTokens.insert(refresh)
                fields.append(#""refresh_token":"\#(refresh)""#)
            }
            return .json("{\(fields.joined(separator: ","))}")
        }
    }

    private func resource(_ request: ScriptedServer.Request) -> ScriptedServer.Reply {
        if let refusal = refusal.withLock({ $0 }) { return refusal }
        let token = request.header("authorization")?.dropFirst("Bearer ".count)
        let isGood = state.withLock { state in token.map { state.good.contains(String($0)) } ?? false }
        return isGood ? .json(#"{"ok":true}"#) : .json(#"{"ok":false}"#, status: 401)
    }
}
