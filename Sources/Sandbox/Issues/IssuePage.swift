/// Which part of a list a request asks for, and how it would ask for the next one.
///
/// A list can be read by cursor, by page number, by offset, or by following the address of the next page; the four may be mixed.
struct IssuePage: Sendable, Equatable {
    /// How the request asked, which is how the address of the next page asks too.
    enum Style: Sendable, Equatable {
        case cursor
        case number
        case offset
    }

    let style: Style
    let offset: Int
    let size: Int

    /// How many items a page may hold.
    static let sizes = 1...1000

    /// Reads `cursor`, or `offset` and `limit`, or `page` and `per_page`; without any of them the first page by cursor.
    init(query: FormFields, defaultSize: Int) throws(PagingError) {
        let positions = 0...1_000_000_000
        let perPage = try Self.number("per_page", in: Self.sizes, of: query)
        let limit = try Self.number("limit", in: Self.sizes, of: query)
        size = perPage ?? limit ?? defaultSize
        if let cursor = query["cursor"] {
            guard let position = Self.offset(cursor: cursor) else {
                throw PagingError(message: "cursor is not one that this API gave out")
            }
            style = .cursor
            offset = position
        } else if let position = try Self.number("offset", in: positions, of: query) {
            style = .offset
            offset = position
        } else if let page = try Self.number("page", in: 1...1_000_000, of: query) {
            style = .number
            offset = (page - 1) * size
        } else {
            style = limit == nil ? .cursor : .offset
            offset = 0
        }
    }

    /// The cursor of the page that starts at `offset`: opaque to clients, and broken if they change a digit.
    static func cursor(offset: Int) -> String {
        "c\(String(offset, radix: 36))-\(String(checkDigits(offset), radix: 36))"
    }

    /// The query of the page after this one: whatever else was asked for stays as it was sent.
    func nextQuery(after query: FormFields) -> String {
        let replaced: Set<String> = ["cursor", "page", "offset"]
        var pieces = query.fields.filter { !replaced.contains($0.name) }.map { String($0.raw) }
        switch style {
        case .cursor: pieces.append("cursor=\(Self.cursor(offset: offset + size))")
        case .number: pieces.append("page=\(offset / size + 2)")
        case .offset: pieces.append("offset=\(offset + size)")
        }
        return pieces.joined(separator: "&")
    }

    private static func number(
        _ name: String,
        in range: ClosedRange<Int>,
        of query: FormFields
    ) throws(PagingError) -> Int? {
        guard let text = query[name] else { return nil }
        guard let value = Int(text), range.contains(value) else {
            throw PagingError(message: "\(name) must be a number from \(range.lowerBound) to \(range.upperBound)")
        }
        return value
    }

    private static func offset(cursor: String) -> Int? {
        let parts = cursor.dropFirst().split(separator: "-", omittingEmptySubsequences: false)
        guard cursor.first == "c", parts.count == 2, let offset = Int(parts[0], radix: 36), offset >= 0,
            cursor == Self.cursor(offset: offset)
        else { return nil }
        return offset
    }

    private static func checkDigits(_ offset: Int) -> Int {
        Int((UInt64(offset) &* 0x9E37_79B9_7F4A_7C15) >> 44)
    }
}

/// A paging parameter that cannot be used; the answer is 400.
struct PagingError: Error, Equatable {
    let message: String
}
