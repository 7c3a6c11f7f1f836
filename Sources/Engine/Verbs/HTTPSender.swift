import CEL
import Connections
import Recipe
import Schedule
import Store

/// Sends the requests of one HTTP action: attempts, expectations, and the errors that come of them.
final class HTTPSender {
    let performance: Performance
    let request: HTTPAction
    let scope: Scope
    private let session: ConnectionSession
    /// Attempts so far, over all pages.
    private(set) var attempts = 0
    /// Whether the request that is being sent was told to wait.
    private var turn = RequestTurn.first

    init(_ performance: Performance, _ request: HTTPAction, in scope: Scope) throws(Exit) {
        self.performance = performance
        self.request = request
        self.scope = scope
        session = try performance.run.session(for: performance.step)
    }

    var run: RunContext { performance.run }
    var step: Step { performance.step }

    /// An attempt that did not give what was expected.
    ///
    /// A class: it is large, and few attempts need the room for one.
    final class Failure: Error {
        let error: RunError
        let retryAfter: Duration?
        let response: Response?
        let isTransient: Bool

        init(error: RunError, retryAfter: Duration? = nil, response: Response? = nil, isTransient: Bool = false) {
            self.error = error
            self.retryAfter = retryAfter
            self.response = response
            self.isTransient = isTransient
        }
    }

    // MARK: Preparing

    /// The request with its templates filled in.
    @inline(never)
    func prepare() throws(Exit) -> PreparedRequest {
        var prepared: PreparedRequest
        do {
            prepared = try PreparedRequest(request, scope: scope, timeout: step.action.timeout)
        } catch {
            throw .failed(RunError(error, action: step.action.path))
        }
        if let key = try idempotencyKey() { prepared.headers.append(("Idempotency-Key", key)) }
        prepared.body = try withFiles(prepared.body)
        if let saveTo = request.saveTo { prepared.saveTo = try target(saveTo) }
        let run = run
        prepared.onSend = { run.noteEffect() }
        prepared.memo = step.memo
        prepared.sender = RequestSender(path: performance.key.path, index: performance.key.index)
        return prepared
    }

    /// One key for the action of a run, the same on every attempt and after a resume.
    private func idempotencyKey() throws(Exit) -> String? {
        switch request.idempotencyKey {
        case nil: return nil
        case .perAction:
            let place = StableHash.fnv1a64("\(performance.key.path)#\(performance.key.index)")
            return "\(run.run)-\(String(place, radix: 36))"
        case .template(let template):
            let scope = scope
            let key = try performance.evaluate { () throws(ExpressionError) in try template.text(in: scope) }
            return key.isEmpty ? nil : key
        }
    }

    // MARK: Sending

    /// Sends a request until it gives what is expected, or its attempts are used up.
    func send(_ prepared: PreparedRequest) async throws(Exit) -> Response {
        var attempt = 0
        turn = .first
        while true {
            attempt += 1
            attempts += 1
            switch try await attemptOnce(prepared) {
            case .success(let response): return response
            case .failure(let failure): try await pause(after: failure, attempt)
            }
        }
    }

    /// Waits until the next attempt; throws the failure when there is to be none.
    private func pause(after failure: Failure, _ attempt: Int) async throws(Exit) {
        var error = failure.error
        error.attempt = attempt
        let facts = Retry.Failure(
            kind: error.kind,
            status: error.status,
            retryAfter: failure.retryAfter,
            isTransient: failure.isTransient
        )
        guard
            let wait = Retry(policy: policy).wait(
                after: facts,
                attempt: attempt,
                random: .random(in: 0...1),
                remaining: run.remaining
            ), try isWorthIt(failure, error)
        else { throw .failed(error) }
        run.report(
            .attemptFailed(
                run.describe(step, performance.position),
                attempt: attempt,
                message: run.redact(error.message),
                retryIn: wait
            )
        )
        do {
            try await run.services.clock.sleep(for: wait)
        } catch {
            throw .cancelled
        }
    }

    /// The rule in force: the action's own, the recipe's, or that of the method.
    private var policy: RetryPolicy {
        step.action.retry ?? run.plan.recipe.retry ?? (request.isRepeatable ? .idempotentDefault : .never)
    }

    /// The last word of `retry: {while: …}`.
    private func isWorthIt(_ failure: Failure, _ error: RunError) throws(Exit) -> Bool {
        guard let condition = policy.condition else { return true }
        var visible = scope.with("error", error.value)
        visible["response"] = failure.response?.value ?? .null
        let seen = visible
        let value = try performance.evaluate { () throws(ExpressionError) in try condition.evaluate(in: seen) }
        return value == .bool(true)
    }

    /// Waits while the server wants no request of this connection, whoever was told so.
    private func waitForHold() async throws(Exit) {
        guard let wait = session.held(turn, now: run.services.clock.uptime()) else { return }
        try await sitOutHold(wait)
    }

    private func sitOutHold(_ first: Duration) async throws(Exit) {
        var next: Duration? = first
        while let wait = next {
            guard wait < run.remaining else {
                let seconds = (wait + .milliseconds(999)).components.seconds
                let message =
                    "\(request.method.token): not sent, because the server asked the connection `\(session.name)` to wait (429 or 503), \(DurationText.format(.seconds(seconds))) from now, and the run's time ends before that"
                throw .failed(error(.status, message))
            }
            run.report(.requestHeld(run.describe(step, performance.position), for: wait))
            do {
                try await run.services.clock.sleep(for: wait)
            } catch {
                throw .cancelled
            }
            next = session.held(turn, now: run.services.clock.uptime())
        }
    }

    private func attemptOnce(_ prepared: PreparedRequest) async throws(Exit) -> Result<Response, Failure> {
        try await waitForHold()
        let remaining = run.remaining
        let limit = min(step.action.timeout, remaining)
        guard limit > .zero, !Task.isCancelled else { throw .cancelled }
        return try judge(await exchange(prepared, within: limit), limit, remaining)
    }

    /// What the answer to an attempt means, or that there was none.
    // Not inlined: what it works with would stay in memory while the request is under way.
    @inline(never)
    private func judge(
        _ answer: Answer,
        _ limit: Duration,
        _ remaining: Duration
    ) throws(Exit) -> Result<Response, Failure> {
        let (result, isExpired) = answer
        let failure: RequestFailure
        switch result {
        case .success(let response):
            if let wait = response.retryAfter, response.status == 429 || response.status == 503 {
                session.hold(for: wait, after: turn, now: run.services.clock.uptime())
                turn = turn.next
            }
            let judged = try check(response).flatMap(saved)
            if case .failure = judged { response.file?.discard() }
            return judged
        case .failure(let found): failure = found
        }
        // Where the run's own time was the limit, it is the run that is over, not the attempt.
        let isTimeout = isExpired || failure.kind == .timeout
        if isTimeout, remaining <= step.action.timeout { throw .cancelled }
        if isExpired {
            let message = "\(request.method.token): no answer within \(DurationText.format(limit))"
            return .failure(Failure(error: error(.timeout, message)))
        }
        if Task.isCancelled || failure.kind == .cancelled { throw .cancelled }
        return .failure(
            Failure(
                error: error(RunError.Kind(failure.kind), failure.message, status: failure.status),
                retryAfter: failure.retryAfter,
                response: failure.response,
                isTransient: failure.isTransient
            )
        )
    }

    /// Sends the request.
    ///
    /// The transport keeps the limit itself, from the connection on.
    ///
    /// A short limit also covers what comes before that, such as a renewal, which a task of its own can leave; a long one is longer than any renewal.
    private func exchange(_ prepared: PreparedRequest, within limit: Duration) async -> Answer {
        let session = session
        var timed = prepared
        timed.timeout = limit
        let request = timed
        guard limit < Self.longestPreparation else { return (await Self.outcome(of: request, session), false) }
        return await run.services.deadlines.run(within: limit + .milliseconds(250)) {
            await Self.outcome(of: request, session)
        }
    }

    private typealias Answer = (Result<Response, RequestFailure>, isExpired: Bool)

    /// Twice the longest renewal.
    private static let longestPreparation = Defaults.renewTimeout * 2

    private static func outcome(
        of request: PreparedRequest,
        _ session: ConnectionSession
    ) async -> Result<Response, RequestFailure> {
        do throws(RequestFailure) {
            return .success(try await session.send(request))
        } catch {
            return .failure(error)
        }
    }

    // MARK: Judging

    private func check(_ response: Response) throws(Exit) -> Result<Response, Failure> {
        if !response.isSuccess, let (_, body) = request.onStatus.first(where: { response.matches($0.signal) }) {
            let visible = scope.with("response", response.value)
            var accepted = response
            accepted.body = try performance.evaluate { () throws(ExpressionError) in try body.evaluate(in: visible) }
            return .success(accepted)
        }
        switch request.expect {
        case .statuses(let ranges):
            if ranges.contains(where: { $0.contains(response.status) }) { return .success(response) }
            return .failure(unexpected(response, expected: Self.text(of: ranges)))
        case .condition(let condition):
            let visible = scope.with("response", response.value)
            let value = try performance.evaluate { () throws(ExpressionError) in try condition.evaluate(in: visible) }
            if value == .bool(true) { return .success(response) }
            // A status that is an error says more than the expression.
            if response.status >= 400 { return .failure(unexpected(response, expected: nil)) }
            let message = "\(summary(of: response)): the response does not satisfy `expect`"
            return .failure(Failure(error: error(.expectation, message, status: response.status), response: response))
        }
    }

    private func unexpected(_ response: Response, expected: String?) -> Failure {
        var message = "\(request.method.token) \(response.host): the server answered \(response.status)"
        if response.renewalDidNotHelp { message += " also with a renewed token; check what this credential may do" }
        if let expected { message += " (expected \(expected))" }
        if let hint = response.hint { message += "; \(hint)" }
        return Failure(
            error: error(.status, message, status: response.status),
            retryAfter: response.retryAfter,
            response: response
        )
    }

    func error(_ kind: RunError.Kind, _ message: String, status: Int? = nil) -> RunError {
        RunError(action: step.action.path, kind: kind, message: message, status: status, place: step.action.place)
    }

    /// Method, host and status.
    func summary(of response: Response) -> String {
        "\(request.method.token) \(response.host) \(response.status)"
    }

    /// The action's result (DESIGN section 5).
    @inline(never)
    func result(of response: Response, attempts: Int, since start: Duration) -> VerbResult {
        let plain = response.value
        var members = ValueMap()
        if case .map(let map) = plain { members = map }
        members["attempts"] = .int(Int64(attempts))
        members["duration"] = elapsed(since: start)
        return VerbResult(
            value: .map(members),
            attempts: attempts,
            request: summary(of: response),
            response: plain,
            isLarge: response.bytes.count > Self.large
        )
    }

    /// A body of more bytes is large.
    private static let large = 65_536

    /// The time since a moment of the clock's `uptime`.
    func elapsed(since start: Duration) -> Value {
        .duration(CELDuration(nanoseconds: (run.services.clock.uptime() - start).wholeMicroseconds * 1_000))
    }

    private static func text(of ranges: [ClosedRange<Int>]) -> String {
        ranges.map { $0.count == 1 ? "\($0.lowerBound)" : "\($0.lowerBound)-\($0.upperBound)" }.joined(separator: ", ")
    }
}

extension RunError.Kind {
    /// The kind of a request that got no answer to judge.
    init(_ kind: RequestFailure.Kind) {
        switch kind {
        case .network: self = .network
        case .timeout: self = .timeout
        case .tls: self = .tls
        case .response: self = .status
        case .authorization: self = .authorization
        case .origin: self = .origin
        case .body: self = .body
        case .configuration: self = .configuration
        case .file: self = .file
        case .cancelled: self = .interrupted
        }
    }
}
