/// A place in a text file: line and column, both counted from 1.
public struct Mark: Sendable, Hashable, Comparable {
    /// The line, from 1.
    ///
    /// Line feed, carriage return and the pair of both end a line.
    public var line: Int
    /// The column, from 1, in Unicode scalars.
    ///
    /// A tab counts as one, a byte order mark as none.
    public var column: Int

    /// Makes a mark from a line and a column, both counted from 1.
    public init(line: Int, column: Int) {
        self.line = line
        self.column = column
    }

    /// Whether one mark stands before another in the file.
    public static func < (left: Mark, right: Mark) -> Bool {
        (left.line, left.column) < (right.line, right.column)
    }
}

/// A stretch of a text file, from its first character to just after its last.
public struct Span: Sendable, Hashable {
    /// Where the stretch begins.
    public var start: Mark
    /// Just after its last character; the same as `start` when it is empty.
    public var end: Mark

    /// Makes a span; an end before the start is taken to be the start.
    public init(start: Mark, end: Mark) {
        self.start = start
        self.end = max(start, end)
    }

    /// Makes a span of `length` columns on one line.
    public init(_ start: Mark, length: Int = 1) {
        self.init(start: start, end: Mark(line: start.line, column: start.column + length))
    }
}
