public import CEL

/// Writes values as YAML that people read: one member or item a line.
public enum YAMLText {
    /// The lines of a value that stands below its key, or of the whole document.
    public static func lines(_ value: Value) -> [String] {
        switch value {
        case .map(let map) where !map.isEmpty:
            map.flatMap { entry in member(key(entry.key.text), entry.value) }
        case .list(let items) where !items.isEmpty:
            items.flatMap(item)
        default: [scalar(value)]
        }
    }

    /// A member of a map.
    private static func member(_ key: String, _ value: Value) -> [String] {
        isFlat(value) ? ["\(key): \(scalar(value))"] : ["\(key):"] + lines(value).map { "  " + $0 }
    }

    /// An item of a list: its first line behind the dash.
    private static func item(_ value: Value) -> [String] {
        let lines = lines(value)
        return lines.enumerated().map { ($0 == 0 ? "- " : "  ") + $1 }
    }

    private static func isFlat(_ value: Value) -> Bool {
        switch value {
        case .map(let map): map.isEmpty
        case .list(let items): items.isEmpty
        default: true
        }
    }

    private static func key(_ text: String) -> String { scalar(.string(text)) }

    private static func scalar(_ value: Value) -> String {
        guard case .string(let text) = value else { return value.json() }
        // A template must not begin where the text only looks like one.
        let literal = escapingTemplates(text)
        return isPlain(literal) ? literal : quoted(literal)
    }

    /// Letters, digits and a few marks, and nothing that YAML would read as something else than text.
    private static func isPlain(_ text: String) -> Bool {
        guard let first = text.utf8.first, isLetter(first) || first == UInt8(ascii: "/"), text.utf8.count <= 120,
            text.utf8.last != UInt8(ascii: " ")
        else { return false }
        let marks = Set("_./-+=?&@() ".utf8)
        guard text.utf8.allSatisfy({ isLetter($0) || (0x30...0x39).contains($0) || marks.contains($0) }) else {
            return false
        }
        // Between slashes it would be a pattern.
        if text.hasPrefix("/"), text.dropFirst().contains("/") { return true }
        return !["true", "false", "null", "yes", "no", "on", "off"].contains(text.lowercased())
    }

    private static func isLetter(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
    }

    /// Double quotes with JSON's escapes, which YAML knows, and those line breaks escaped that JSON leaves as they are.
    private static func quoted(_ text: String) -> String {
        var result = ""
        for scalar in Value.string(text).json().unicodeScalars {
            switch scalar.value {
            case 0x7F...0x9F, 0x2028, 0x2029, 0xFEFF:
                let digits = String(scalar.value, radix: 16)
                result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }

    /// `${{` as text: each `$` before `{{` is written twice.
    private static func escapingTemplates(_ text: String) -> String {
        guard text.contains("${{") else { return text }
        var result = ""
        var dollars = ""
        var rest = text[...]
        while let character = rest.first {
            if character == "$" {
                dollars += "$"
            } else {
                result += rest.hasPrefix("{{") ? dollars + dollars : dollars
                dollars = ""
                result.append(character)
            }
            rest = rest.dropFirst()
        }
        return result + dollars
    }
}
