import CEL
import Connections
import Recipe
import Store

/// Holds what came of a run against what its test expects.
struct TestJudge {
    let test: RecipeTest
    let result: RunResult
    /// What the recipe remembers after the run.
    let state: Value
    let log: TestStage.Log

    private var expectation: TestExpectation { test.expectation }

    /// All that is not as expected.
    func failures() -> [TestFailure] {
        // What the test does not say keeps the run from its end; nothing that follows from that is worth saying.
        if let problem = log.problem { return [problem] }
        var failures: [TestFailure] = []
        if let failure = statusFailure() {
            failures.append(failure)
        } else {
            failures += valueFailures()
        }
        if let requests = expectation.requests { failures += requestFailures(requests) }
        failures += logFailures()
        failures += expectation.checks.compactMap(failure)
        if failures.isEmpty { failures = unusedResponses() }
        return failures
    }

    // MARK: The end

    private func statusFailure() -> TestFailure? {
        let wanted = expectation.status?.content ?? (expectation.error == nil ? .succeeded : .failed)
        let isFailure = wanted != .succeeded
        guard result.status.rawValue != wanted.rawValue else { return nil }
        // An expected error says more than the status that follows from it.
        if expectation.status == nil, isFailure, result.status == .timedOut { return nil }
        let found =
            switch result.status {
            case .succeeded: "succeeded"
            case .failed: "failed"
            case .timedOut: "timed out"
            case .cancelled: "was cancelled"
            case .interrupted: "was interrupted"
            default: result.status.rawValue
            }
        var failure = TestFailure(
            message: "the run \(found), and was expected to end as `\(wanted.rawValue)`",
            place: expectation.status?.place ?? expectation.error?.place ?? test.place
        )
        if let reason = result.error?.description ?? result.reason { failure.notes = [reason] }
        if let place = result.error?.place { failure.notes.append("at \(place)") }
        return failure
    }

    private func valueFailures() -> [TestFailure] {
        var failures: [TestFailure] = []
        func compare(_ wanted: TestExpectation.Wanted<ExpectedValue>?, _ found: Value?, _ what: String) {
            guard let wanted else { return }
            let differences = wanted.content.differences(from: found ?? .null, .whole)
            guard !differences.isEmpty else { return }
            failures.append(
                TestFailure(
                    message: "the \(what) is not as expected",
                    place: wanted.place,
                    differences: differences
                )
            )
        }
        compare(expectation.output, result.output, "output")
        compare(expectation.state, state, "state")
        if let wanted = expectation.error, let error = result.error {
            let differences: [Difference]
            if case .map = wanted.content {
                differences = wanted.content.differences(from: error.value, .mentioned)
            } else {
                // With or without the action's name in front, as people see it.
                let whole = wanted.content.differences(from: .string(error.description), .mentioned)
                let message = wanted.content.differences(from: .string(error.message), .mentioned)
                differences = whole.isEmpty ? [] : message
            }
            if !differences.isEmpty {
                failures.append(
                    TestFailure(
                        message: "the error is not as expected",
                        place: wanted.place,
                        differences: differences
                    )
                )
            }
        }
        return failures
    }

    // MARK: Requests

    private func requestFailures(_ wanted: TestExpectation.Wanted<[ExpectedRequest]>) -> [TestFailure] {
        let expected = wanted.content.flatMap { Array(repeating: $0, count: $0.times) }
        return expectation.order == .any
            ? unordered(expected, wanted.place) : ordered(expected, wanted.place)
    }

    private func ordered(_ expected: [ExpectedRequest], _ place: Place) -> [TestFailure] {
        var failures: [TestFailure] = []
        var (left, right) = (expected[...], Array(log.requests.enumerated())[...])
        while let wanted = left.first, let sent = right.first {
            let differences = wanted.differences(from: sent.element)
            if differences.isEmpty {
                left.removeFirst()
                right.removeFirst()
            } else if right.dropFirst().contains(where: { wanted.differences(from: $0.element).isEmpty }) {
                failures.append(unexpected(sent.element, sent.offset, place))
                right.removeFirst()
            } else if left.dropFirst().contains(where: { $0.differences(from: sent.element).isEmpty }) {
                failures.append(missing(wanted))
                left.removeFirst()
            } else {
                failures.append(
                    TestFailure(
                        message: "\(Self.label(sent.element, sent.offset)) is not as expected",
                        place: wanted.place,
                        differences: differences
                    )
                )
                left.removeFirst()
                right.removeFirst()
            }
        }
        failures += left.map(missing)
        failures += right.map { unexpected($0.element, $0.offset, place) }
        if !failures.isEmpty, unordered(expected, place).isEmpty {
            var failure = TestFailure(message: "the requests are sent in another order", place: place)
            failure.notes = log.requests.enumerated().map { Self.label($1, $0) }
            failure.notes.append("where several go out at the same time, write `order: any`")
            return [failure]
        }
        return failures
    }

    private func unordered(_ expected: [ExpectedRequest], _ place: Place) -> [TestFailure] {
        var rest = Array(log.requests.enumerated())
        var failures: [TestFailure] = []
        var unmatched: [ExpectedRequest] = []
        for wanted in expected {
            if let number = rest.firstIndex(where: { wanted.differences(from: $0.element).isEmpty }) {
                rest.remove(at: number)
            } else {
                unmatched.append(wanted)
            }
        }
        for wanted in unmatched {
            let rated = rest.map { ($0, wanted.differences(from: $0.element)) }
            guard let (nearest, differences) = rated.min(by: { $0.1.count < $1.1.count }),
                !differences.contains(where: { $0.path == "url" || $0.path == "method" })
            else {
                failures.append(missing(wanted))
                continue
            }
            rest.removeAll { $0.offset == nearest.offset }
            failures.append(
                TestFailure(
                    message: "\(Self.label(nearest.element, nearest.offset)) is not as expected",
                    place: wanted.place,
                    differences: differences
                )
            )
        }
        return failures + rest.map { unexpected($0.element, $0.offset, place) }
    }

    private func missing(_ wanted: ExpectedRequest) -> TestFailure {
        TestFailure(message: "this request was not sent: \(wanted.pattern.text)", place: wanted.place)
    }

    private func unexpected(_ request: SentRequest, _ number: Int, _ place: Place) -> TestFailure {
        var failure = TestFailure(message: "\(Self.label(request, number)) is not expected", place: place)
        if !request.bytes.isEmpty { failure.notes = [String(request.text.prefix(400))] }
        return failure
    }

    private static func label(_ request: SentRequest, _ number: Int) -> String {
        "request \(number + 1), \(request.method) \(request.url) of \(TestStage.label(request.sender)),"
    }

    // MARK: The rest

    private func logFailures() -> [TestFailure] {
        guard let wanted = expectation.logs else { return [] }
        var rest = log.lines[...]
        for line in wanted.content {
            guard let place = rest.firstIndex(where: { line.differences(from: .string($0), .whole).isEmpty }) else {
                var failure = TestFailure(message: "this line was not logged: \(line.shown)", place: wanted.place)
                failure.notes = log.lines.isEmpty ? ["nothing was logged"] : ["logged:"] + log.lines.map { "  " + $0 }
                return [failure]
            }
            rest = rest[(place + 1)...]
        }
        return []
    }

    private func failure(of check: Expression) -> TestFailure? {
        do {
            let value = try check.evaluate(in: scope)
            guard value != .bool(true) else { return nil }
            let is_ = value == .bool(false) ? "does not hold" : "is \(value.json()), and must be true"
            return TestFailure(message: "`\(check.program.source)` \(is_)", place: check.place)
        } catch {
            return TestFailure(
                message: "`\(check.program.source)` cannot be evaluated: \(error.message)",
                place: error.place ?? check.place
            )
        }
    }

    private var scope: Scope {
        let programs = log.programs.map { call in
            Value.map([
                "action": .string(call.action), "index": .string(call.index),
                "words": .list(call.words.map(Value.string)),
                "stdin": call.input.map { .string(String(decoding: $0, as: UTF8.self)) } ?? .null,
                "env": .map(ValueMap(call.environment.sorted { $0.key < $1.key }.map { ($0.key, .string($0.value)) })),
            ])
        }
        return Scope([
            "output": result.output ?? .null, "error": result.error?.value ?? .null,
            "status": .string(result.status.rawValue), "state": state,
            "requests": .list(log.requests.map(\.value)), "programs": .list(programs),
            "logs": .list(log.lines.map(Value.string)),
        ])
    }

    /// A response that nobody asks for tells of a test that does not test what its author thought.
    private func unusedResponses() -> [TestFailure] {
        zip(test.responses, log.uses).compactMap { response, uses in
            guard uses == 0, !response.isShared, !response.isOptional else { return nil }
            return TestFailure(
                message: "nothing asked for this response: \(response.pattern.text)",
                place: response.place,
                notes: ["remove it, or write `optional: true`"]
            )
        }
    }
}
