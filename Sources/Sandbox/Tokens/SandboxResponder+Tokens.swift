import HTTPTypes
import Hummingbird
import NIOCore
import Synchronization

extension SandboxResponder {
    /// The token endpoint, RFC 6749 sections 4.4 and 6.
    func token(_ call: Call) async -> Response {
        do throws(OAuthError) {
            let form = try await clientForm(call)
            if state.configuration.tokenLatency > .zero {
                // A sandbox that stops cuts the wait short.
                try? await state.time.sleep(state.configuration.tokenLatency)
            }
            let grant: TokenLedger.Grant
            switch form["grant_type"] {
            case "client_credentials":
                grant = state.tokens.withLock {
                    $0.grantClientCredentials(scope: form["scope"], at: state.time.now())
                }
            case "refresh_token":
                guard let refreshToken = form["refresh_token"] else {
                    throw OAuthError(.invalidRequest, "refresh_token is missing")
                }
                grant = try state.tokens.withLock { ledger throws(OAuthError) in
                    try ledger.refresh(refreshToken, scope: form["scope"], at: state.time.now())
                }
            case nil:
                throw OAuthError(.invalidRequest, "grant_type is missing")
            case .some:
                throw OAuthError(.unsupportedGrantType, "use client_credentials or refresh_token")
            }
            return .json(Self.json(grant), headers: Self.notStored)
        } catch {
            return Self.response(to: error)
        }
    }

    /// Token revocation, RFC 7009: 200 whether the token was known or not.
    func revokeToken(_ call: Call) async -> Response {
        do throws(OAuthError) {
            let token = try await presentedToken(call)
            state.tokens.withLock { $0.revoke(token) }
            return Response(status: .ok)
        } catch {
            return Self.response(to: error)
        }
    }

    /// Token introspection, RFC 7662, of access tokens.
    func introspectToken(_ call: Call) async -> Response {
        do throws(OAuthError) {
            let token = try await presentedToken(call)
            let now = state.time.now()
            guard let known = state.tokens.withLock({ $0.accessToken(token, at: now) }) else {
                return .json(["active": false], headers: Self.notStored)
            }
            let wall = TimeSource.wallMicroseconds() / 1_000_000
            var members: [(String, JSONValue)] = [
                ("active", true),
                ("client_id", .string(DemoClient.id)),
                ("token_type", "bearer"),
                ("exp", .int(Int(wall + (known.expiry - now).components.seconds))),
            ]
            if let scope = known.scope { members.append(("scope", .string(scope))) }
            return .json(.object(members), headers: Self.notStored)
        } catch {
            return Self.response(to: error)
        }
    }

    private func presentedToken(_ call: Call) async throws(OAuthError) -> String {
        guard let token = try await clientForm(call)["token"] else {
            throw OAuthError(.invalidRequest, "token is missing")
        }
        return token
    }

    /// The form that a request carries, once its client has proved who it is.
    private func clientForm(_ call: Call) async throws(OAuthError) -> FormFields {
        let contentType = call.request.headers[.contentType] ?? ""
        guard contentType.lowercased().hasPrefix("application/x-www-form-urlencoded") else {
            throw OAuthError(.invalidRequest, "the body must be application/x-www-form-urlencoded")
        }
        guard let body = await call.body(), let form = FormFields(String(buffer: body)) else {
            throw OAuthError(.invalidRequest, "the body is not a form")
        }
        if let name = form.repeatedName {
            throw OAuthError(.invalidRequest, "\(name) is given more than once")
        }
        try DemoClient.authenticate(header: call.request.headers[.authorization], form: form)
        return form
    }

    /// RFC 6749 section 5.1: an answer with a token must not be kept by anyone on the way.
    private static let notStored: HTTPFields = [.cacheControl: "no-store"]

    private static func json(_ grant: TokenLedger.Grant) -> JSONValue {
        var members: [(String, JSONValue)] = [
            ("access_token", .string(grant.accessToken)),
            ("token_type", "bearer"),
            ("expires_in", .int(Int(grant.lifetime.components.seconds))),
        ]
        if let refreshToken = grant.refreshToken { members.append(("refresh_token", .string(refreshToken))) }
        if let scope = grant.scope { members.append(("scope", .string(scope))) }
        return .object(members)
    }

    private static func response(to error: OAuthError) -> Response {
        var headers = notStored
        var status = HTTPResponse.Status.badRequest
        if error.code == .invalidClient {
            status = .unauthorized
            headers[.wwwAuthenticate] = #"Basic realm="sandbox""#
        }
        return .json(
            ["error": .string(error.code.rawValue), "error_description": .string(error.description)],
            status: status,
            headers: headers
        )
    }
}
