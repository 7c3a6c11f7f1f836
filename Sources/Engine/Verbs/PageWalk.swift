import CEL
import Connections
import Recipe

/// Where a paginated request stands: how many pages there were, and how the next one is asked for.
struct PageWalk {
    /// What is wrong with a page.
    struct Problem: Error {
        let message: String
        let place: Place?
    }

    let pagination: Pagination
    /// The pages so far.
    private(set) var count = 0
    /// What asks for the next page: a URL, a cursor or a number; nil before the first.
    private(set) var position: Value?
    private var seen: Set<String> = []
    /// The first page's items, until the second page has come.
    private var firstItems: [Value]?

    init(_ pagination: Pagination) {
        self.pagination = pagination
    }

    /// Takes a page from a checkpoint.
    mutating func skip(to next: Value?) {
        count += 1
        position = next
        if let next { seen.insert(next.text) }
    }

    /// Takes a page that has come; gives what asks for the one after it, and nil when it was the last.
    ///
    /// An empty page, a position that was there before, and `max_pages` end it too, because servers forget to.
    mutating func advance(
        past response: Response,
        items: [Value],
        evaluate: (Expression) throws(Exit) -> Value
    ) throws(PageError) -> Value? {
        count += 1
        let next = try next(after: response, items: items, evaluate)
        position = next
        guard let next, seen.insert(next.text).inserted else { return nil }
        return next
    }

    /// Why a page cannot be read: an expression that fails, or a value that is none of those wanted.
    enum PageError: Error {
        case exit(Exit)
        case problem(Problem)
    }

    private mutating func next(
        after response: Response,
        items: [Value],
        _ evaluate: (Expression) throws(Exit) -> Value
    ) throws(PageError) -> Value? {
        func value(_ expression: Expression) throws(PageError) -> Value {
            do {
                return try evaluate(expression)
            } catch {
                throw .exit(error)
            }
        }
        guard !items.isEmpty else { return nil }
        if let last = pagination.last, try value(last) == .bool(true) { return nil }
        switch pagination.way {
        case .number(let parameter, _), .offset(let parameter, _):
            // A server that does not know the parameter gives the first page for ever.
            let before = firstItems
            firstItems = count == 1 ? items : nil
            guard items != before else {
                let message =
                    "the second page has the same items as the first; does the server know the parameter `\(parameter.name)`?"
                throw .problem(Problem(message: message, place: pagination.items.place))
            }
        case .next, .link, .cursor: break
        }
        guard count < pagination.maxPages else { return nil }
        if let size = pagination.size, items.count < size { return nil }
        switch pagination.way {
        case .next(let expression):
            guard case .string(let url)? = try Self.given(value(expression), "next", "a URL", expression) else {
                return nil
            }
            // A path or a whole URL goes the way of every URL; only a bare query belongs to the page before.
            return .string(url.hasPrefix("?") ? response.url + url : url)
        case .link(let relation):
            return response.link(relation).map(Value.string)
        case .cursor(let expression, _):
            return try Self.given(value(expression), "cursor", "text or a number", expression)
        case .number(_, let start):
            return .int(Int64(start + count))
        case .offset(_, let start):
            guard case .int(let offset) = position ?? .int(Int64(start)) else { return nil }
            return .int(offset + Int64(items.count))
        }
    }

    /// What an expression gives for the next page; nil when it gives none.
    private static func given(
        _ value: Value,
        _ key: String,
        _ wanted: String,
        _ expression: Expression
    ) throws(PageError) -> Value? {
        switch value {
        case .null: return nil
        case .string(let text): return text.isEmpty ? nil : value
        case .int where key == "cursor", .uint where key == "cursor", .double where key == "cursor": return value
        case .optional(let optional): return try given(optional.value ?? .null, key, wanted, expression)
        default:
            let message = "`\(key)` of `paginate` needs \(wanted), and this is \(value.typeName.name)"
            throw .problem(Problem(message: message, place: expression.place))
        }
    }

    /// The request for the next page.
    func request(like first: PreparedRequest) throws(Problem) -> PreparedRequest {
        var prepared = first
        if count > 0 {
            // Another page is another request: the same key would make it a repetition of the first.
            prepared.headers = prepared.headers.map { name, value in
                name == "Idempotency-Key" ? (name, "\(value)-\(count + 1)") : (name, value)
            }
        }
        switch pagination.way {
        case .next, .link:
            guard let position else { break }
            // The URL says all that the query said before.
            prepared.url = position.text
            prepared.query = []
        case .cursor(_, let parameter):
            if let position { try Self.set(parameter, to: position, in: &prepared) }
        case .number(let parameter, let start), .offset(let parameter, let start):
            try Self.set(parameter, to: position ?? .int(Int64(start)), in: &prepared)
        }
        return prepared
    }

    private static func set(
        _ parameter: PageParameter,
        to value: Value,
        in request: inout PreparedRequest
    ) throws(Problem) {
        switch parameter.location {
        case .query: request.setQuery(parameter.name, to: value.text)
        case .body:
            guard request.setBodyMember(parameter.name, to: value) else {
                let message = "`paginate`: the body is no map that `\(parameter.name)` could go into"
                throw Problem(message: message, place: nil)
            }
        }
    }
}
