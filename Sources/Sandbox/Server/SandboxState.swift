import Hummingbird
import Synchronization

/// Everything that one sandbox remembers.
///
/// Each part has its own lock, held for a few instructions and never across a wait, so that a thousand requests at the same instant do
/// not queue behind one another.
final class SandboxState: Sendable {
    let configuration: SandboxConfiguration
    let time: TimeSource
    let issues: IssueCatalogue
    let log = Mutex(RequestLog(endpoints: Endpoint.all.count))
    let tokens: Mutex<TokenLedger>
    let messages = Mutex(MessageBox())
    let sessions: Mutex<SessionLedger>
    let faults = Mutex(FaultCounters())

    init(_ configuration: SandboxConfiguration, time: TimeSource) {
        self.configuration = configuration
        self.time = time
        // `run` refuses what is out of range; making the sandbox must not trap on it.
        issues = IssueCatalogue(count: min(max(0, configuration.items), SandboxConfiguration.itemCounts.upperBound))
        tokens = Mutex(TokenLedger(lifetime: configuration.tokenLifetime, rotates: configuration.rotate))
        sessions = Mutex(SessionLedger(lifetime: configuration.tokenLifetime))
    }

    /// What is kept when everything else starts afresh.
    enum Keeping: Sendable {
        case nothing
        case tokens
    }

    /// Forgets counters, messages and faults, and tokens unless they are kept.
    func reset(keeping: Keeping) {
        log.withLock { $0 = RequestLog(endpoints: Endpoint.all.count) }
        messages.withLock { $0 = MessageBox() }
        faults.withLock { $0 = FaultCounters() }
        switch keeping {
        case .tokens:
            tokens.withLock { $0.resetCounts() }
        case .nothing:
            tokens.withLock {
                $0 = TokenLedger(lifetime: configuration.tokenLifetime, rotates: configuration.rotate)
            }
            sessions.withLock { $0 = SessionLedger(lifetime: configuration.tokenLifetime) }
        }
    }
}
