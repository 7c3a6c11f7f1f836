import Recipe
import Synchronization

/// `rate_limit` and `max_concurrency` of one connection, and the waits that its server asks for, shared by all that use it in this process.
final class RequestLimits: Sendable {
    private let rate: RateLimit?
    private let concurrency: ConcurrencyLimiter?
    private let bucket: Mutex<TokenBucket?>
    /// What the server asked for.
    let hold = RequestHold()

    init(rate: RateLimit?, concurrency: Int?) {
        self.rate = rate
        self.concurrency = concurrency.map { ConcurrencyLimiter(limit: $0) }
        bucket = Mutex(rate.map(TokenBucket.init))
    }

    /// Whether these are the limits of a connection, so that a reload can keep what they have counted.
    func isSame(rate: RateLimit?, concurrency: Int?) -> Bool {
        self.rate == rate && self.concurrency?.limit == concurrency
    }

    /// There is a limit; without one nobody has to ask.
    var areSet: Bool { rate != nil || concurrency != nil }

    /// Sends when the limits allow it.
    func run<T: Sendable>(clock: any WallClock, _ body: () async throws -> T) async throws -> T {
        guard let concurrency else {
            try await waitForRate(clock)
            return try await body()
        }
        return try await concurrency.run { _ in
            try await waitForRate(clock)
            return try await body()
        }
    }

    private func waitForRate(_ clock: any WallClock) async throws {
        let place = bucket.withLock { $0?.reserve(now: clock.uptime()) }
        guard let place, place.wait > .zero else { return }
        do {
            try await clock.sleep(for: place.wait)
        } catch {
            bucket.withLock { $0?.giveBack(place) }
            throw error
        }
    }
}
