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
    ///   - statedTimeout: what messages call the limit, where `timeout` is only what is left of it.
    func send(
        _ request: PreparedRequest,
        to target: Target,
        over route: Route?,
        applying applier: Applier? = nil,
        timeout: Duration,
        statedTimeout: Duration? = nil,
        permits: (Origin) -> Bool
    ) async throws(RequestFailure) -> Response {
        let deadline = ContinuousClock.now + timeout
        var parcel = try Parcel(request, asTo: target, over: route, applying: applier)
        let stated = statedTimeout ?? timeout
        var redirects = 0
        while true {
            var answer = try await exchange(parcel, until: deadline, stated)
            if parcel.takesChallenge(of: answer) { answer = try await exchange(parcel, until: deadline, stated) }
            guard let location = parcel.redirection(in: answer) else { return try read(answer, to: parcel) }
            redirects += 1
            guard redirects <= Self.maxRedirects else {
                throw RequestFailure(.network, "\(parcel.label): more than \(Self.maxRedirects) redirects")
            }
            parcel = try parcel.redirected(to: location, by: answer.status, applying: applier, permits)
        }
    }

    /// Signs and sends.
    private func exchange(
        _ parcel: Parcel,
        until deadline: ContinuousClock.Instant,
        _ timeout: Duration
    ) async throws(RequestFailure) -> IncomingResponse {
        let message = try message(parcel, until: deadline, timeout)
        do {
            return try await transport.send(message)
        } catch {
            throw RequestFailure(error, request: parcel.label)
        }
    }

    // Not inlined, as others on a request's way: what it works with would stay in memory while the request is under way.
    @inline(never)
    private func message(
        _ parcel: Parcel,
        until deadline: ContinuousClock.Instant,
        _ timeout: Duration
    ) throws(RequestFailure) -> OutgoingRequest {
        let remaining = ContinuousClock.now.duration(to: deadline)
        guard remaining > .zero else {
            throw RequestFailure(.timeout, "\(parcel.label): no complete answer within \(timeout.text)")
        }
        let request = parcel.request
        var message = OutgoingRequest(
            method: request.method.token,
            url: parcel.url,
            headers: try parcel.signedHeaders(now: clock.now()),
            body: parcel.body,
            timeout: remaining,
            maxBytes: request.maxBytes,
            onSend: request.onSend
        )
        message.pieces = parcel.pieces
        message.route = parcel.route
        message.sender = request.sender
        message.memo = request.memo
        message.statedTimeout = timeout
        message.file = request.saveTo.map(PartialFile.init)
        return message
    }

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

    @inline(never)
    private func read(_ answer: IncomingResponse, to parcel: Parcel) throws(RequestFailure) -> Response {
        let request = parcel.request
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
                throw RequestFailure(
                    .body,
                    "\(parcel.label): \(answer.status), but \(explanation(error, answer, request))",
                    status: answer.status
                )
            }
        }
        var response = Response(
            status: answer.status,
            reason: answer.reason,
            headers: answer.headers,
            bytes: answer.bytes,
            body: body,
            url: parcel.urlWithoutQuery,
            host: parcel.target.origin.hostAndPort,
            retryAfter: isSuccess
                ? nil : RetryAfter.wait(status: answer.status, headers: answer.headers, now: clock.now()),
            file: answer.file
        )
        response.hint = parcel.obstacle(in: answer).map { excerpt($0, 200) }
        return response
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
        let line = redactor.redact(text).inOneLine
        return line.count > limit ? String(line.prefix(limit)) + "…" : line
    }
}

extension RequestFailure {
    /// What failed below HTTP.
    convenience init(_ error: TransportError, request: String) {
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
