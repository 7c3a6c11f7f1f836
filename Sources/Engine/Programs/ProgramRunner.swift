import CEL
import Glibc
import Recipe
import Schedule
import Store

/// Runs the program of one action: the verbs `run` and `shell`.
struct ProgramRunner {
    private let performance: Performance
    private let program: ProgramAction
    private let scope: Scope

    init(_ performance: Performance, _ program: ProgramAction, in scope: Scope) {
        self.performance = performance
        self.program = program
        self.scope = scope
    }

    private var run: RunContext { performance.run }
    private var step: Step { performance.step }

    /// Runs it until it ends as expected, or its attempts are used up.
    func perform() async throws(Exit) -> VerbResult {
        let start = try start()
        try await run.checkpoints.flush()
        // A resumed run must know that there may be a program, and that it may have had its effect.
        var record = performance.record
        record.result = ProgramTrace.intent
        try await run.checkpoints.begin(record)
        // Without a `retry` nobody knows whether doing it again is harmless.
        let policy = step.action.retry ?? run.plan.recipe.retry ?? .never
        var attempt = 0
        while true {
            attempt += 1
            var failure: RunError
            switch try await attemptOnce(start) {
            case .success(var result):
                result.attempts = attempt
                return result
            case .failure(let found): failure = found
            }
            failure.attempt = attempt
            let wait = Retry(policy: policy).wait(
                after: Retry.Failure(kind: failure.kind),
                attempt: attempt,
                random: .random(in: 0...1),
                remaining: run.remaining
            )
            guard let wait, try performance.isWorthIt(policy, failure, in: scope) else { throw .failed(failure) }
            performance.note(failure, attempt: attempt, retryIn: wait)
            try await performance.pause(wait)
        }
    }

    // MARK: Preparing

    private func start() throws(Exit) -> ProgramStart {
        let scope = scope
        var words: [String]
        switch program.command {
        case .arguments(let template):
            let value = try performance.evaluate { () throws(ExpressionError) in try template.evaluate(in: scope) }
            guard case .list(let items) = value else { throw performance.failure(.type, "`run` needs a list") }
            words = []
            for item in items {
                switch item {
                case .null:
                    let mend = "write `\"\"` for an empty one, or make the list without it"
                    throw performance.failure(.type, "an argument must be text, and this is null; \(mend)")
                case .list, .map:
                    let mend = "`json.format(…)` makes text of it"
                    throw performance.failure(
                        .type,
                        "an argument must be text, and this is a \(item.typeName.name); \(mend)"
                    )
                default: words.append(item.text)
                }
            }
        case .shell(let template):
            let text = try performance.evaluate { () throws(ExpressionError) in try template.text(in: scope) }
            words = ["/bin/sh", "-c", text]
        }
        let directory = try performance.evaluate { () throws(ExpressionError) in
            try program.directory?.text(in: scope) ?? ""
        }
        return ProgramStart(
            words: words,
            environment: try environment(),
            directory: directory.isEmpty
                ? run.services.directory
                : directory.hasPrefix("/") ? directory : "\(run.services.directory)/\(directory)",
            input: try input()
        )
    }

    /// What every program gets of this process's environment.
    ///
    /// Anything more may be a secret, of ours or of a connection: a recipe that needs it names it in `runner.yml` under `env`.
    private static let inherited = [
        "PATH", "HOME", "USER", "LOGNAME", "SHELL", "TMPDIR", "TZ", "LANG", "LANGUAGE", "LC_ALL", "LC_COLLATE",
        "LC_CTYPE", "LC_MESSAGES", "LC_MONETARY", "LC_NUMERIC", "LC_TIME",
    ]

    private func environment() throws(Exit) -> [String: String] {
        var variables = ["PATH": "/usr/local/bin:/usr/bin:/bin"]
        for name in Self.inherited {
            if let value = getenv(name) { variables[name] = String(cString: value) }
        }
        if case .map(let readable) = run.services.environment {
            for entry in readable where entry.value != .null { variables[entry.key.text] = entry.value.text }
        }
        let scope = scope
        for (name, template) in program.environment {
            let value = try performance.evaluate { () throws(ExpressionError) in try template.evaluate(in: scope) }
            variables[name] = value == .null ? nil : value.text
        }
        variables[Leftovers.variable] = "\(run.run)"
        variables["RUNNER_RECIPE"] = run.plan.recipe.name
        variables["RUNNER_ACTION"] = performance.key.path
        return variables
    }

    private func input() throws(Exit) -> [UInt8]? {
        guard let template = program.input else { return nil }
        let scope = scope
        switch try performance.evaluate({ () throws(ExpressionError) in try template.evaluate(in: scope) }) {
        case .null: return nil
        case .string(let text): return Array(text.utf8)
        case .bytes(let bytes): return Array(bytes)
        case let value: return Array(value.storable.json().utf8)
        }
    }

    // MARK: Running

    private func attemptOnce(_ start: ProgramStart) async throws(Exit) -> Result<VerbResult, RunError> {
        let remaining = run.remaining
        let limit = min(step.action.timeout, remaining)
        guard limit > .zero, !Task.isCancelled else { throw .cancelled }
        if let playback = run.services.playback { return try await play(start, playback) }
        let child: ChildProcess
        do {
            child = try ChildProcess(start, limit: program.maxBytes)
        } catch {
            return .failure(self.error(.configuration, error.message))
        }
        run.noteEffect()
        let trace = await note(child)
        let isExpired = Flag()
        let ticket = run.services.deadlines.add(after: limit) {
            isExpired.raise()
            child.stop()
        }
        if case .failure = trace { child.stop() }
        let outcome = await withTaskCancellationHandler {
            await child.outcome()
        } onCancel: {
            child.stop()
        }
        run.services.deadlines.remove(ticket)
        if case .failure(let exit) = trace { throw exit }
        guard outcome.isStopped else { return try judge(outcome, start.name) }
        // Where the run's own time was the limit, it is the run that is over, not the attempt.
        if Task.isCancelled || remaining <= step.action.timeout { throw .cancelled }
        let message = "`\(start.name)` did not end within \(DurationText.format(limit)), and was stopped"
        return .failure(error(.timeout, message))
    }

    /// Takes what a test says that the program leaves.
    private func play(_ start: ProgramStart, _ playback: any ProgramPlayback) async throws(Exit) -> Result<
        VerbResult, RunError
    > {
        run.noteEffect()
        let call = ProgramCall(
            action: performance.key.path,
            index: performance.key.index,
            words: start.words,
            input: start.input,
            environment: start.environment.filter { name, _ in program.environment.contains { $0.key == name } }
        )
        guard let canned = playback.result(of: call) else { throw .cancelled }
        let (output, errors) = (Array(canned.output.utf8), Array(canned.errors.utf8))
        let overflow: ChildProcess.Stream? =
            output.count > program.maxBytes ? .output : errors.count > program.maxBytes ? .errors : nil
        let outcome = ChildProcess.Outcome(
            end: .exited(canned.exitCode),
            output: output,
            errors: errors,
            overflow: overflow,
            isStopped: false
        )
        return try judge(outcome, start.name)
    }

    /// Makes durable which process it is.
    private func note(_ child: ChildProcess) async -> Result<Void, Exit> {
        // One that is over already leaves nothing that could be found.
        guard let trace = ProgramTrace(of: child.pid) else { return .success(()) }
        var record = performance.record
        record.result = trace.value
        do {
            try await run.checkpoints.begin(record)
            return .success(())
        } catch {
            return .failure(error)
        }
    }

    // MARK: Judging

    private func judge(_ outcome: ChildProcess.Outcome, _ name: String) throws(Exit) -> Result<VerbResult, RunError> {
        if let stream = outcome.overflow {
            let what = stream == .output ? "standard output" : "standard error"
            let message =
                "`\(name)` wrote more than \(program.maxBytes) bytes to \(what), and was stopped; see `max_bytes`"
            return .failure(error(.body, message))
        }
        guard let output = String(validating: outcome.output, as: UTF8.self) else {
            let message =
                "the standard output of `\(name)` is no UTF-8 text; let it write a file, or send it through `base64`"
            return .failure(error(.body, message))
        }
        // What is only there for people may be repaired.
        let errors = String(decoding: outcome.errors, as: UTF8.self)
        let code: Int
        let end: String
        switch outcome.end {
        case .exited(let status): (code, end) = (status, "ended with exit code \(status)")
        // As shells say it.
        case .killed(let signal): (code, end) = (128 + signal, "was ended by signal \(signal)")
        }
        let value = Value.map([
            "exit_code": .int(Int64(code)), "stdout": .string(output), "stderr": .string(errors),
        ])
        switch program.expect {
        case .codes(let ranges):
            guard ranges.contains(where: { $0.contains(code) }) else {
                return .failure(error(.exit, "`\(name)` \(end)\(Self.lastLine(of: errors))\(mend(code))"))
            }
        case .condition(let condition):
            guard try run.holds(condition, as: "expect", of: step, in: scope.with("result", value)) else {
                // An exit code that is an error says more than the expression.
                if code != 0 {
                    return .failure(error(.exit, "`\(name)` \(end)\(Self.lastLine(of: errors))\(mend(code))"))
                }
                return .failure(error(.expectation, "`\(name)` \(end), but its result does not satisfy `expect`"))
            }
        }
        return .success(VerbResult(value: value, request: "\(name) exit \(code)"))
    }

    /// What to do about an exit code that says the same with every shell.
    private func mend(_ code: Int) -> String {
        guard case .shell = program.command, code == 127 else { return "" }
        return "; install the program that is not there, or write its whole path"
    }

    private func error(_ kind: RunError.Kind, _ message: String) -> RunError {
        RunError(action: step.action.path, kind: kind, message: message, place: step.action.place)
    }

    /// What a program said last about its failure, for people.
    private static func lastLine(of text: String) -> String {
        guard let line = text.split(whereSeparator: \.isNewline).last(where: { !$0.allSatisfy(\.isWhitespace) }) else {
            return ""
        }
        return ": \(line.prefix(300))"
    }
}
