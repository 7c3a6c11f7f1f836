import CEL
import Engine
import Recipe
import Schedule

/// How a simulation is shown.
struct ForesightReport {
    private let foresight: Foresight
    private let zone: Zone

    init(_ foresight: Foresight, zone: Zone) {
        self.foresight = foresight
        self.zone = zone
    }

    // MARK: For people

    var text: String {
        let period = "\(text(foresight.from)) to \(text(foresight.to))"
        guard foresight.starts > 0 else { return "\(period): nothing fires" }
        let recipes = foresight.shares.count { $0.fires > 0 }
        let summary = "\(period): \(foresight.starts) starts of \(recipes) recipe\(recipes == 1 ? "" : "s")"
        return ([summary, chart, shares, peaks, pauses, clockChanges, loads].compactMap { $0 }).joined(
            separator: "\n\n"
        )
    }

    /// Hour by hour for up to three days, else by the hour of the day.
    private var chart: String {
        var chart = BarChart()
        let hours = foresight.hours.enumerated().map { (foresight.firstHour + .seconds($0 * 3_600), $1) }
        guard hours.count > 72 else {
            for (start, count) in hours { chart.add(String(text(start).prefix(16)), count) }
            return "starts in each hour\n" + chart.text
        }
        var byHour = [Int](repeating: 0, count: 24)
        for (start, count) in hours { byHour[zone.wallTime(at: start).hour] += count }
        for (hour, count) in byHour.enumerated() { chart.add((hour < 10 ? "0" : "") + "\(hour):00", count) }
        return "starts by the hour of the day (\(zone))\n" + chart.text
    }

    private var shares: String {
        var table = Table(["BUSIEST RECIPES", "FIRES"])
        for share in foresight.shares.prefix(10) where share.fires > 0 { table.add([share.recipe, "\(share.fires)"]) }
        let more = foresight.shares.count { $0.fires > 0 } - 10
        return table.text + (more > 0 ? "\nand \(more) more" : "")
    }

    private var peaks: String {
        var table = Table(["BUSIEST SECONDS", "STARTS", "RECIPES"])
        for peak in foresight.peaks.prefix(5) {
            let more = peak.recipes.count > 5 ? " and \(peak.recipes.count - 5) more" : ""
            table.add([text(peak.at), "\(peak.starts)", peak.recipes.prefix(5).joined(separator: ", ") + more])
        }
        return table.text
    }

    private var pauses: String? {
        guard !foresight.pauses.isEmpty else { return nil }
        var table = Table(["LONGEST GAPS", "UNTIL", "LENGTH"])
        for pause in foresight.pauses.prefix(5) {
            table.add([text(pause.from), text(pause.to), RelativeTime.length(pause.to - pause.from)])
        }
        return table.text
    }

    private var clockChanges: String? {
        guard !foresight.clockChanges.isEmpty else { return nil }
        var table = Table(["CLOCK CHANGES", "ZONE", "RECIPE", "EFFECT"])
        for change in foresight.clockChanges {
            for (recipe, effect) in change.effects.prefix(5) {
                table.add([change.at.rfc3339(in: change.zone), change.zone.name, recipe, effect.words(in: change.zone)])
            }
            if change.effects.count > 5 {
                table.add([
                    change.at.rfc3339(in: change.zone), change.zone.name, "and \(change.effects.count - 5) more", "",
                ])
            }
        }
        return table.text
    }

    private var loads: String? {
        guard !foresight.loads.isEmpty else { return nil }
        var table = Table(["CONNECTION", "REQUESTS", "MOST", "AT", "LIMIT", ""])
        for load in foresight.loads {
            let most =
                load.peak.map { "\($0.calls) in \(load.limit.map { DurationText.format($0.per) } ?? "1s")" } ?? "-"
            table.add([
                load.connection, (load.mayBeMore ? "at least " : "") + "\(load.calls)", most,
                load.peak.map { text($0.at) } ?? "-", load.limit.map(limit) ?? "none", verdict(load),
            ])
        }
        return table.text
    }

    private func limit(_ limit: RateLimit) -> String {
        "\(limit.count)/\(DurationText.format(limit.per))"
    }

    private func verdict(_ load: Foresight.Load) -> String {
        guard let limit = load.limit, let peak = load.peak else { return "" }
        guard load.isOverLimit else { return "\(peak.calls * 100 / limit.count) % of the limit" }
        let wait = limit.per * (peak.calls - limit.count) / limit.count
        return "over the limit: the last of them waits \(RelativeTime.length(wait))"
    }

    private func text(_ instant: Instant) -> String { Listing.text(instant, zone) }

    // MARK: For programs

    var object: Value {
        let hours: [Value] = foresight.hours.enumerated().map { index, count in
            object([
                ("at", Listing.json(foresight.firstHour + .seconds(index * 3_600))), ("starts", .int(Int64(count))),
            ])
        }
        let members: [(String, Value)] = [
            ("from", Listing.json(foresight.from)), ("to", Listing.json(foresight.to)),
            ("starts", .int(Int64(foresight.starts))), ("hours", .list(hours)),
            (
                "recipes",
                .list(
                    foresight.shares.map { object([("recipe", .string($0.recipe)), ("fires", .int(Int64($0.fires)))]) }
                )
            ),
            ("peaks", .list(foresight.peaks.map(peak))), ("gaps", .list(foresight.pauses.map(pause))),
            ("clock_changes", .list(foresight.clockChanges.map(change))),
            ("connections", .list(foresight.loads.map(load))),
        ]
        return object(members)
    }

    private func object(_ members: [(String, Value)]) -> Value { .map(ValueMap(members)) }

    private func peak(_ peak: Foresight.Peak) -> Value {
        object([
            ("at", Listing.json(peak.at)), ("starts", .int(Int64(peak.starts))),
            ("recipes", .list(peak.recipes.map(Value.string))),
        ])
    }

    private func pause(_ pause: Foresight.Pause) -> Value {
        let seconds = Listing.milliseconds(pause.to - pause.from) / 1_000
        return object([
            ("from", Listing.json(pause.from)), ("to", Listing.json(pause.to)), ("length_s", .double(seconds)),
        ])
    }

    private func change(_ change: Foresight.ClockChange) -> Value {
        let effects: [Value] = change.effects.map { recipe, effect in
            object([("recipe", .string(recipe)), ("effect", .string(effect.words(in: change.zone)))])
        }
        return object([
            ("at", Listing.json(change.at)), ("timezone", .string(change.zone.name)),
            ("offset_before_s", .int(Int64(change.offsets.before))),
            ("offset_after_s", .int(Int64(change.offsets.after))), ("effects", .list(effects)),
        ])
    }

    private func load(_ load: Foresight.Load) -> Value {
        let limit: Value =
            load.limit.map { limit in
                object([
                    ("count", .int(Int64(limit.count))), ("per_s", .double(Listing.milliseconds(limit.per) / 1_000)),
                ])
            } ?? .null
        let peak: Value =
            load.peak.map { object([("at", Listing.json($0.at)), ("requests", .int(Int64($0.calls)))]) } ?? .null
        return object([
            ("connection", .string(load.connection)), ("requests", .int(Int64(load.calls))),
            ("may_be_more", .bool(load.mayBeMore)), ("limit", limit), ("peak", peak),
            ("over_limit", .bool(load.isOverLimit)),
        ])
    }
}
