import Schedule
import Testing

@testable import Engine
@testable import Recipe

@Suite struct RetryTests {
    private func policy(
        _ attempts: Int = 5,
        backoff: RetryPolicy.Backoff = .exponential,
        max: Duration = Defaults.retryMax,
        hasJitter: Bool = true
    ) -> Retry {
        Retry(
            policy: RetryPolicy(
                attempts: attempts,
                backoff: backoff,
                max: max,
                hasJitter: hasJitter,
                conditions: [.network, .timeout, .statuses(429...429), .statuses(500...599)]
            )
        )
    }

    private let refused = Retry.Failure(kind: .network)
    private let hour = Duration.seconds(3600)

    @Test func `doubles the wait and caps it`() {
        let retry = policy(20, max: .seconds(10))
        let waits = (1...6).map { retry.wait(after: refused, attempt: $0, random: 1, remaining: hour) }
        #expect(waits == [1, 2, 4, 8, 10, 10].map { .seconds($0) })
    }

    @Test func `draws the wait between zero and its full length`() {
        let retry = policy()
        #expect(retry.wait(after: refused, attempt: 3, random: 0, remaining: hour) == .zero)
        #expect(retry.wait(after: refused, attempt: 3, random: 0.25, remaining: hour) == .seconds(1))
        let steady = policy(hasJitter: false)
        #expect(steady.wait(after: refused, attempt: 3, random: 0, remaining: hour) == .seconds(4))
    }

    @Test func `keeps a fixed wait`() {
        let retry = policy(backoff: .fixed)
        #expect(retry.wait(after: refused, attempt: 4, random: 1, remaining: hour) == .seconds(1))
    }

    @Test func `obeys a server that asks for more than the longest wait`() {
        let retry = policy(max: .seconds(10))
        let busy = Retry.Failure(kind: .status, status: 429, retryAfter: .seconds(120))
        #expect(retry.wait(after: busy, attempt: 1, random: 0, remaining: hour) == .seconds(120))
    }

    @Test func `does not wait beyond the deadline of the run`() {
        let busy = Retry.Failure(kind: .status, status: 429, retryAfter: .seconds(120))
        #expect(policy().wait(after: busy, attempt: 1, random: 0, remaining: .seconds(60)) == nil)
    }

    @Test func `ends with the last attempt`() {
        #expect(policy(3).wait(after: refused, attempt: 2, random: 1, remaining: hour) != nil)
        #expect(policy(3).wait(after: refused, attempt: 3, random: 1, remaining: hour) == nil)
    }

    @Test(arguments: [
        (Retry.Failure(kind: .network), true), (.init(kind: .timeout), true), (.init(kind: .status, status: 503), true),
        (.init(kind: .status, status: 404), false), (.init(kind: .tls), false), (.init(kind: .expression), false),
        (.init(kind: .authorization), false), (.init(kind: .authorization, isTransient: true), true),
    ])
    func `tries again what may pass by itself`(failure: Retry.Failure, isWorthIt: Bool) {
        #expect((policy().wait(after: failure, attempt: 1, random: 1, remaining: hour) != nil) == isWorthIt)
    }
}
