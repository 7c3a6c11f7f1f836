import Schedule
import Testing

@testable import Connections

/// The waits that servers ask for, in all the forms that they are found in.
struct RetryAfterTests {
    static let now = Instant(seconds: 1_700_000_000)

    static let rows: [(status: Int, headers: [(String, String)], seconds: Int64?)] = [
        (429, [("Retry-After", "2")], 2),
        (429, [("Retry-After", "Tue, 14 Nov 2023 22:13:50 GMT")], 30),
        // The nearest to the request counts.
        (429, [("RateLimit-Reset", "9"), ("Retry-After", "2")], 2),
        (429, [("Retry-After", "soon"), ("RateLimit-Reset", "9")], 9),
        (429, [("RateLimit-Reset", "7")], 7),
        (503, [("RateLimit-Reset", "7")], 7),
        (500, [("RateLimit-Reset", "7")], nil),
        (429, [("RateLimit", "\"default\";r=0;t=5")], 5),
        (429, [("RateLimit", "\"burst\";r=0;t=2, \"daily\";r=100;t=3600")], 2),
        (429, [("RateLimit", "\"burst\";r=0;t=2"), ("RateLimit", "\"daily\";r=0;t=3600")], 3_600),
        (429, [("RateLimit", "\"odd, name\";r=3; t=4")], 4),
        (429, [("RateLimit", "limit=100, remaining=0, reset=12")], 12),
        (429, [("RateLimit", "\"default\";r=0"), ("RateLimit-Reset", "3")], 3),
        (429, [("X-RateLimit-Reset", "30")], 30),
        (429, [("X-RateLimit-Reset", "1700000030")], 30),
        (429, [("X-RateLimit-Reset", "1700000030.5")], 30),
        (429, [("X-RateLimit-Reset", "1700000030000")], 30),
        (429, [("X-RateLimit-Reset", "Tue, 14 Nov 2023 22:14:20 GMT")], 60),
        // A moment that has passed, and a clock that is wrong by months.
        (429, [("X-RateLimit-Reset", "1699999999")], 0),
        (429, [("X-RateLimit-Reset", "1800000000")], 86_400),
        (429, [("X-RateLimit-Reset", "-1")], nil),
        (429, [("X-RateLimit-Reset", "nan")], nil),
        (429, [("X-RateLimit-Reset", "1e300")], nil),
        (429, [], nil),
    ]

    @Test(arguments: rows.indices) func `reads what the server asks for`(_ index: Int) {
        let row = Self.rows[index]
        let wait = RetryAfter.wait(status: row.status, headers: row.headers, now: Self.now)
        #expect(wait.map(\.components.seconds) == row.seconds, "\(row)")
    }
}
