import Recipe
import Schedule

/// Goes through a period day by day, with a counter for each second of the day: a year takes no more memory than a day.
struct Simulation {
    private(set) var result: Foresight
    private let entries: [Entry]
    private var loads: [LoadCounter]
    private var fires: [Int]
    private var busiest = Busiest()
    private var pauses: LongestPauses
    /// Starts in each second of the day that is looked at.
    private var counters = [UInt32](repeating: 0, count: Int(Self.day))

    private static let day: Int64 = 86_400

    /// One trigger that fires, and what each of its runs asks of connections, by their position in `loads`.
    private struct Entry {
        let recipe: String
        let trigger: Trigger
        let calls: [(load: Int, count: UInt32)]
    }

    init(_ workspace: Workspace, from: Instant, to: Instant, zone: Zone) {
        let hour = Int64(zone.offset(at: from)) % 3_600
        let first = from.wholeSeconds
        let offset = (first + hour) % 3_600
        result = Foresight(
            from: from,
            to: to,
            firstHour: Instant(seconds: first - (offset < 0 ? offset + 3_600 : offset))
        )
        pauses = LongestPauses(from)
        var loads: [String: Int] = [:]
        var counters: [LoadCounter] = []
        var entries: [Entry] = []
        for recipe in workspace.recipes.values.sorted(by: { $0.name < $1.name }) where recipe.isEnabled {
            let triggers = recipe.triggers.filter(\.isEnabled)
            guard !triggers.isEmpty else { continue }
            let count = CallCount(recipe)
            let calls = count.calls.sorted { $0.key < $1.key }.map { name, calls in
                let limit = workspace.connections[name]?.rateLimit ?? count.inlineLimits[name]
                let position = loads[name] ?? counters.count
                if position == counters.count {
                    counters.append(LoadCounter(Foresight.Load(connection: name, limit: limit)))
                }
                loads[name] = position
                if count.open.contains(name) { counters[position].load.mayBeMore = true }
                return (load: position, count: UInt32(calls))
            }
            entries += triggers.map { Entry(recipe: recipe.name, trigger: $0, calls: calls) }
        }
        self.entries = entries
        self.loads = counters
        fires = [Int](repeating: 0, count: entries.count)
    }

    mutating func run() {
        let (first, end) = (result.from.wholeSeconds, (result.to - .microseconds(1)).wholeSeconds + 1)
        let lastHour = max(0, (end - 1 - result.firstHour.wholeSeconds) / 3_600)
        result.hours = [Int](repeating: 0, count: Int(lastHour) + 1)
        for start in stride(from: first, to: end, by: Int(Self.day)) {
            count(from: start, to: min(start + Self.day, end))
            look(from: start, to: min(start + Self.day, end))
        }
        finish()
    }

    // MARK: Counting

    private mutating func count(from start: Int64, to end: Int64) {
        let (from, to) = (result.from, result.to)
        for index in entries.indices {
            let entry = entries[index]
            // The period may begin within a second; what fires earlier in it is not of the period.
            let (first, last) = (max(Instant(seconds: start), from), min(Instant(seconds: end), to))
            Self.forEachStart(of: entry, from: first, to: last) { second in
                let position = Int(second - start)
                counters[position] += 1
                fires[index] += 1
                for (load, count) in entry.calls { loads[load].counters[position] += count }
            }
        }
    }

    /// Calls `body` with the second of each start from one moment to just before another, jitter counted.
    ///
    /// Static: a copy of the simulation, which `body` changes, would be a copy of all its counters.
    private static func forEachStart(of entry: Entry, from start: Instant, to end: Instant, _ body: (Int64) -> Void) {
        let trigger = entry.trigger
        let (after, through) = (start - .microseconds(1), end - .microseconds(1))
        guard trigger.jitter > .zero else {
            return trigger.schedule.forEachSecond(after: after, through: through, in: trigger.bounds, body)
        }
        // What fired before may start only now.
        for time in trigger.schedule.instants(after: after - trigger.jitter, in: trigger.bounds) {
            guard time <= through else { return }
            let moment = time + trigger.delay(of: time, recipe: entry.recipe)
            if moment > after, moment <= through { body(moment.wholeSeconds) }
        }
    }

    /// Takes out of the counters what is to be known of the day, and sets them back.
    private mutating func look(from start: Int64, to end: Int64) {
        let firstHour = result.firstHour.wholeSeconds
        for position in 0..<Int(end - start) {
            for load in loads.indices { loads[load].pass(position, at: start + Int64(position)) }
            let starts = Int(counters[position])
            guard starts > 0 else { continue }
            counters[position] = 0
            let second = start + Int64(position)
            result.starts += starts
            result.hours[Int((second - firstHour) / 3_600)] += starts
            busiest.add(starts, at: second)
            pauses.add(Instant(seconds: second))
        }
    }

    // MARK: The end

    private mutating func finish() {
        pauses.add(result.to)
        result.pauses = pauses.longest
        result.peaks = busiest.peaks.map { starts, second in
            var peak = Foresight.Peak(at: Instant(seconds: second), starts: starts)
            var recipes: Set<String> = []
            let (first, last) = (max(peak.at, result.from), min(peak.at + .seconds(1), result.to))
            for entry in entries {
                Self.forEachStart(of: entry, from: first, to: last) { _ in recipes.insert(entry.recipe) }
            }
            peak.recipes = recipes.sorted()
            return peak
        }
        var total: [String: Int] = [:]
        for (entry, count) in zip(entries, fires) { total[entry.recipe, default: 0] += count }
        result.shares = total.map { Foresight.Share(recipe: $0, fires: $1) }
            .sorted { ($1.fires, $0.recipe) < ($0.fires, $1.recipe) }
        result.loads = loads.map(\.load).sorted { $0.connection < $1.connection }
        result.clockChanges = clockChanges()
    }

    private func clockChanges() -> [Foresight.ClockChange] {
        var changes: [Foresight.ClockChange] = []
        var schedules: [String: [(recipe: String, cron: CronSchedule, bounds: FireBounds)]] = [:]
        for entry in entries {
            guard case .cron(let cron) = entry.trigger.schedule else { continue }
            schedules[cron.zone.name, default: []].append((entry.recipe, cron, entry.trigger.bounds))
        }
        for list in schedules.values {
            guard let zone = list.first?.cron.zone else { continue }
            var moment = result.from - .microseconds(1)
            while let change = zone.nextOffsetChange(after: moment), change.at < result.to {
                moment = change.at
                let effects = list.compactMap { recipe, cron, bounds in
                    bounds.contains(change.at) ? cron.effect(ofChangeAt: change.at).map { (recipe, $0) } : nil
                }
                guard !effects.isEmpty else { continue }
                // What is moved surprises more than what follows the clock on the wall.
                let sorted = effects.sorted { ($0.1.weight, $0.0) < ($1.1.weight, $1.0) }
                changes.append(
                    Foresight.ClockChange(
                        zone: zone,
                        at: change.at,
                        offsets: (change.before, change.after),
                        effects: sorted.map { (recipe: $0.0, effect: $0.1) }
                    )
                )
            }
        }
        return changes.sorted { ($0.at, $0.zone.name) < ($1.at, $1.zone.name) }
    }
}

extension ClockChangeEffect {
    fileprivate var weight: Int {
        switch self {
        case .moved: 0
        case .once: 1
        case .leftOut: 2
        case .twice: 3
        }
    }
}

/// Counts a connection's requests, and finds the time in which they are most.
private struct LoadCounter {
    var load: Foresight.Load
    /// Requests in each second of the day that is looked at.
    var counters = [UInt32](repeating: 0, count: 86_400)
    /// Those of the newest seconds, as many as the limit's time has.
    private var window: [UInt32]
    private var sum = 0
    private var place = 0

    init(_ load: Foresight.Load) {
        self.load = load
        let seconds = load.limit.map { ($0.per.wholeMicroseconds + 999_999) / 1_000_000 } ?? 1
        // A limit per more than a week is measured over a week.
        window = [UInt32](repeating: 0, count: Int(min(max(1, seconds), 7 * 86_400)))
    }

    mutating func pass(_ position: Int, at second: Int64) {
        let calls = counters[position]
        if calls > 0 || sum > 0 {
            counters[position] = 0
            load.calls += Int(calls)
            sum += Int(calls) - Int(window[place])
            window[place] = calls
            if calls > 0, sum > load.peak?.calls ?? 0 {
                load.peak = (Instant(seconds: second - Int64(window.count) + 1), sum)
            }
        }
        place = place + 1 == window.count ? 0 : place + 1
    }
}

/// The seconds with the most starts; of equal ones the earliest.
private struct Busiest {
    private(set) var peaks: [(starts: Int, second: Int64)] = []

    mutating func add(_ starts: Int, at second: Int64) {
        if peaks.count == Foresight.shownLimit, let least = peaks.last, starts <= least.starts { return }
        let position = peaks.firstIndex { $0.starts < starts } ?? peaks.count
        peaks.insert((starts, second), at: position)
        if peaks.count > Foresight.shownLimit { peaks.removeLast() }
    }
}

/// The longest times between two starts; of equal ones the earliest.
private struct LongestPauses {
    private(set) var longest: [Foresight.Pause] = []
    private var last: Instant

    init(_ start: Instant) { last = start }

    mutating func add(_ moment: Instant) {
        defer { last = moment }
        let length = moment - last
        guard length > .seconds(1) else { return }
        if longest.count == Foresight.shownLimit, let least = longest.last, length <= least.to - least.from { return }
        let position = longest.firstIndex { $0.to - $0.from < length } ?? longest.count
        longest.insert(Foresight.Pause(from: last, to: moment), at: position)
        if longest.count > Foresight.shownLimit { longest.removeLast() }
    }
}
