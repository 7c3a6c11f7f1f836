import Schedule

/// How long a server asks to wait.
enum RetryAfter {
    /// Longer waits are cut: a server that asks for a week has a wrong clock.
    static let longest = Duration.seconds(86_400)

    /// `Retry-After` in seconds or as a date (RFC 9110 section 10.2.3), else on 429 `RateLimit-Reset` or `X-RateLimit-Reset`.
    static func wait(status: Int, headers: [(String, String)], now: Instant) -> Duration? {
        func value(_ name: String) -> Substring? {
            headers.first { $0.0.lowercased() == name }?.1.split(separator: " ", omittingEmptySubsequences: true)
                .joined(separator: " ")[...]
        }
        if let text = value("retry-after") {
            if let seconds = Int64(text), seconds >= 0 { return min(.seconds(seconds), longest) }
            if let moment = date(text) { return min(max(moment - now, .zero), longest) }
        }
        guard status == 429, let text = value("ratelimit-reset") ?? value("x-ratelimit-reset"),
            let seconds = Double(text), seconds >= 0, seconds < 1e12
        else { return nil }
        // GitHub and others give the moment and not the length.
        let wait = seconds > 1e9 ? Instant(seconds: Int64(seconds)) - now : .seconds(seconds)
        return min(max(wait, .zero), longest)
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
