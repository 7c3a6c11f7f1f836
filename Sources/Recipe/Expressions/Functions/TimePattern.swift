/// A pattern of `strftime` (POSIX.1-2024), with English names: what the C library of every scripting language has.
///
/// Beyond POSIX: `%f %L %N` for digits of a second (Python, Ruby, GNU), `%P`, `%s`, `%:z` and the flags `- _ 0` (GNU). What
/// depends on a locale (`%c %x %X`) is refused.
struct TimePattern {
    /// One part of a time.
    enum Field: String, CaseIterable {
        case year = "Y"
        case century = "C"
        case yearOfCentury = "y"
        case month = "m"
        case monthName = "B"
        case monthShort = "b"
        case day = "d"
        case dayOfYear = "j"
        case hour = "H"
        case hourOfTwelve = "I"
        case minute = "M"
        case second = "S"
        case microsecond = "f"
        case millisecond = "L"
        case nanosecond = "N"
        case half = "p"
        case halfSmall = "P"
        case weekdayName = "A"
        case weekdayShort = "a"
        case weekday = "w"
        case isoWeekday = "u"
        case weekFromSunday = "U"
        case weekFromMonday = "W"
        case isoWeek = "V"
        case isoYear = "G"
        case offset = "z"
        case offsetWithColon = ":z"
        case zone = "Z"
        case epoch = "s"
    }

    /// What stands before a number that is too short.
    enum Padding {
        case zeros
        case spaces
        case none
    }

    /// A stretch of a pattern.
    enum Part {
        case text(String)
        case field(Field, Padding)
    }

    /// A pattern that cannot be read, or a text that does not fit one.
    struct Flaw: Error {
        let message: String
    }

    /// The pattern as it is written.
    let text: String
    let parts: [Part]

    static let months = [
        "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
        "December",
    ]
    static let weekdays = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"]

    /// What stands for several directives.
    private static let shorthands: [Character: String] = [
        "F": "%Y-%m-%d", "T": "%H:%M:%S", "R": "%H:%M", "D": "%m/%d/%y", "r": "%I:%M:%S %p", "h": "%b",
        "n": "\n", "t": "\t",
    ]

    /// Reads a pattern; throws for a directive that there is not.
    init(_ text: String) throws(Flaw) {
        self.text = text
        var parts: [Part] = []
        try Self.read(text[...], into: &parts)
        self.parts = parts
    }

    private static func read(_ text: Substring, into parts: inout [Part]) throws(Flaw) {
        var rest = text
        var literal = ""
        func flush() {
            if !literal.isEmpty { parts.append(.text(literal)) }
            literal = ""
        }
        while let character = rest.popFirst() {
            guard character == "%" else {
                literal.append(character)
                continue
            }
            var padding: Padding?
            switch rest.first {
            case "-": padding = Padding.none
            case "_": padding = .spaces
            case "0": padding = .zeros
            default: break
            }
            if padding != nil { rest.removeFirst() }
            let colon = rest.first == ":" ? String(rest.removeFirst()) : ""
            guard let letter = rest.popFirst() else {
                throw Flaw(message: "the pattern ends after '%'; write %% for a percent sign")
            }
            if letter == "%", colon.isEmpty {
                literal.append("%")
            } else if letter == "e", colon.isEmpty {
                flush()
                parts.append(.field(.day, padding ?? .spaces))
            } else if let shorthand = shorthands[letter], colon.isEmpty {
                flush()
                try read(shorthand[...], into: &parts)
            } else if let field = Field(rawValue: colon + String(letter)) {
                flush()
                parts.append(.field(field, padding ?? .zeros))
            } else {
                throw Flaw(
                    message: "there is no directive '%\(colon)\(letter)'; there are "
                        + "%Y %m %d %H %M %S %f %L %N %z %:z %Z %F %T %R %s %y %C %b %B %a %A %j %e %I %p %P %u %w %U %W %V %G"
                )
            }
        }
        flush()
    }
}
