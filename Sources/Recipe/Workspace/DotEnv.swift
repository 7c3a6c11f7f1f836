import Foundation

/// The variables of a workspace's `.env`, which never override the real environment (DESIGN section 4).
public enum DotEnv {
    /// Reads lines of `NAME=value`, with `#` comments, an optional `export` and single or double quotes.
    public static func parse(_ text: String) -> [String: String] {
        var variables: [String: String] = [:]
        for line in text.split(whereSeparator: \.isNewline) {
            if let (name, value) = variable(line) { variables[name] = value }
        }
        return variables
    }

    /// The numbers, from 1, of the lines that are neither empty nor a comment, and give no variable.
    public static func strayLines(_ text: String) -> [Int] {
        text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).enumerated().compactMap {
            index,
            line in
            let start = line.trimmingPrefix(while: \.isWhitespace)
            return start.isEmpty || start.hasPrefix("#") || variable(line) != nil ? nil : index + 1
        }
    }

    private static func variable(_ line: Substring) -> (name: String, value: String)? {
        var line = line.trimmingPrefix(while: \.isWhitespace)
        if line.hasPrefix("export ") { line = line.dropFirst(7).trimmingPrefix(while: \.isWhitespace) }
        guard !line.hasPrefix("#"), let equals = line.firstIndex(of: "=") else { return nil }
        let name = line[..<equals].trimmingCharacters(in: .whitespaces)
        guard !name.isEmpty else { return nil }
        return (name, value(line[line.index(after: equals)...].trimmingCharacters(in: .whitespaces)))
    }

    private static func value(_ text: String) -> String {
        if let quote = text.first, quote == "\"" || quote == "'", let end = text.dropFirst().firstIndex(of: quote) {
            let inner = String(text[text.index(after: text.startIndex)..<end])
            return quote == "\"" ? inner.replacing("\\n", with: "\n") : inner
        }
        // An unquoted value ends at a comment that white space sets off.
        guard let comment = text.firstRange(of: " #") else { return text }
        return text[..<comment.lowerBound].trimmingCharacters(in: .whitespaces)
    }
}
