import CEL
import Connections
import Recipe
import Schedule
import Synchronization

/// All that a run meets in a test: it answers requests and programs as the test says, and remembers what it was asked.
final class TestStage: RequestInterceptor, ProgramPlayback, EngineObserver {
    /// What a run has done so far.
    struct Log: Sendable {
        var requests: [SentRequest] = []
        var programs: [ProgramCall] = []
        var lines: [String] = []
        /// How often each response was given.
        var uses: [Int]
        var programUses: [String: Int] = [:]
        /// What the test does not say, and the run cannot do without.
        var problem: TestFailure?
    }

    private let test: RecipeTest
    private let clock: TestClock
    private let handle: RunHandle
    private let state: Mutex<Log>

    init(_ test: RecipeTest, clock: TestClock, handle: RunHandle) {
        self.test = test
        self.clock = clock
        self.handle = handle
        state = Mutex(Log(uses: Array(repeating: 0, count: test.responses.count)))
    }

    /// What the run has done.
    var log: Log { state.withLock { $0 } }

    func observe(_ event: EngineEvent) {
        clock.noteEvent()
        if case .log(_, _, _, let message) = event { state.withLock { $0.lines.append(message) } }
    }

    // MARK: Requests

    func intercept(
        _ request: OutgoingRequest,
        network: @Sendable (OutgoingRequest) async -> Result<IncomingResponse, TransportError>
    ) async -> Result<IncomingResponse, TransportError> {
        clock.noteEvent()
        let sent = SentRequest(request)
        let chosen = state.withLock { log -> Int? in
            log.requests.append(sent)
            guard let number = choose(sent, log.uses) else { return nil }
            log.uses[number] += 1
            return number
        }
        request.onSend?()
        guard let chosen else {
            refuse(unanswered(sent, log.uses))
            return .failure(TransportError(.cancelled, "the test has no response for it"))
        }
        return await answer(test.responses[chosen], to: sent, request)
    }

    /// The first response that fits and is not used up; those of the test itself go before those that tests share.
    private func choose(_ request: SentRequest, _ uses: [Int]) -> Int? {
        let fitting = test.responses.indices.filter { fits(test.responses[$0], request) }
        let own = fitting.filter { !test.responses[$0].isShared }
        let candidates = own.isEmpty ? fitting : own
        return candidates.first { number in
            uses[number] < test.responses[number].times ?? (number == candidates.last ? .max : 1)
        }
    }

    private func fits(_ response: CannedResponse, _ request: SentRequest) -> Bool {
        guard response.pattern.differences(from: request).isEmpty else { return false }
        return holds(response, request)
    }

    private func holds(_ response: CannedResponse, _ request: SentRequest) -> Bool {
        guard let condition = response.condition else { return true }
        return (try? condition.evaluate(in: Scope(["request": request.value]))) == .bool(true)
    }

    private func answer(
        _ response: CannedResponse,
        to sent: SentRequest,
        _ request: OutgoingRequest
    ) async -> Result<IncomingResponse, TransportError> {
        if response.delay > .zero || response.failure == .timeout {
            let isLate = response.failure == .timeout || response.delay >= request.timeout
            do {
                try await clock.sleep(for: isLate ? request.timeout : response.delay)
            } catch {
                return .failure(TransportError(.cancelled, "cancelled"))
            }
            if isLate {
                let limit = DurationText.format(request.timeout)
                return .failure(TransportError(.timeout, "no complete answer within \(limit)"))
            }
        }
        switch response.failure {
        case .network: return .failure(TransportError(.network, "the connection was closed (in a test)"))
        case .tls: return .failure(TransportError(.tls, "the server's certificate is not trusted (in a test)"))
        case .timeout, nil: break
        }
        do throws(ExpressionError) {
            let scope = Scope(["request": sent.value])
            let (bytes, type) = try body(response, scope)
            var headers = try pairs(response.headers?.evaluate(in: scope))
            if let type, !headers.contains(where: { $0.0.lowercased() == "content-type" }) {
                headers.append(("Content-Type", type))
            }
            guard bytes.count <= request.maxBytes else {
                return .failure(
                    TransportError(
                        .tooLarge,
                        "the body is larger than \(request.maxBytes) bytes; raise `max_bytes` if that is right"
                    )
                )
            }
            return .success(IncomingResponse(status: response.status, reason: "", headers: headers, bytes: bytes))
        } catch {
            refuse(
                TestFailure(
                    message: "the response cannot be made: \(error.message)",
                    place: error.place ?? response.place
                )
            )
            return .failure(TransportError(.cancelled, "the response cannot be made"))
        }
    }

    private func body(_ response: CannedResponse, _ scope: Scope) throws(ExpressionError) -> ([UInt8], String?) {
        switch response.body {
        case .none: ([], nil)
        case .json(let template): (Array(try template.evaluate(in: scope).json().utf8), "application/json")
        case .text(let template): (Array(try template.text(in: scope).utf8), nil)
        case .bytes(let bytes): (bytes, nil)
        }
    }

    private func pairs(_ value: Value?) -> [(String, String)] {
        guard case .map(let map) = value else { return [] }
        return map.flatMap { entry -> [(String, String)] in
            switch entry.value {
            case .null: []
            case .list(let items): items.map { (entry.key.text, $0.text) }
            default: [(entry.key.text, entry.value.text)]
            }
        }
    }

    // MARK: What is missing

    private func unanswered(_ request: SentRequest, _ uses: [Int]) -> TestFailure {
        var notes = ["\(request.method) \(request.url)"]
        if let body = Self.shown(request) { notes.append(body) }
        var failure = TestFailure(
            message: "the test has no response for the request of \(Self.label(request.sender))",
            place: test.place
        )
        let rated = test.responses.map { ($0, reasons($0, request)) }
        if let (nearest, reasons) = rated.min(by: { Self.weight($0.1) < Self.weight($1.1) }) {
            notes.append("nearest: \(nearest.pattern.text) (\(nearest.place))")
            failure.differences = reasons
            if reasons.isEmpty { notes.append("it is used up: `times` says how often it answers") }
        } else {
            notes.append("nothing is ever sent in a test: write what the server answers under `responses:`")
        }
        failure.notes = notes
        return failure
    }

    private func reasons(_ response: CannedResponse, _ request: SentRequest) -> [Difference] {
        var result = response.pattern.differences(from: request)
        if result.isEmpty, !holds(response, request) {
            result.append(Difference(path: "if", expected: response.condition?.program.source ?? "", found: "false"))
        }
        return result
    }

    /// How far a response is from a request: another URL is farther than another method, and that than a parameter.
    private static func weight(_ reasons: [Difference]) -> Int {
        reasons.reduce(0) { sum, reason in sum + (reason.path == "url" ? 100 : reason.path == "method" ? 10 : 1) }
    }

    private static let longestBody = 1_000

    private static func shown(_ request: SentRequest) -> String? {
        guard !request.bytes.isEmpty else { return nil }
        let text = request.text
        return text.count > longestBody ? String(text.prefix(longestBody)) + "…" : text
    }

    static func label(_ sender: RequestSender?) -> String {
        guard let sender else { return "the connection itself" }
        return sender.index.isEmpty ? "`\(sender.path)`" : "`\(sender.path)` item \(sender.index)"
    }

    /// Ends the run; the first reason counts.
    private func refuse(_ failure: TestFailure) {
        let isFirst = state.withLock { log in
            defer { log.problem = log.problem ?? failure }
            return log.problem == nil
        }
        if isFirst { handle.cancel(.request(reason: failure.message)) }
    }

    // MARK: Programs

    func result(of call: ProgramCall) -> CannedProgram? {
        clock.noteEvent()
        let canned = test.programs[call.action] ?? []
        let use = state.withLock { log in
            log.programs.append(call)
            defer { log.programUses[call.action, default: 0] += 1 }
            return log.programUses[call.action, default: 0]
        }
        if let program = use < canned.count ? canned[use] : canned.last { return program }
        let sender = RequestSender(path: call.action, index: call.index)
        refuse(
            TestFailure(
                message: "the test does not say what the program of \(Self.label(sender)) leaves",
                place: test.place,
                notes: [
                    call.words.joined(separator: " "),
                    "no program is run in a test: write `programs: { \(call.action): { stdout: … } }`",
                ]
            )
        )
        return nil
    }
}
