/// What to write instead of what other languages have, and of what does not go together.
enum Mend {
    /// For an operator that is not defined for values of these types.
    static func ofOperator(_ name: String, _ types: [String]) -> String? {
        let kinds = types.map(Kind.init)
        if ["!", "&&", "||", "?:"].contains(name), let operand = types.first { return ofCondition(operand) }
        guard kinds.count == 2 else { return nil }
        let (left, right) = (kinds[0], kinds[1])
        switch name {
        case "in" where right == .string: return "write 'text.contains(part)'"
        case "[]" where left == .string, "_[_]" where left == .string: return "write 'text.charAt(n)'"
        case "[]" where left == .list, "_[_]" where left == .list:
            return "a list is asked by number, or with 'list.filter(x, x.name == …)'"
        case "==", "!=": return ofComparison(left, right)
        case _ where left == .number && right == .number:
            return "convert one of the numbers with int(…), uint(…) or double(…)"
        case "+": return ofSum(left, right)
        case "-" where left == .timestamp: return lengthOfTime
        case "<", "<=", ">", ">=": return ofComparison(left, right)
        default: return nil
        }
    }

    /// For a value that should be true or false.
    static func ofCondition(_ type: String) -> String {
        let example =
            switch Kind(type) {
            case .number: "> 0"
            case .string: "!= ''"
            case .list: "!= []"
            case .map: "!= {}"
            default: "!= null"
            }
        return "compare it, for example with '\(example)'"
    }

    private static let lengthOfTime = "write a length of time, for example duration('1h')"

    private static func ofSum(_ left: Kind, _ right: Kind) -> String? {
        switch (left, right) {
        case (.timestamp, _), (.duration, .number): lengthOfTime
        case (.string, .number), (.number, .string): "convert the number with string(…)"
        case (.bytes, .string), (.string, .bytes):
            "convert the text with bytes(…), or the bytes with string(…) where they are text"
        case (.string, .bool), (.bool, .string), (.string, .timestamp), (.string, .duration), (.duration, .string):
            "convert it to text with string(…)"
        case (.string, .list), (.list, .string):
            "make the list a text with list.join(', '), or the text a list with [text]"
        case (.string, .map), (.map, .string): "convert the map to text with json.format(…)"
        case (.string, .null), (.null, .string): "write '(x == null ? '' : x)' where it may be null"
        case (.string, .optional), (.optional, .string): "write '.orValue('')' behind it"
        case (.list, _), (_, .list): "put the element in brackets: list + [element]"
        case (.map, .map): "write 'a.merge(b)'"
        default: nil
        }
    }

    private static func ofComparison(_ left: Kind, _ right: Kind) -> String? {
        switch (left, right) {
        case (.string, .number), (.number, .string):
            "write the number without quotes, or convert with int(…) or string(…)"
        case (.string, .bool), (.bool, .string): "write true and false without quotes"
        case (.timestamp, .string), (.string, .timestamp): "convert the text with timestamp(…)"
        case (.duration, .string), (.string, .duration), (.duration, .number), (.number, .duration):
            "convert it with duration(…)"
        case (.optional, _), (_, .optional): "write '.orValue(…)' behind it"
        default: nil
        }
    }

    /// For a field of a value that has none, as methods look in other languages.
    static func ofField(_ name: String, among functions: [String: Function] = [:]) -> String? {
        switch name {
        case "length", "len", "count", "size": "write '.size()'"
        case _ where functions[name]?.overloads.contains { $0.style == .member } == true: "call it: '.\(name)()'"
        default: nil
        }
    }

    /// For a function that there is not.
    static func ofFunction(_ name: String, among functions: [String: Function]) -> String? {
        if let form = macros[name] { return "write '\(form)', where x names the element" }
        guard let other = foreign.first(where: { $0.names.contains(name) }),
            other.function.map({ functions[$0] != nil }) ?? true
        else { return nil }
        return "write '\(other.form)'"
    }

    private static let macros = [
        "filter": "list.filter(x, condition)", "map": "list.map(x, value)", "all": "list.all(x, condition)",
        "exists": "list.exists(x, condition)", "exists_one": "list.exists_one(x, condition)",
        "forEach": "list.map(x, value)", "each": "list.map(x, value)", "select": "list.filter(x, condition)",
        "where": "list.filter(x, condition)", "find": "list.filter(x, condition)[?0]",
        "any": "list.exists(x, condition)", "some": "list.exists(x, condition)", "every": "list.all(x, condition)",
    ]

    /// What functions are called elsewhere, what is written here, and the function that this needs.
    private static let foreign: [(names: Set<String>, form: String, function: String?)] = [
        (["upper", "toUpperCase", "toUpper", "uppercase", "upcase", "ToUpper"], "text.upperAscii()", "upperAscii"),
        (["lower", "toLowerCase", "toLower", "lowercase", "downcase", "ToLower"], "text.lowerAscii()", "lowerAscii"),
        (["len", "length", "count", "strlen"], "x.size()", "size"),
        (["isEmpty", "empty", "is_empty"], "x.size() == 0", "size"),
        (["strip", "trimmed", "chomp"], "text.trim()", "trim"),
        (["includes", "include", "has_key", "hasKey"], "x in list", nil),
        (["substr", "mid"], "text.substring(from, to)", "substring"),
        (["str", "toString", "to_string", "String", "text"], "string(x)", "string"),
        (["parseInt", "toInt", "to_int", "integer", "Int"], "int(x)", "int"),
        (["parseFloat", "toFloat", "float", "Number", "number", "to_number", "to_f"], "double(x)", "double"),
        (["append", "push", "concat"], "a + b", nil),
        (["if", "iif", "ifelse", "cond"], "condition ? a : b", nil),
        (["default", "coalesce", "ifNull", "ifnull", "nvl", "get"], "value.?name.orValue(…)", nil),
        (["today", "Date", "date", "time", "current_timestamp"], "now()", "now"),
        (
            ["strftime", "formatDate", "format_date", "date_format", "formatTime"], "time.format(t, pattern)",
            "time.format"
        ),
        (
            ["fromJSON", "fromJson", "from_json", "parseJSON", "parse_json", "JSON.parse"], "json.parse(x)",
            "json.parse"
        ),
        (["toJSON", "toJson", "to_json", "json", "JSON.stringify"], "json.format(x)", "json.format"),
        (["urlencode", "url_encode", "encodeURIComponent", "escape"], "url.encode(x)", "url.encode"),
        (["base64", "b64encode", "btoa", "base64encode"], "base64.encode(bytes(x))", "base64.encode"),
        (["b64decode", "atob", "base64decode"], "base64.decode(x)", "base64.decode"),
        (["sha256"], "hash.sha256(x)", "hash.sha256"),
        (["floor"], "math.floor(x)", "math.floor"), (["ceil", "ceiling"], "math.ceil(x)", "math.ceil"),
        (["round"], "math.round(x)", "math.round"), (["abs"], "math.abs(x)", "math.abs"),
        (["max"], "math.greatest(a, b)", "math.greatest"), (["min"], "math.least(a, b)", "math.least"),
        (["guid", "uuid4", "uuidv4", "randomUUID"], "uuid()", "uuid"),
    ]

    /// A type, as far as mends tell them apart.
    private enum Kind {
        case number, string, bytes, bool, null, list, map, timestamp, duration, optional, other

        init(_ type: String) {
            self =
                switch type.prefix(while: { $0 != "(" }) {
                case "int", "uint", "double": .number
                case "string": .string
                case "bytes": .bytes
                case "bool": .bool
                case "null_type": .null
                case "list": .list
                case "map": .map
                case "google.protobuf.Timestamp": .timestamp
                case "google.protobuf.Duration": .duration
                case "optional_type": .optional
                default: .other
                }
        }
    }
}
