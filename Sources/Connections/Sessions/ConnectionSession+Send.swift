import CEL
import Recipe

extension ConnectionSession {
    /// Sends a request with the connection's credential: joins `base_uri`, guards the origin, applies, renews once and sends again.
    ///
    /// Every status is a response; whether it is a success is the action's business. A response in which `detect_on` finds an
    /// error is a failure of kind `response`. One that still asks for a renewal after a renewal has `renewalDidNotHelp`.
    public func send(_ request: PreparedRequest) async throws(RequestFailure) -> Response {
        do {
            guard limits.areSet else { return try await attempt(request) }
            return try await limits.run(clock: services.clock) { try await attempt(request) }
        } catch {
            throw failure(error, of: request)
        }
    }

    /// What people are told of an error.
    private func failure(_ error: any Error, of request: PreparedRequest) -> RequestFailure {
        switch error {
        case let failure as RequestFailure: failure.saying(redact(failure.message))
        case let error as ConnectionError: RequestFailure(error, request: redact(label(of: request)))
        default: RequestFailure(.cancelled, "\(redact(label(of: request))): cancelled")
        }
    }

    private func attempt(_ request: PreparedRequest) async throws -> Response {
        let groundwork = try await groundwork()
        let response = try await deliver(request, groundwork)
        switch judge.verdict(response) {
        case .fine:
            if response.isSuccess { await groundwork.noteSuccess() }
            return response
        case .detected:
            throw detected(response, request)
        case .spent(let isDetected):
            return try await renew(groundwork, after: response, to: request, isDetected: isDetected)
        }
    }

    /// Renews the token after an answer that asks for it, and sends the request again where that is allowed.
    private func renew(
        _ first: Groundwork,
        after response: Response,
        to request: PreparedRequest,
        isDetected: Bool
    ) async throws -> Response {
        let generation = first.token?.generation ?? 0
        let keeper = try await keeper()
        guard permitsReplay(request) else {
            await keeper.renewAfterSignal(generation: generation)
            if isDetected { throw detected(response, request) }
            return response
        }
        guard let renewed = try await keeper.tokenAfterSignal(generation: generation) else {
            return try unhelped(response, request, isDetected)
        }
        let fields = try await fields.revised(definition.sendNeeds)
        let second = try groundwork(with: Credentials(fields, renewed, from: keeper))
        return try await replay(request, second, renewed.generation)
    }

    /// Sends the request again with a renewed token; whatever comes is the answer.
    private func replay(
        _ request: PreparedRequest,
        _ groundwork: Groundwork,
        _ generation: Int64
    ) async throws -> Response {
        let response = try await deliver(request, groundwork)
        switch judge.verdict(response) {
        case .fine:
            if response.isSuccess { await groundwork.noteSuccess() }
            return response
        case .detected:
            throw detected(response, request)
        case .spent(let isDetected):
            try await keeper().noteReplayMatched(generation: generation)
            return try unhelped(response, request, isDetected)
        }
    }

    /// One exchange with the credential of `groundwork`.
    private func deliver(_ request: PreparedRequest, _ groundwork: Groundwork) async throws -> Response {
        let target = try Target(request.url, base: groundwork.base)
        try groundwork.guarding.check(request, to: target)
        let route = try await route.route()
        // Without a connection each URL is another server: one that is down says nothing of the others.
        let permission =
            definition.connector == nil
            ? nil : try circuit.permission("\(request.method.token) \(target.origin.hostAndPort)")
        do throws(RequestFailure) {
            let response = try await services.courier.send(
                request,
                to: target,
                over: route,
                applying: groundwork.applier,
                timeout: request.timeout
            ) { origin in
                groundwork.guarding.permitsCredential(at: origin)
            }
            if let permission { circuit.report(response, permission) }
            return response
        } catch {
            if let permission { circuit.report(error, permission) }
            throw error
        }
    }

    private func permitsReplay(_ request: PreparedRequest) -> Bool {
        switch request.replay {
        case .always: true
        case .safe: request.isRepeatable
        case .never: false
        }
    }

    private func unhelped(_ response: Response, _ request: PreparedRequest, _ isDetected: Bool) throws -> Response {
        var response = response
        response.renewalDidNotHelp = true
        if isDetected { throw detected(response, request) }
        return response
    }

    private func detected(_ response: Response, _ request: PreparedRequest) -> RequestFailure {
        var message =
            "\(request.method.token) \(response.host): \(response.status), but the body holds an error that `detect_on` looks for"
        if response.renewalDidNotHelp { message += ", also with a renewed token" }
        return RequestFailure(
            .response(response.status),
            message,
            status: response.status,
            response: response,
            retryAfter: response.retryAfter
        )
    }

    /// Method and host, as far as it is known before the request could be joined to its base.
    private func label(of request: PreparedRequest) -> String {
        let host = Origin(request.url)?.hostAndPort
        return host.map { "\(request.method.token) \($0)" }
            ?? "\(request.method.token) \(URLReference(request.url).path)"
    }
}
