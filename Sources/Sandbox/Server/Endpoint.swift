import Hummingbird

/// One method and path that the sandbox answers.
struct Endpoint: Sendable {
    enum Operation: Sendable {
        case token, revokeToken, introspectToken
        case me, issues, searchIssues, issue, campaigns, sendMessage, listMessages
        case basicMe, keyMe, logIn, sessionMe
        case health, echo, file
        case statistics, reset, expire
    }

    /// What a request must bring before the operation is performed.
    enum Access: Sendable {
        case open, bearer, basic, apiKey
    }

    /// The place in `all`, under which its requests are counted.
    let index: Int
    /// The name that the statistics use, such as `GET /api/v5/me`.
    let name: String
    let method: HTTPRequest.Method
    let path: String
    let operation: Operation
    let access: Access

    /// The sandbox's own controls are neither counted nor faulted: reading the statistics must not change them.
    var isControl: Bool {
        switch operation {
        case .statistics, .reset, .expire: true
        default: false
        }
    }

    /// Every endpoint; paths are without the slash at the end, which a request may have.
    static let all: [Endpoint] = {
        let apiMethods: [HTTPRequest.Method] = [.get, .post, .put, .patch, .delete]
        let echoes = apiMethods.map { ($0, "/echo", Operation.echo, Access.open) }
        let table: [(HTTPRequest.Method, String, Operation, Access)] =
            [
                (.post, "/oauth/token", .token, .open),
                (.post, "/oauth2/token", .token, .open),
                (.post, "/token", .token, .open),
                (.post, "/auth/v5/token", .token, .open),
                (.post, "/oauth/revoke", .revokeToken, .open),
                (.post, "/oauth/introspect", .introspectToken, .open),
                (.get, "/api/v5/me", .me, .bearer),
                (.get, "/api/v5/issues", .issues, .bearer),
                (.post, "/api/v5/issues/search", .searchIssues, .bearer),
                (.get, "/api/v5/issues/:id", .issue, .bearer),
                (.get, "/api/v5/campaign", .campaigns, .bearer),
                (.post, "/api/v5/messages", .sendMessage, .bearer),
                (.get, "/api/v5/messages", .listMessages, .bearer),
                (.get, "/basic/me", .basicMe, .basic),
                (.get, "/key/me", .keyMe, .apiKey),
                (.post, "/session/login", .logIn, .open),
                (.get, "/session/me", .sessionMe, .open),
                (.post, "/session/me", .sessionMe, .open),
                (.get, "/health", .health, .open),
                (.get, "/file", .file, .open),
                (.get, "/_stats", .statistics, .open),
                (.post, "/_reset", .reset, .open),
                (.post, "/_expire", .expire, .open),
            ] + echoes
        return table.enumerated().map { index, row in
            Endpoint(
                index: index,
                name: "\(row.0.rawValue) \(row.1)",
                method: row.0,
                path: row.1,
                operation: row.2,
                access: row.3
            )
        }
    }()

    /// What a method and a path lead to.
    enum Resolution {
        case found(Endpoint, id: Substring?)
        case wrongMethod(allowed: [HTTPRequest.Method])
        case notFound
    }

    private static let byPath = Dictionary(grouping: all, by: \.path)
    private static let itemPrefix = "/api/v5/issues/"

    /// Finds the endpoint; HEAD is answered as GET is (RFC 9110 section 9.3.2).
    static func resolve(_ method: HTTPRequest.Method, path: String) -> Resolution {
        var path = path[...]
        if path.utf8.count > 1, path.utf8.last == UInt8(ascii: "/") { path.removeLast() }
        var id: Substring?
        var candidates = byPath[String(path)]
        if candidates == nil, path.hasPrefix(itemPrefix) {
            id = path.dropFirst(itemPrefix.count)
            candidates = byPath["/api/v5/issues/:id"]
        }
        guard let candidates else { return .notFound }
        let asked: HTTPRequest.Method = method == .head ? .get : method
        guard let endpoint = candidates.first(where: { $0.method == asked }) else {
            return .wrongMethod(allowed: candidates.map(\.method))
        }
        return .found(endpoint, id: id)
    }
}
