import Foundation

/// The variables of a workspace's `.env`, which never override the real environment (DESIGN section 4).
public enum DotEnv {
    /// Reads lines of `NAME=value`, with `#` comments, an optional `export` and single or double quotes.
    public static func parse(_ text: String) -> [String: String] {
        var variables: [String: String] = [:]
        for line in text.split(whereSeparator: \.isNewline) {
            var line = line.trimmingPrefix(while: \.isWhitespace)
            if line.hasPrefix("export ") { line = line.dropFirst(7).trimmingPrefix(while: \.isWhitespace) }
            guard !line.hasPrefix("#"), let equals = line.firstIndex(of: "=") else { continue }
            let name = line[..<equals].trimmingCharacters(in: .whitespaces)
            guard !name.isEmpty else { continue }
            variables[name] = value(line[line.index(after: equals)...].trimmingCharacters(in: .whitespaces))
        }
        return variables
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
