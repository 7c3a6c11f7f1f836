import CEL
import Engine
import Recipe
import Schedule
import Store

/// Prints audits, trigger by trigger, while they are made.
struct AuditReport {
    enum Form { case text, json }

    private let zone: Zone
    private let form: Form
    /// Each fire time is a line; without it only what is wrong.
    private let listsFires: Bool
    private var table = Table(["RECIPE", "SCHEDULE", "ASKED", "LOST", "DOUBLE", "MISFIT", "ENDED"])
    private var remarks: [String] = []
    /// Which recipes each note is about: many share one.
    private var notes: [String: [String]] = [:]
    private var noteOrder: [String] = []
    private var triggers = 0
    private var asked = 0
    private var findings = 0
    private var separator = "["

    init(zone: Zone, form: Form, listsFires: Bool) {
        self.zone = zone
        self.form = form
        self.listsFires = listsFires
    }

    /// Every fire time that was audited has exactly one record, or will get it in its turn.
    private(set) var isProven = true

    // MARK: One trigger

    /// A trigger's audit begins.
    mutating func begin(_ key: TriggerKey) {
        guard form == .json, listsFires else { return }
        Terminal.out(separator + "\n{\"fires\":[")
        separator = ","
        fireSeparator = ""
    }

    private var fireSeparator = ""

    /// A line of the trigger's audit.
    mutating func add(_ entry: AuditEntry) {
        guard listsFires else { return }
        switch form {
        case .text: Terminal.out(line(entry))
        case .json:
            Terminal.out(fireSeparator + object(entry).json())
            fireSeparator = ","
        }
    }

    /// A trigger's audit is done.
    mutating func end(_ audit: TriggerAudit) {
        triggers += 1
        asked += audit.asked
        findings += audit.lost + audit.doubles.count + audit.misfits.count
        isProven = isProven && audit.isProven
        switch form {
        case .json where listsFires: Terminal.out("],\n" + summary(audit).json().dropFirst())
        case .json:
            Terminal.out(separator + "\n" + summary(audit).json())
            separator = ","
        case .text: addRow(audit)
        }
    }

    private mutating func addRow(_ audit: TriggerAudit) {
        let ended = RunStatus.allCases.compactMap { status in audit.ended[status].map { "\($0) \(status.rawValue)" } }
        let pending = audit.pending.map { ["\($0.count) pending"] } ?? []
        table.add([
            audit.key.recipe, audit.trigger?.text ?? audit.key.trigger, "\(audit.asked)", "\(audit.lost)",
            "\(audit.doubles.count)", "\(audit.misfits.count)", (ended + pending).joined(separator: ", "),
        ])
        if !listsFires {
            let entries =
                audit.gaps.first.prefix(3).map(AuditEntry.gap) + audit.doubles.first.prefix(3).map(AuditEntry.double)
                + audit.misfits.first.prefix(3).map {
                    AuditEntry.misfit($0, "it does not fit what the trigger asked for")
                }
            remarks += entries.map { "\(audit.key.recipe): \(line($0))" }
        }
        for note in audit.notes {
            if notes[note] == nil { noteOrder.append(note) }
            notes[note, default: []].append(audit.key.recipe)
        }
    }

    /// All audits are done.
    func finish(_ period: Period, unseen: Bool) {
        if form == .json { Terminal.out(triggers == 0 ? "[]" : "]") }
        let time = "\(Listing.text(period.from, zone)) to \(Listing.text(period.to, zone))"
        guard !unseen else {
            return Terminal.errorLine("\(time): no `runner start` has seen a trigger here yet, so nothing was owed")
        }
        if form == .text {
            Terminal.out((listsFires && asked > 0 ? "\n" : "") + table.text)
            for remark in remarks + noteOrder.map(noteLine) { Terminal.out(remark) }
        }
        let total = "\(asked) fire time\(asked == 1 ? "" : "s") of \(triggers) trigger\(triggers == 1 ? "" : "s")"
        Terminal.errorLine(
            isProven
                ? "\(time): \(total), each with one record or still to come"
                : "\(time): \(total), \(findings) of them without a record, or with one that does not fit"
        )
    }

    private func noteLine(_ note: String) -> String {
        let recipes = notes[note] ?? []
        let more = recipes.count > 3 ? " and \(recipes.count - 3) more" : ""
        return "note: \(note) (\(recipes.prefix(3).joined(separator: ", "))\(more))"
    }

    // MARK: Lines

    private func line(_ entry: AuditEntry) -> String {
        switch entry {
        case .recorded(let run, let count):
            let reason = run.reason.map { "  \($0)" } ?? ""
            let until = run.missedUntil.map { " to \(text($0)), \(count) fire times" } ?? ""
            return "\(text(run.fire.scheduledAt))\(until)  \(run.status.rawValue)  \(run.id)\(reason)"
        case .gap(let range): return "\(text(range))  LOST  no record"
        case .double(let run):
            return
                "\(text(run.fire.scheduledAt))  DOUBLE  \(run.status.rawValue) \(run.id): the fire time has a record already"
        case .misfit(let run, let trouble):
            return "\(text(run.fire.scheduledAt))  MISFIT  \(run.status.rawValue) \(run.id): \(trouble)"
        case .pending(let range):
            return "\(text(range))  pending  the record comes in its turn, or when a process starts"
        }
    }

    private func text(_ range: FireRange) -> String {
        let first = text(range.first)
        return range.count == 1 ? first : "\(first) to \(text(range.last)), \(range.count) fire times"
    }

    private func text(_ instant: Instant) -> String { Listing.text(instant, zone) }

    // MARK: Objects

    private func object(_ entry: AuditEntry) -> Value {
        switch entry {
        case .recorded(let run, let count): object("recorded", run, [("count", .int(Int64(count)))])
        case .gap(let range): object("lost", range)
        case .double(let run): object("double", run)
        case .misfit(let run, let trouble): object("misfit", run, [("trouble", .string(trouble))])
        case .pending(let range): object("pending", range)
        }
    }

    private func object(_ kind: String, _ run: RunRecord, _ more: [(String, Value)] = []) -> Value {
        .map(ValueMap([("kind", .string(kind)), ("run", Listing.json(run))] + more))
    }

    private func object(_ kind: String, _ range: FireRange) -> Value {
        .map(ValueMap([("kind", .string(kind))] + members(range)))
    }

    private func members(_ range: FireRange) -> [(String, Value)] {
        [
            ("from", Listing.json(range.first)), ("to", Listing.json(range.last)), ("count", .int(Int64(range.count))),
        ]
    }

    private func summary(_ audit: TriggerAudit) -> Value {
        let ended: [(String, Value)] = RunStatus.allCases.compactMap { status in
            audit.ended[status].map { (status.rawValue, .int(Int64($0))) }
        }
        let gaps: [Value] = audit.gaps.first.map { .map(ValueMap(members($0))) }
        let pending: Value = audit.pending.map { .map(ValueMap(members($0))) } ?? .null
        let all: [(String, Value)] = [
            ("recipe", .string(audit.key.recipe)), ("trigger", .string(audit.key.trigger)),
            ("schedule", audit.trigger.map { .string($0.text) } ?? .null),
            ("timezone", audit.trigger.map { .string($0.zone.name) } ?? .null),
            ("proven", .bool(audit.isProven)), ("asked", .int(Int64(audit.asked))),
            ("ended", .map(ValueMap(ended))),
            ("lost", .int(Int64(audit.lost))), ("gaps", .list(gaps)),
            ("doubles", .list(audit.doubles.first.map(Listing.json))),
            ("misfits", .list(audit.misfits.first.map(Listing.json))),
            ("pending", pending), ("notes", .list(audit.notes.map(Value.string))),
        ]
        return .map(ValueMap(all))
    }
}
