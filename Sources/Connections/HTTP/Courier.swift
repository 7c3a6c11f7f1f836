import CEL
import Recipe
import Schedule

/// Takes a prepared request to its target: writes it out, follows redirects, reads the answer.
struct Courier: Sendable {
    /// At most so many redirects, of GET and HEAD only.
    static let maxRedirects = 5

    let transport: HTTPTransport
    let clock: any WallClock
    let redactor: Redactor

    /// Sends a request.
    ///
    /// - Parameters:
    ///   - applier: left out once a redirect leads where `permits` is false.
    ///   - permits: whether credentials may go to an origin.
    ///   - timeout: for all redirects together.
    func send(
        _ request: PreparedRequest,
        to target: Target,
        over route: Route?,
        applying applier: Applier? = nil,
        timeout: Duration,
        permits: (Origin) -> Bool
    ) async throws(RequestFailure) -> Response {
        let begin = ContinuousClock.now
        var target = target
        var route = route
        target.add(request.query)
        var keepsCredentials = true
        var redirects = 0
        while true {
            var additions: Additions?
            do {
                if keepsCredentials { additions = try applier?.additions(for: request, to: target) }
            } catch {
                throw RequestFailure(error, request: Self.label(request, target))
            }
            let parcel = Parcel(request, target, additions, keepsCredentials: keepsCredentials)
            let deadline = begin + timeout
            var answer = try await exchange(parcel, over: route, until: deadline, timeout)
            var hint: String?
            if case .digest(_, let memory)? = additions?.signature, answer.status == 401 {
                if memory.take(answer) {
                    answer = try await exchange(parcel, over: route, until: deadline, timeout)
                } else {
                    hint = excerpt(DigestChallenge.explanation(of: answer.headers), 200)
                }
            }
            guard (300...399).contains(answer.status), request.redirects == .follow, answer.status != 304,
                answer.status != 300, request.method == .get || request.method == .head,
                let location = answer.header("location")
            else {
                var response = try read(answer, request, target)
                response.hint = hint
                return response
            }
            redirects += 1
            guard redirects <= Self.maxRedirects else {
                let label = Self.label(request, target)
                throw RequestFailure(.network, "\(label): more than \(Self.maxRedirects) redirects")
            }
            do {
                target = try target.redirected(to: location)
            } catch {
                let label = Self.label(request, target)
                throw RequestFailure(
                    .network,
                    "\(label): \(answer.status) redirects to a place that cannot be requested"
                )
            }
            // Once a redirect has left, nothing that it leads to is trusted again.
            if keepsCredentials, !permits(target.origin) {
                keepsCredentials = false
                route = route?.withoutCertificate
            }
        }
    }

    /// How messages name a request.
    private static func label(_ request: PreparedRequest, _ target: Target) -> String {
        "\(request.method.token) \(target.origin.hostAndPort)"
    }

    /// A request with all that `apply` adds, but for its signature.
    struct Parcel {
        let request: PreparedRequest
        let target: Target
        let headers: [(String, String)]
        let body: [UInt8]?
        /// The body, where there are files in it.
        let pieces: [BodyPiece]?
        let signature: RequestSignature?

        init(_ request: PreparedRequest, _ target: Target, _ additions: Additions?, keepsCredentials: Bool) {
            self.request = request
            var target = target
            additions?.apply(to: &target)
            self.target = target
            var headers = request.headers
            // Whatever names a credential may have, a stranger needs only these.
            if !keepsCredentials { headers.removeAll { !Courier.harmlessHeaders.contains($0.0.lowercased()) } }
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
    }

    /// Signs and sends.
    private func exchange(
        _ parcel: Parcel,
        over route: Route?,
        until deadline: ContinuousClock.Instant,
        _ timeout: Duration
    ) async throws(RequestFailure) -> IncomingResponse {
        let remaining = ContinuousClock.now.duration(to: deadline)
        guard remaining > .zero else {
            let label = Self.label(parcel.request, parcel.target)
            throw RequestFailure(.timeout, "\(label): no complete answer within \(timeout.text)")
        }
        let method = parcel.request.method.token
        var headers = parcel.headers
        var target = parcel.target
        if parcel.signature != nil, parcel.pieces != nil {
            throw RequestFailure(
                .configuration,
                "\(Self.label(parcel.request, parcel.target)): a file cannot be sent through a connection that signs bodies; give its `content`"
            )
        }
        switch parcel.signature {
        case .aws(let signature):
            target.spellQueryStrictly()
            signature.sign(
                &headers,
                method: method,
                target: target,
                body: parcel.body ?? [],
                now: clock.now()
            )
        case .digest(let credentials, let memory):
            let value = memory.authorization(
                credentials,
                method: method,
                target: parcel.target,
                body: parcel.body ?? []
            )
            if let value { headers.append(("Authorization", value)) }
        case nil: break
        }
        var message = OutgoingRequest(
            method: method,
            url: target.url,
            headers: headers,
            body: parcel.body,
            timeout: remaining,
            maxBytes: parcel.request.maxBytes,
            onSend: parcel.request.onSend
        )
        message.pieces = parcel.pieces
        message.route = route
        message.sender = parcel.request.sender
        message.statedTimeout = timeout
        message.file = parcel.request.saveTo.map(PartialFile.init)
        do {
            return try await transport.send(message)
        } catch {
            throw RequestFailure(error, request: Self.label(parcel.request, parcel.target))
        }
    }

    private static let harmlessHeaders: Set<String> = ["accept", "accept-language", "accept-encoding", "user-agent"]

    /// The body as it is sent, and its content type.
    static func encode(_ body: PreparedBody) -> (bytes: [UInt8]?, contentType: String?) {
        switch body {
        case .none: (nil, nil)
        case .json(let value): (Array(value.json().utf8), "application/json")
        case .form(let pairs):
            (Array(PercentEncoding.form(pairs, spaceAsPlus: true).utf8), "application/x-www-form-urlencoded")
        case .text(let text): (Array(text.utf8), nil)
        case .multipart(let form): (form.bytes, form.contentType)
        }
    }

    private func read(
        _ answer: IncomingResponse,
        _ request: PreparedRequest,
        _ target: Target
    ) throws(RequestFailure) -> Response {
        let isSuccess = (200...299).contains(answer.status)
        let body: Value
        if let file = answer.file, let bytes = file.bytes {
            body = .map(["path": .string(file.target.path), "bytes": .int(Int64(bytes))])
        } else {
            do {
                body = try BodyDecoding.value(
                    answer.bytes,
                    format: request.format,
                    contentType: answer.header("content-type"),
                    isSuccess: isSuccess
                )
            } catch {
                let label = Self.label(request, target)
                var failure = RequestFailure(
                    .body,
                    "\(label): \(answer.status), but \(explanation(error, answer, request))"
                )
                failure.status = answer.status
                throw failure
            }
        }
        return Response(
            status: answer.status,
            reason: answer.reason,
            headers: answer.headers,
            bytes: answer.bytes,
            body: body,
            url: target.urlWithoutQuery,
            retryAfter: isSuccess
                ? nil : RetryAfter.wait(status: answer.status, headers: answer.headers, now: clock.now()),
            file: answer.file
        )
    }

    /// What is wrong with a body, and what to write instead; of a binary one nothing is shown.
    private func explanation(
        _ error: BodyDecoding.Failure,
        _ answer: IncomingResponse,
        _ request: PreparedRequest
    ) -> String {
        if case .json = error, !request.quotesBody { return "the body is no JSON" }
        let type = answer.header("content-type").map { redactor.redact(String($0.prefix(80))) } ?? "no content type"
        let binary = "binary (\(type), \(answer.bytes.count) bytes)"
        switch error {
        case .json(let mistake):
            guard BodyDecoding.isText(answer.bytes) else {
                return "the body is no JSON but \(binary); write `response: bytes`, or `save_to: PATH` for a file"
            }
            return
                "the body is no JSON (line \(mistake.line), column \(mistake.column): \(mistake.message)); it begins with `\(excerpt(answer.bytes))`; if it is meant to be text, write `response: text`"
        case .notText:
            return "the body is no text but \(binary); write `response: bytes`, or `save_to: PATH` for a file"
        }
    }

    /// The first characters of a body in one line, redacted before they are cut: half a secret would not be found.
    private func excerpt(_ bytes: [UInt8]) -> String {
        excerpt(String(decoding: bytes.prefix(4_096), as: UTF8.self), 40)
    }

    private func excerpt(_ text: String, _ limit: Int) -> String {
        let line = redactor.redact(text).map { $0.isNewline || $0 == "\t" ? " " : $0 }
        return line.count > limit ? String(line.prefix(limit)) + "…" : String(line)
    }
}

extension RequestFailure {
    /// What failed below HTTP.
    init(_ error: TransportError, request: String) {
        let kind: Kind =
            switch error.kind {
            case .network: .network
            case .timeout: .timeout
            case .tls: .tls
            case .tooLarge: .body
            case .file: .file
            case .cancelled: .cancelled
            }
        self.init(kind, "\(request): \(error.reason)")
    }
}
