public import YAML

/// Puts responses into the text of a test file, and leaves all else as it is.
public struct TestFileEdit {
    private var lines: [String]

    /// The text of a file.
    public init(_ source: Source) {
        lines = source.text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    }

    /// The text as it is now.
    public var text: String { lines.joined(separator: "\n") }

    /// Replaces the `responses` of a test, or adds them behind its first key.
    ///
    /// Tests further below must be edited before those above them. False when the test is written in braces, where nothing can be put line by line.
    public mutating func replaceResponses(of test: RecipeTest, by new: [String]) -> Bool {
        guard let layout = test.layout else { return false }
        let indent = String(repeating: " ", count: layout.column - 1)
        let block = new.map { $0.isEmpty ? $0 : indent + $0 }
        if let line = layout.responses {
            lines.replaceSubrange((line - 1)..<end(of: line, column: layout.column), with: block)
        } else {
            lines.insert(contentsOf: block, at: end(of: layout.first, column: layout.column))
        }
        return true
    }

    /// The number of lines up to the end of the block that begins in a line, its comments and blank lines at the end left out.
    private func end(of line: Int, column: Int) -> Int {
        var end = line
        var last = line
        while end < lines.count {
            let text = lines[end]
            let content = text.drop { $0 == " " }
            let depth = text.count - content.count
            let isBlank = content.isEmpty || content.hasPrefix("#")
            // A list may begin in its key's own column.
            let isInside = depth >= column || depth == column - 1 && (content.hasPrefix("- ") || content == "-")
            guard isBlank || isInside else { break }
            end += 1
            if !isBlank { last = end }
        }
        return last
    }
}
