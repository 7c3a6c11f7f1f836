/// What a request asks to go wrong, in its query.
///
/// | Query | What happens |
/// | --- | --- |
/// | `fail=503` | that status (200 to 599) with a JSON error body |
/// | `retry_after=2` | with `fail`: a `Retry-After` header, seconds or an HTTP date |
/// | `rate_limit_reset=2` | with `fail`: a `RateLimit-Reset` header, seconds |
/// | `rate_limit=2` | with `fail`: a `RateLimit` header that says so, `"default";r=0;t=2` |
/// | `x_rate_limit_reset=2` | with `fail`: an `X-RateLimit-Reset` header, seconds, or seconds since 1970 |
/// | `delay=2s` | the answer comes later (`ms`, `s`, `m`); the work is done before |
/// | `ok_error=1` | 200, and a JSON body that says it is an error |
/// | `error_body=TEXT` | this body, with 200 or the status of `fail` |
/// | `html=1` | a page of HTML, with 200 or the status of `fail` |
/// | `redirect=URL` | 302, or the status of `fail`, with this `Location` |
/// | `close=1` | the connection is dropped, and nothing is done |
/// | `close=after` | the connection is dropped after the work is done |
/// | `truncate=1` | the connection is dropped in the middle of the body |
/// | `times=2` | only the first two requests with this method, path and query get the fault |
struct Fault: Sendable, Equatable {
    enum Body: Sendable, Equatable {
        case standard
        case invalidSession
        case text(String)
        case html
    }

    enum Ending: Sendable, Equatable {
        case droppedBefore
        case droppedAfter
        case truncated
    }

    var status: Int?
    var body = Body.standard
    var headers: [Header] = []
    var delay: Duration?
    var ending: Ending?
    /// How many requests get the fault; nil is all of them.
    var times: Int?

    enum Header: Sendable, Equatable {
        case retryAfter(String)
        case rateLimitReset(String)
        case rateLimit(String)
        case rateLimitMoment(String)
        case location(String)
    }

    /// Whether the answer is the fault's own, in place of what the endpoint would say.
    var replacesAnswer: Bool {
        status != nil || body != .standard
    }

    /// The fault that a query asks for, or nil when it asks for none.
    init?(query: FormFields) throws(FaultError) {
        var asksForFault = false
        for field in query.fields {
            switch (field.name, field.value) {
            case ("fail", let value):
                guard let code = Int(value), (200...599).contains(code) else {
                    throw FaultError(field.name, "a status from 200 to 599")
                }
                status = code
            case ("times", let value):
                guard let count = Int(value), count >= 0 else { throw FaultError(field.name, "a count") }
                times = count
                continue
            case ("delay", let value):
                guard let length = Self.duration(value) else { throw FaultError(field.name, "like 250ms, 2s or 1m") }
                delay = length
            case ("retry_after", let value): headers.append(.retryAfter(value))
            case ("rate_limit_reset", let value): headers.append(.rateLimitReset(value))
            case ("rate_limit", let value): headers.append(.rateLimit("\"default\";r=0;t=\(value)"))
            case ("x_rate_limit_reset", let value): headers.append(.rateLimitMoment(value))
            case ("redirect", let value):
                headers.append(.location(value))
                status = status ?? 302
            case ("error_body", let value): body = .text(value)
            case ("ok_error", "1"): body = .invalidSession
            case ("html", "1"): body = .html
            case ("close", "1"): ending = .droppedBefore
            case ("close", "after"): ending = .droppedAfter
            case ("truncate", "1"): ending = .truncated
            case ("close", _): throw FaultError(field.name, "1 or after")
            case ("ok_error", _), ("html", _), ("truncate", _): throw FaultError(field.name, "1")
            default: continue
            }
            asksForFault = true
        }
        guard asksForFault else { return nil }
        if !headers.isEmpty, status == nil {
            throw FaultError("retry_after", "together with fail")
        }
    }

    private static func duration(_ text: String) -> Duration? {
        let digits = text.prefix { $0.isASCII && $0.isNumber }
        guard let count = Int(digits), count <= 86_400_000 else { return nil }
        return switch text[digits.endIndex...] {
        case "ms": .milliseconds(count)
        case "s": .seconds(count)
        case "m": .seconds(count * 60)
        default: nil
        }
    }
}

/// A fault that cannot be read: the answer is 400, so that a typo does not pass for a healthy API.
struct FaultError: Error, Equatable {
    let message: String

    init(_ name: String, _ expected: String) {
        message = "\(name) must be \(expected)"
    }
}

/// Counts how often each fault was given out.
struct FaultCounters: Sendable {
    private var given: [String: Int] = [:]

    /// Whether the request still gets the fault; `key` is its method, path and query.
    mutating func take(_ key: String, limit: Int?) -> Bool {
        guard let limit else { return true }
        let count = given[key, default: 0]
        guard count < limit else { return false }
        given[key] = count + 1
        return true
    }
}
