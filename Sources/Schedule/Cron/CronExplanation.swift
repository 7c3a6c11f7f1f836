extension CronExpression {
    /// What the expression asks for, in plain English: `every 15 minutes from 09:00 through 17:59, Monday to Friday`.
    public var explanation: String {
        // It was read before, so it can be read again.
        guard let parsed = try? CronParser(text, hashKey: hashKey).fields() else { return text }
        return CronExplanation(items: parsed.fields.map(\.items), dayRule: fields.dayRule).text
    }
}

/// Puts the elements of the fields into words: the time of day, then the days, then the months.
struct CronExplanation {
    let items: [[CronItem]]
    let dayRule: CronFields.DayRule

    func items(_ field: CronField) -> [CronItem] { items[field.rawValue] }

    var text: String {
        let time = timeWords
        var months = isEvery(.month) ? nil : "in " + monthWords
        var days = dayWords
        if let dates { (days, months) = (dates, nil) }
        if days == nil, months == nil, timesOfDay != nil { days = "every day" }
        return [time, days, months].compactMap { $0 }.joined(separator: ", ")
    }

    func isEvery(_ field: CronField) -> Bool { bits(field) == CronItem.every(step: 1).bits(in: field) }

    /// The numbers that a field holds, as bits; what depends on the month is not among them.
    func bits(_ field: CronField) -> UInt64 { items(field).reduce(0) { $0 | $1.bits(in: field) } }

    /// The numbers that a field holds, ascending.
    func numbers(_ field: CronField) -> [Int] { Array(BitIndices(bits(field))) }

    /// How the numbers of a field are spread, where that can be said in a few words.
    func pattern(_ field: CronField) -> CronPattern {
        CronPattern(items(field), bits: bits(field), field)
    }
}

/// How the numbers of a field of the time of day are spread.
enum CronPattern: Equatable {
    /// All of them.
    case every
    /// One of them.
    case single(Int)
    /// Neighbours, possibly over the end of the field: `22-2`.
    case run(first: Int, last: Int)
    /// At an equal distance all around the field: each distance is the same, also over its end.
    case cycle(step: Int)
    /// At an equal distance from one to another.
    case steps(step: Int, first: Int, last: Int)
    /// Anything else.
    case list

    init(_ items: [CronItem], bits: UInt64, _ field: CronField) {
        let numbers = Array(BitIndices(bits))
        let size = field.distinct.count
        guard let first = numbers.first, let last = numbers.last else {
            self = .list
            return
        }
        if numbers.count == size {
            self = .every
        } else if numbers.count == 1 {
            self = .single(first)
        } else if items.count == 1, case .range(let low, let high, let step, _) = items[0], low > high {
            // Written over the end of the field, and so it is said.
            let end = low + (high - low + size) % size / step * step
            let wrapped = (end - field.distinct.lowerBound) % size + field.distinct.lowerBound
            self = step == 1 ? .run(first: low, last: high) : .steps(step: step, first: low, last: wrapped)
        } else {
            let step = numbers[1] - first
            let isRegular = zip(numbers, numbers.dropFirst()).allSatisfy { $1 - $0 == step }
            switch (isRegular, step, numbers.count) {
            case (false, _, _): self = .list
            case (true, 1, _): self = numbers.count > 2 ? .run(first: first, last: last) : .list
            case (true, _, _) where step * numbers.count == size && first == field.distinct.lowerBound:
                self = .cycle(step: step)
            // Two numbers are said sooner than their distance, unless a step was written.
            case (true, _, 2) where !items.contains(where: \.hasStep): self = .list
            default: self = .steps(step: step, first: first, last: last)
            }
        }
    }
}

extension CronItem {
    /// Whether a step was written.
    fileprivate var hasStep: Bool {
        switch self {
        case .every(let step), .range(_, _, let step, _): step > 1
        case .hashed(let bits): bits.nonzeroBitCount > 1
        default: false
        }
    }
}
