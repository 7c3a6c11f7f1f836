import CEL

/// How `paginate` reads a list that comes in pages; its expressions see `response`.
public struct Pagination: Sendable {
    /// How the request for the next page is made.
    public enum Way: Sendable {
        /// Its URL; null, empty or none ends it.
        case next(Expression)
        /// The target of the response's `Link` header with this relation (RFC 8288); a response without one ends it.
        case link(relation: String)
        /// A cursor, which goes into a parameter; null, empty or none ends it. The first request has none but the recipe's own.
        case cursor(Expression, PageParameter)
        /// The page's number, counted up from `start`.
        case number(PageParameter, start: Int)
        /// How many items came before, from `start`.
        case offset(PageParameter, start: Int)
    }

    /// The items of one page.
    public let items: Expression
    /// How the next page is asked for.
    public let way: Way
    /// Ends it after a page for which this is true.
    public let last: Expression?
    /// A page with fewer items than this is the last; nil asks on until a page is empty.
    public let size: Int?
    /// At most so many pages.
    public let maxPages: Int
    /// Actions that are done with each page; nil gathers the items of all pages.
    public let actions: [Action]?

    /// Every expression that is evaluated for a page, without those of `actions`.
    public var pageExpressions: [Expression] {
        var all = [items]
        switch way {
        case .next(let expression), .cursor(let expression, _): all.append(expression)
        case .link, .number, .offset: break
        }
        if let last { all.append(last) }
        return all
    }
}

/// Where the position of a page stands in its request.
public struct PageParameter: Sendable, Hashable {
    /// The part of the request that holds it.
    public enum Location: String, Sendable, CaseIterable {
        case query
        /// The JSON or form body.
        case body
    }

    /// Its name; in a JSON body a dot leads into a member: `variables.after`.
    public let name: String
    /// The part of the request that holds it.
    public let location: Location
}
