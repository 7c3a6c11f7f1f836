/// Numbers, days and months as words.
enum EnglishWords {
    static func ordinal(_ number: Int) -> String {
        switch (number % 100, number % 10) {
        case (11...13, _): "\(number)th"
        case (_, 1): "\(number)st"
        case (_, 2): "\(number)nd"
        case (_, 3): "\(number)rd"
        default: "\(number)th"
        }
    }

    /// `a`, `a and b`, `a, b and c`.
    static func joined(_ words: [String], by conjunction: String = "and") -> String {
        guard let last = words.last, words.count > 1 else { return words.joined() }
        return words.dropLast().joined(separator: ", ") + " \(conjunction) \(last)"
    }

    /// The name of a month, 1 to 12.
    static func month(_ number: Int) -> String { months[number - 1] }

    /// The name of a weekday; Sunday is 0, and 7.
    static func weekday(_ number: Int) -> String { weekdays[number % 7] }

    private static let months = [
        "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
        "December",
    ]

    private static let weekdays = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"]
}
