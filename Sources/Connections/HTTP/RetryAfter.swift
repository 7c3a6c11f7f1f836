import Schedule

/// How long a server asks to wait.
enum RetryAfter {
    /// Longer waits are cut: a server that asks for a week has a wrong clock.
    static let longest = Duration.seconds(86_400)

    /// The wait that a response asks for.
    ///
    /// `Retry-After` in seconds or as a date (RFC 9110 section 10.2.3); without it, on 429 and 503, the headers of
    /// draft-ietf-httpapi-ratelimit-headers, `RateLimit: "policy";r=0;t=5` and its older forms, or `X-RateLimit-Reset`.
    static func wait(status: Int, headers: [(String, String)], now: Instant) -> Duration? {
        func value(_ name: String) -> Substring? {
            headers.first { $0.0.lowercased() == name }?.1.split(separator: " ", omittingEmptySubsequences: true)
                .joined(separator: " ")[...]
        }
        if let text = value("retry-after") {
            if let seconds = Int64(text), seconds >= 0 { return bounded(.seconds(seconds)) }
            if let moment = date(text) { return bounded(moment - now) }
        }
        guard status == 429 || status == 503 else { return nil }
        let fields = headers.lazy.filter { $0.0.lowercased() == "ratelimit" }.map(\.1)
        if let seconds = reset(of: fields.joined(separator: ",")) { return bounded(.seconds(seconds)) }
        guard let text = value("ratelimit-reset") ?? value("x-ratelimit-reset") else { return nil }
        return length(text, now: now).map(bounded)
    }

    private static func bounded(_ wait: Duration) -> Duration { min(max(wait, .zero), longest) }

    /// The drafts give the length; GitHub and others the moment, in seconds or milliseconds since 1970, or as a date.
    ///
    /// A number tells which it is: no wait is thirty years long.
    private static func length(_ text: Substring, now: Instant) -> Duration? {
        guard let number = Double(text) else { return date(text).map { $0 - now } }
        guard number >= 0, number < 1e14 else { return nil }
        if number > 1e11 { return Instant(microseconds: Int64(number * 1_000)) - now }
        if number > 1e9 { return Instant(microseconds: Int64(number * 1_000_000)) - now }
        return .seconds(min(number, 1e6))
    }

    /// The seconds until the quota is there again: the longest of the policies that are used up, else the longest of all.
    ///
    /// Reads `"a";r=0;t=30, "b";r=5;t=1` (from draft 08 on), and the older `limit=100, remaining=0, reset=30`.
    private static func reset(of field: String) -> Int64? {
        var used: Int64?
        var all: Int64?
        // The older form is a single policy, whose parameters are split by commas.
        let isOld = field.contains("reset=")
        for item in isOld ? [field[...]] : field.split(separator: ",") {
            var remaining: Int64?
            var reset: Int64?
            for parameter in item.split(whereSeparator: { $0 == ";" || $0 == "," }) {
                let pair = parameter.split(separator: "=").map { $0.trimming(" ") }
                guard pair.count == 2, let number = Int64(pair[1]), number >= 0 else { continue }
                switch pair[0] {
                case "r", "remaining": remaining = number
                case "t", "reset": reset = number
                default: break
                }
            }
            guard let reset else { continue }
            all = max(all ?? 0, reset)
            if remaining ?? 0 == 0 { used = max(used ?? 0, reset) }
        }
        return used ?? all
    }

    private static let months = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]

    /// An HTTP date in any of the three formats that RFC 9110 section 5.6.7 wants to be read.
    static func date(_ text: Substring) -> Instant? {
        let parts = text.split { $0 == " " || $0 == "," || $0 == "-" }
        guard let time = parts.first(where: { $0.utf8.count == 8 && $0.contains(":") }),
            let month = parts.lazy.compactMap({ months.firstIndex(of: String($0)) }).first
        else { return nil }
        let numbers = parts.compactMap { Int($0) }
        guard numbers.count == 2, (1...31).contains(numbers[0]), (0...9_999).contains(numbers[1]) else { return nil }
        // Two digits of a year are RFC 850's: the nearest one that is not far in the future.
        let year = numbers[1] < 100 ? numbers[1] + (numbers[1] < 70 ? 2_000 : 1_900) : numbers[1]
        func padded(_ number: Int, _ width: Int) -> String {
            String(repeating: "0", count: max(0, width - "\(number)".utf8.count)) + "\(number)"
        }
        return Instant(rfc3339: "\(padded(year, 4))-\(padded(month + 1, 2))-\(padded(numbers[0], 2))T\(time)Z")
    }
}

extension Substring {
    /// Without a character at both ends.
    fileprivate func trimming(_ character: Character) -> Substring {
        var text = drop { $0 == character }
        while text.last == character { text.removeLast() }
        return text
    }
}
