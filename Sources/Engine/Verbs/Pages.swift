import CEL
import Connections
import Recipe
import Schedule
import Store

/// Performs a paginated request: page after page, each a full request with its own attempts, and each a checkpoint.
///
/// A page has a record of its own below the action's path, whose index is the page's number. So a resumed run asks for the next page, and not for those it has.
/// Gathered items are stored once: those of the last page with the action's result, the others with their page.
struct PageReader {
    let sender: HTTPSender
    let pagination: Pagination
    let first: PreparedRequest
    let start: Duration

    private var run: RunContext { sender.run }
    private var step: Step { sender.step }
    private var position: Position { sender.performance.position }
    /// What the checkpoints of the pages are filed under.
    private var path: String { sender.performance.key.pages }

    /// A page as it came, or as its checkpoint has it.
    private struct Page {
        var items: [Value]
        /// `page.response` of the actions.
        var response: Value
        /// What asks for the next page; nil after the last.
        var next: Value?
        /// Method, host and status.
        var summary: String
        /// How many attempts it took.
        var attempts: Int
    }

    // MARK: Gathering

    /// Reads all pages; the result is that of the last one, with the items of all.
    func gather() async throws(Exit) -> VerbResult {
        var walk = PageWalk(pagination)
        var items: [Value] = []
        var attempts = 0
        while let kept = try kept(walk.count + 1) {
            guard let found = kept.result?.listed, let next = kept.result?["next"] else { break }
            items += found
            attempts += kept.attempts
            walk.skip(to: next)
        }
        while true {
            let (response, page) = try await read(&walk)
            attempts += page.attempts
            items.append(contentsOf: page.items)
            guard let next = page.next else {
                // The mark has done its service; those of the other pages are replaced by their items.
                if isGuarded { run.checkpoints.add(record(of: page, walk.count, .succeeded, nil)) }
                var result = sender.result(of: response, attempts: attempts, since: start)
                guard case .map(var members) = result.value else { return result }
                members["items"] = .list(page.items)
                members["pages"] = .int(Int64(walk.count))
                if walk.count > 1 { result.stored = .map(members) }
                members["items"] = .list(items)
                result.value = .map(members)
                return result
            }
            let content = Value.map(["items": .list(page.items), "next": next])
            try await run.checkpoints.complete(record(of: page, walk.count, .succeeded, content))
        }
    }

    // MARK: Streaming

    /// Does the actions with each page before the next one is asked for, so that one page is all that is in memory.
    ///
    /// A page's items are durable before its actions begin, so that a resumed run has the same items under the same indexes. When they are done, the page's one
    /// record takes the place of its items and of the records inside.
    func stream(in scope: inout Scope) async throws(Exit) -> VerbResult {
        var walk = PageWalk(pagination)
        var count = 0
        var attempts = 0
        var summary: String?
        let inner = InnerRecords(step, below: run.prefix)
        while true {
            if Task.isCancelled { throw .cancelled }
            let number = walk.count + 1
            let kept = try kept(number)
            if let kept, kept.status == .succeeded, case .int(let size)? = kept.result?["count"] {
                count += Int(size)
                attempts += kept.attempts
                scope.merge(kept.result?["vars"] ?? .null, into: "vars")
                walk.skip(to: kept.result?["next"])
                if walk.position == nil { break }
                continue
            }
            let page: Page
            if let kept, let items = kept.result?.listed {
                page = Page(
                    items: items,
                    response: kept.result?["response"] ?? .null,
                    next: kept.result?["next"],
                    summary: kept.request ?? "",
                    attempts: kept.attempts
                )
                walk.skip(to: page.next)
            } else {
                (_, page) = try await read(&walk)
                if !page.items.isEmpty {
                    var content: ValueMap = ["items": .list(page.items)]
                    content["next"] = page.next
                    if inner.readResponse { content["response"] = page.response }
                    try await run.checkpoints.complete(record(of: page, number, .started, .map(content)))
                }
            }
            count += page.items.count
            attempts += page.attempts
            summary = page.summary
            if !page.items.isEmpty { try await perform(page, number, in: &scope) }
            var content: ValueMap = ["count": .int(Int64(page.items.count))]
            content["next"] = page.next
            if !inner.variables.isEmpty, case .map(let vars)? = scope["vars"] {
                content["vars"] = .map(ValueMap(inner.variables.compactMap { name in vars[name].map { (name, $0) } }))
            }
            try await run.checkpoints.replace(
                inner.actions(at: position.item(number, isConcurrent: false).index),
                by: record(of: page, number, .succeeded, .map(content))
            )
            if page.next == nil { break }
        }
        let value = Value.map([
            "pages": .int(Int64(walk.count)), "count": .int(Int64(count)), "attempts": .int(Int64(attempts)),
            "duration": sender.elapsed(since: start),
        ])
        return VerbResult(value: value, attempts: attempts, request: summary)
    }

    /// Does the actions with one page; what they `set` stays.
    private func perform(_ page: Page, _ number: Int, in scope: inout Scope) async throws(Exit) {
        let variable = Value.map([
            "items": .list(page.items), "number": .int(Int64(number)), "response": page.response,
        ])
        var inner = scope.with("page", variable)
        try await run.perform(step.inner, in: &inner, at: position.item(number, isConcurrent: false))
        scope["vars"] = inner["vars"]
    }

    // MARK: Pages

    /// Asks for the next page.
    private func read(_ walk: inout PageWalk) async throws(Exit) -> (Response, Page) {
        let prepared: PreparedRequest
        do {
            prepared = try walk.request(like: first)
        } catch {
            throw failure(error)
        }
        // A resumed run must know that the effect may have been had.
        if isGuarded {
            let mark = ActionRecord(
                run: run.run,
                path: path,
                index: position.item(walk.count + 1, isConcurrent: false).index,
                status: .started,
                startedAt: run.services.clock.now()
            )
            try await run.checkpoints.begin(mark)
        }
        let before = sender.attempts
        let response = try await sender.send(prepared)
        let value = response.value
        let visible = sender.scope.with("response", value)
        let evaluate = { (expression: Expression) throws(Exit) -> Value in
            try sender.performance.evaluate { () throws(ExpressionError) in try expression.evaluate(in: visible) }
        }
        let items = try list(try evaluate(pagination.items))
        let next: Value?
        do {
            next = try walk.advance(past: response, items: items, evaluate: evaluate)
        } catch {
            switch error {
            case .exit(let exit): throw exit
            case .problem(let problem): throw failure(problem)
            }
        }
        let page = Page(
            items: items,
            response: value,
            next: next,
            summary: sender.summary(of: response),
            attempts: sender.attempts - before
        )
        return (response, page)
    }

    /// Whether a page must not be asked for twice without a sign that it was asked for.
    private var isGuarded: Bool { !sender.request.isRepeatable || run.delivery == .atMostOnce }

    /// What an earlier process left of a page.
    private func kept(_ number: Int) throws(Exit) -> ActionRecord? {
        let place = position.item(number, isConcurrent: false)
        guard let record = run.checkpoints.take(ActionKey(path: path, index: place.index)) else { return nil }
        if record.result == nil, isGuarded { throw run.outcomeUnknown(path, place) }
        return record
    }

    private func record(of page: Page, _ number: Int, _ status: ActionStatus, _ result: Value?) -> ActionRecord {
        let now = run.services.clock.now()
        return ActionRecord(
            run: run.run,
            path: path,
            index: position.item(number, isConcurrent: false).index,
            status: status,
            result: result,
            attempts: page.attempts,
            startedAt: now,
            finishedAt: status == .started ? nil : now,
            request: run.redact(page.summary)
        )
    }

    /// The items of one page; a page without any may say null.
    private func list(_ value: Value) throws(Exit) -> [Value] {
        switch value {
        case .list(let items): return items
        case .null: return []
        case .optional(let optional): return try list(optional.value ?? .null)
        default:
            let message = "`items` of `paginate` needs a list, and this is \(value.typeName.name)"
            throw failure(PageWalk.Problem(message: message, place: pagination.items.place))
        }
    }

    private func failure(_ problem: PageWalk.Problem) -> Exit {
        let place = problem.place ?? step.action.place
        return .failed(RunError(action: step.action.path, kind: .type, message: problem.message, place: place))
    }
}

/// The records inside a page's actions, which its own record replaces.
private struct InnerRecords {
    private let paths: [String]
    /// The paths of recipes that they call.
    private let calls: [String]
    /// The variables that the actions set: a page that is not done again must set them all the same.
    let variables: [String]
    /// The actions read `page.response`, which holds the items once more and is not stored otherwise.
    let readResponse: Bool

    /// - Parameter prefix: what precedes the paths, in a called recipe.
    init(_ step: Step, below prefix: String) {
        readResponse = step.inner.flatMap(\.action.expressions).flatMap(\.program.references).contains { reference in
            reference.path.first == "page" && (reference.path.count == 1 || reference.path[1] == "response")
        }
        var paths: [String] = []
        var calls: [String] = []
        var variables: Set<String> = []
        Self.visit(step.inner, below: prefix, &paths, &calls, &variables)
        self.paths = paths
        self.calls = calls
        self.variables = variables.sorted()
    }

    func actions(at index: String) -> InnerActions { InnerActions(paths: paths, below: calls, index: index) }

    private static func visit(
        _ steps: [Step],
        below prefix: String,
        _ paths: inout [String],
        _ calls: inout [String],
        _ variables: inout Set<String>
    ) {
        for step in steps {
            paths.append(prefix + step.action.path)
            if case .http(let request) = step.action.verb, request.pagination != nil {
                paths.append(ActionKey.pages(of: prefix + step.action.path))
            }
            if case .use = step.action.verb { paths.append(ActionKey.pages(of: prefix + step.action.path)) }
            if case .call = step.action.verb { calls.append(prefix + step.action.path) }
            if case .set(let members) = step.action.verb { variables.formUnion(members.map(\.key)) }
            for branch in step.branches { visit(branch, below: prefix, &paths, &calls, &variables) }
            visit(step.handlers, below: prefix, &paths, &calls, &variables)
        }
    }
}

extension ActionKey {
    /// What the checkpoints of the action's pages are filed under.
    fileprivate var pages: String { Self.pages(of: path) }

    /// What the checkpoints of an action's pages are filed under; no action inside it can be called so.
    static func pages(of path: String) -> String { "\(path)/page" }
}

extension Step {
    /// The items of several pages are its result.
    fileprivate var gathersPages: Bool {
        guard action.output == nil else { return false }
        switch action.verb {
        case .http(let request): return request.pagination.map { $0.actions == nil } ?? false
        case .use(let call): return call.operation.request.pagination != nil && call.operation.output == nil
        default: return false
        }
    }
}

extension RunContext {
    /// The result of an action as its checkpoint has it, with what its pages' own checkpoints have: their items, and what was `set` in their actions; nil when
    /// one of them is missing.
    func restoredResult(
        _ stored: Value,
        of step: Step,
        _ key: ActionKey,
        in scope: inout Scope,
        at position: Position
    ) -> Value? {
        if case .http(let request) = step.action.verb, request.pagination?.actions != nil {
            var number = 1
            while true {
                let place = position.item(number, isConcurrent: false).index
                guard let page = checkpoints.take(ActionKey(path: key.pages, index: place)) else { return stored }
                scope.merge(page.result?["vars"] ?? .null, into: "vars")
                number += 1
            }
        }
        guard step.gathersPages, case .map(var members) = stored, case .int(let pages)? = members["pages"], pages > 1,
            let last = stored.listed
        else { return stored }
        var items: [Value] = []
        for number in 1..<Int(pages) {
            let page = ActionKey(path: key.pages, index: position.item(number, isConcurrent: false).index)
            guard let page = checkpoints.take(page)?.result?.listed else { return nil }
            items += page
        }
        members["items"] = .list(items + last)
        return .map(members)
    }
}

extension Value {
    /// The member `items`.
    fileprivate var listed: [Value]? { if case .list(let items)? = self["items"] { items } else { nil } }
}
