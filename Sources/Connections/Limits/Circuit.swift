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

    /// Asks whether an exchange may begin; what comes of it must be reported.
    ///
    /// Throws while the server is being spared.
    ///
    /// - Parameter label: method and host, for the message.
    func permission(_ label: @autoclosure () -> String) throws(RequestFailure) -> CircuitBreaker.Permission {
        let clock = clock
        let permission = breaker.withLock { $0.isClosed ? .send : $0.permit(now: clock.uptime()) }
        guard case .refuse(let wait) = permission else { return permission }
        throw RequestFailure(
            .network,
            "\(label()): not sent, because the last \(CircuitBreaker.threshold) requests of the connection `\(connection)` failed; the next try is in \(Duration.seconds(max(1, wait.seconds.rounded(.up))).text)",
            retryAfter: wait
        )
    }

    /// The server answered.
    func report(_ response: Response, _ permission: CircuitBreaker.Permission) {
        switch response.status {
        case 502, 503, 504: report(.failure, permission)
        default: report(.answer, permission)
        }
    }

    /// There is no usable response.
    func report(_ failure: RequestFailure, _ permission: CircuitBreaker.Permission) {
        switch failure.kind {
        case .network, .timeout, .tls: report(.failure, permission)
        case .body, .response, .file: report(.answer, permission)
        case .authorization, .origin, .configuration, .cancelled: report(.nothing, permission)
        }
    }

    private func report(_ outcome: CircuitBreaker.Outcome, _ permission: CircuitBreaker.Permission) {
        let clock = clock
        breaker.withLock { breaker in
            // What each request of a healthy server reports changes nothing.
            if outcome == .answer, breaker.isUntroubled { return }
            breaker.report(outcome, isProbe: permission == .probe, now: clock.uptime())
        }
    }
}
