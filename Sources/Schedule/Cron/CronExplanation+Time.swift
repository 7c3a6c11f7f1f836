extension CronExplanation {
    /// The time of day: `at 06:00 and 18:00`, `every 15 minutes from 09:00 through 17:59`.
    var timeWords: String {
        if let timesOfDay { return "at " + EnglishWords.joined(timesOfDay) }
        let isWholeMinute = bits(.second) == 1
        let (minutes, hours) = (pattern(.minute), pattern(.hour))
        let words =
            if !isWholeMinute {
                secondWords(minutes, hours)
            } else if case .single(let minute) = minutes {
                hourlyWords(hours, ":" + padded(minute, 2))
            } else {
                frequency(minutes, .minute).map { $0 + window(hours) }
            }
        if let words { return words }
        let nested = nested()
        return nested.hasPrefix("every ") ? nested : "at " + nested
    }

    /// `02:30` and so on, when the fields give few times.
    var timesOfDay: [String]? {
        let (hours, minutes, seconds) = (numbers(.hour), numbers(.minute), numbers(.second))
        guard hours.count * minutes.count * seconds.count <= 6, !isSaidSooner(.hour), !isSaidSooner(.second) else {
            return nil
        }
        return hours.flatMap { hour in
            minutes.flatMap { minute in
                seconds.map { second in
                    padded(hour, 2) + ":" + padded(minute, 2) + (seconds == [0] ? "" : ":" + padded(second, 2))
                }
            }
        }
    }

    /// Whether the numbers of a field are clearer by their ends than one by one.
    private func isSaidSooner(_ field: CronField) -> Bool {
        switch pattern(field) {
        case .run: true
        case .steps(_, let first, let last): first > last || field == .second
        case .cycle: field == .second
        case .every, .single, .list: false
        }
    }

    /// One time in each of several hours: `every 2 hours from 00:05 through 22:05`.
    private func hourlyWords(_ hours: CronPattern, _ clock: String) -> String? {
        switch hours {
        case .run(let first, let last): "every hour from \(padded(first, 2))\(clock) through \(padded(last, 2))\(clock)"
        case .cycle(let step): "every \(step) hours from 00\(clock) through \(padded(24 - step, 2))\(clock)"
        case .steps(let step, let first, let last):
            "every \(step) hours from \(padded(first, 2))\(clock) through \(padded(last, 2))\(clock)"
        case .every, .single, .list: nil
        }
    }

    /// `every 15 minutes`; nil where the numbers of the field must be listed.
    private func frequency(_ pattern: CronPattern, _ field: CronField) -> String? {
        let name = field.name
        return switch pattern {
        case .every: "every \(name)"
        case .cycle(let step): "every \(step) \(name)s"
        case .run, .steps, .single, .list: nil
        }
    }

    /// The hours in which something goes on all the time, after it: ` from 09:00 through 17:59`.
    private func window(_ hours: CronPattern, isToTheSecond: Bool = false) -> String {
        let (start, end) = isToTheSecond ? (":00:00", ":59:59") : (":00", ":59")
        return switch hours {
        case .every: ""
        case .single(let hour): " from \(padded(hour, 2))\(start) through \(padded(hour, 2))\(end)"
        case .run(let first, let last): " from \(padded(first, 2))\(start) through \(padded(last, 2))\(end)"
        case .cycle, .steps, .list: " in " + words(hours, .hour)
        }
    }

    /// With seconds of their own: `every 10 seconds`, `at second 30 of every minute`.
    private func secondWords(_ minutes: CronPattern, _ hours: CronPattern) -> String? {
        guard let frequency = frequency(pattern(.second), .second) else { return nil }
        switch (minutes, hours) {
        case (.every, _): return frequency + window(hours, isToTheSecond: true)
        case (.single(let minute), .single(let hour)):
            let clock = padded(hour, 2) + ":" + padded(minute, 2)
            return "\(frequency) from \(clock):00 through \(clock):59"
        default: return "\(frequency) of \(words(minutes, .minute)) of \(words(hours, .hour))"
        }
    }

    /// The fields one inside the other: `minutes 0 and 20 of every hour from 09 through 17`.
    private func nested() -> String {
        var parts: [String] = []
        if bits(.second) != 1 { parts.append(words(pattern(.second), .second)) }
        let (minutes, hours) = (pattern(.minute), pattern(.hour))
        parts.append(words(minutes, .minute))
        // "second 30 of every minute" needs no more words.
        if parts.count < 2 || minutes != .every || hours != .every { parts.append(words(hours, .hour)) }
        return parts.joined(separator: " of ")
    }

    /// The numbers of a field: `minutes 0 and 20`, `every 2nd hour from 00 through 22`, `hours 09 through 17`.
    private func words(_ pattern: CronPattern, _ field: CronField) -> String {
        let name = field.name
        func number(_ value: Int) -> String { field == .hour ? padded(value, 2) : "\(value)" }
        switch pattern {
        case .every: return "every \(name)"
        case .single(let value): return "\(name) \(number(value))"
        case .run(let first, let last): return "every \(name) from \(number(first)) through \(number(last))"
        case .cycle(let step):
            let last = field.distinct.upperBound + 1 - step
            return "every \(EnglishWords.ordinal(step)) \(name) from \(number(0)) through \(number(last))"
        case .steps(let step, let first, let last):
            return "every \(EnglishWords.ordinal(step)) \(name) from \(number(first)) through \(number(last))"
        case .list: return "\(name)s " + EnglishWords.joined(runs(field).map { run in listed(run, number) })
        }
    }

    private func listed(_ run: ClosedRange<Int>, _ number: (Int) -> String) -> String {
        run.count == 1 ? number(run.lowerBound) : "\(number(run.lowerBound)) through \(number(run.upperBound))"
    }

    /// The numbers of a field, neighbours together where there are three or more.
    func runs(_ field: CronField) -> [ClosedRange<Int>] {
        var runs: [ClosedRange<Int>] = []
        for value in numbers(field) {
            if let last = runs.last, last.upperBound == value - 1 {
                runs[runs.count - 1] = last.lowerBound...value
            } else {
                runs.append(value...value)
            }
        }
        return runs.flatMap { $0.count == 2 ? [$0.lowerBound...$0.lowerBound, $0.upperBound...$0.upperBound] : [$0] }
    }
}
