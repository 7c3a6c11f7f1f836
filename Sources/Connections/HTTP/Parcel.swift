import Recipe
import Schedule

/// A request on its way to one server, with all that `apply` adds but its signature.
///
/// A class: it is large, and a request holds it as long as it is under way.
final class Parcel: Sendable {
    let request: PreparedRequest
    /// Where it goes.
    let target: Target
    /// The same without what `apply` adds to its query.
    let plainTarget: Target
    /// The URL as it is sent.
    let url: String
    let route: Route?
    let headers: [(String, String)]
    let body: [UInt8]?
    /// The body, where there are files in it.
    let pieces: [BodyPiece]?
    private let signature: RequestSignature?
    /// False once a redirect has led away from the connection's servers: nothing that follows is trusted again.
    private let keepsCredentials: Bool

    /// Packs a request, and what its connection adds to it.
    init(
        _ request: PreparedRequest,
        to target: Target,
        over route: Route? = nil,
        with additions: Additions?,
        keepsCredentials: Bool = true
    ) {
        self.request = request
        self.route = route
        self.keepsCredentials = keepsCredentials
        plainTarget = target
        var target = target
        additions?.apply(to: &target)
        if case .aws? = additions?.signature { target.spellQueryStrictly() }
        self.target = target
        url = target.url
        var headers = request.headers
        // Whatever names a credential may have, a stranger needs only these.
        if !keepsCredentials { headers.removeAll { !Self.harmlessHeaders.contains($0.0.lowercased()) } }
        additions?.apply(to: &headers)
        let content = additions?.apply(to: request.body, of: request.method) ?? request.body
        let (bytes, contentType) = Courier.encode(content)
        if case .multipart(let form) = content, bytes == nil { pieces = form.pieces } else { pieces = nil }
        func has(_ name: String) -> Bool { headers.contains { $0.0.isFieldName(name) } }
        if case .multipart = request.body { headers.removeAll { $0.0.isFieldName("content-type") } }
        if let contentType, !has("content-type") { headers.append(("Content-Type", contentType)) }
        if !has("accept") {
            let isPlain = request.format == .text || request.format == .bytes
            headers.append(("Accept", isPlain ? "*/*" : "application/json, */*;q=0.8"))
        }
        self.headers = headers
        body = bytes
        signature = additions?.signature
    }

    /// Packs a request with its own query and what `applier` adds.
    @inline(never)
    convenience init(
        _ request: PreparedRequest,
        asTo target: Target,
        over route: Route?,
        applying applier: Applier?
    ) throws(RequestFailure) {
        var target = target
        target.add(request.query)
        try self.init(request, to: target, over: route, applying: applier, keepsCredentials: true)
    }

    /// Packs a request with what `applier` adds to it, where credentials may go along.
    private convenience init(
        _ request: PreparedRequest,
        to target: Target,
        over route: Route?,
        applying applier: Applier?,
        keepsCredentials: Bool
    ) throws(RequestFailure) {
        let additions: Additions?
        do {
            additions = keepsCredentials ? try applier?.additions(for: request, to: target) : nil
        } catch {
            throw RequestFailure(error, request: Self.label(request, target))
        }
        self.init(request, to: target, over: route, with: additions, keepsCredentials: keepsCredentials)
    }

    private static let harmlessHeaders: Set<String> = ["accept", "accept-language", "accept-encoding", "user-agent"]

    /// The URL as people may see it.
    var urlWithoutQuery: String { target.query == nil ? url : plainTarget.urlWithoutQuery }

    /// How messages name the request.
    var label: String { Self.label(request, plainTarget) }

    private static func label(_ request: PreparedRequest, _ target: Target) -> String {
        "\(request.method.token) \(target.origin.hostAndPort)"
    }

    /// The header fields, the signature of this moment among them.
    func signedHeaders(now: Instant) throws(RequestFailure) -> [(String, String)] {
        guard let signature else { return headers }
        guard pieces == nil else {
            throw RequestFailure(
                .configuration,
                "\(label): a file cannot be sent through a connection that signs bodies; give its `content`"
            )
        }
        var headers = headers
        let (method, body) = (request.method.token, body ?? [])
        switch signature {
        case .aws(let signature):
            signature.sign(&headers, method: method, target: target, body: body, now: now)
        case .digest(let credentials, let memory):
            let value = memory.authorization(credentials, method: method, target: target, body: body)
            if let value { headers.append(("Authorization", value)) }
        }
        return headers
    }

    /// Whether the answer is a challenge that the next signature can meet.
    func takesChallenge(of answer: IncomingResponse) -> Bool {
        guard case .digest(_, let memory)? = signature else { return false }
        return memory.take(answer)
    }

    /// Why no signature meets the challenge in an answer; nil where one does, or none is asked for.
    func obstacle(in answer: IncomingResponse) -> String? {
        guard case .digest? = signature, answer.status == 401, DigestChallenge(headers: answer.headers) == nil
        else { return nil }
        return DigestChallenge.explanation(of: answer.headers)
    }

    /// Where the answer redirects to, if that is to be followed.
    func redirection(in answer: IncomingResponse) -> String? {
        guard (300...399).contains(answer.status), request.redirects == .follow, answer.status != 304,
            answer.status != 300, request.method == .get || request.method == .head
        else { return nil }
        return answer.header("location")
    }

    /// The request to the place that an answer redirects to.
    ///
    /// - Parameter permits: whether credentials may go to an origin.
    @inline(never)
    func redirected(
        to location: String,
        by status: Int,
        applying applier: Applier?,
        _ permits: (Origin) -> Bool
    ) throws(RequestFailure) -> Parcel {
        var target: Target
        do {
            target = try plainTarget.redirected(to: location)
        } catch {
            throw RequestFailure(.network, "\(label): \(status) redirects to a place that cannot be requested")
        }
        let keepsCredentials = keepsCredentials && permits(target.origin)
        // A server that keeps the query of what it was asked would send the credential on.
        if !keepsCredentials, let additions = try? applier?.additions(for: request, to: plainTarget) {
            for (name, value) in additions.query { target.removeQuery(named: name, value: value) }
        }
        return try Parcel(
            request,
            to: target,
            over: keepsCredentials ? route : route?.withoutCertificate,
            applying: applier,
            keepsCredentials: keepsCredentials
        )
    }
}
