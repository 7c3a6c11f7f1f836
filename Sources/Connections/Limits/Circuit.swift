import Synchronization

/// The circuit breaker of one connection, shared by all who send through it.
final class Circuit: Sendable {
    private let connection: String
    private let clock: any WallClock
    private let breaker = Mutex(CircuitBreaker())

    init(connection: String, clock: any WallClock) {
        self.connection = connection
        self.clock = clock
    }

    /// Does one exchange, unless the server is being spared.
    func run(
        _ label: String,
        _ exchange: () async throws(RequestFailure) -> Response
    ) async throws(RequestFailure) -> Response {
        let permission = breaker.withLock { $0.permit(now: clock.now()) }
        if case .refuse(let wait) = permission {
            var failure = RequestFailure(
                .network,
                "\(label): not sent, because the last \(CircuitBreaker.threshold) requests of the connection `\(connection)` failed; the next try is in \(Duration.seconds(max(1, wait.seconds.rounded(.up))).text)"
            )
            failure.retryAfter = wait
            throw failure
        }
        let isProbe = permission == .probe
        do throws(RequestFailure) {
            let response = try await exchange()
            let isDown = [502, 503, 504].contains(response.status)
            report(isDown ? .failure : .answer, isProbe)
            return response
        } catch {
            switch error.kind {
            case .network, .timeout, .tls: report(.failure, isProbe)
            case .body, .response, .file: report(.answer, isProbe)
            case .authorization, .origin, .configuration, .cancelled: report(.nothing, isProbe)
            }
            throw error
        }
    }

    private func report(_ outcome: CircuitBreaker.Outcome, _ isProbe: Bool) {
        breaker.withLock { $0.report(outcome, isProbe: isProbe, now: clock.now()) }
    }
}
