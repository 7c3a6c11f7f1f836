/// Functions of the language itself on text and collections (cel-spec, "List of Standard Definitions").
enum StandardLibrary {
    static let functions: [Function] = [
        size,
        Function("type", .one(.dyn, .type) { value, _ in .type(value.typeName) }),
        Function("dyn", .one(.dyn, .dyn) { value, _ in value }),
        Function("contains", text { text, part in ByteSearch(part).first(in: text) != nil }),
        Function("startsWith", text { text, part in text.starts(with: part.utf8) }),
        Function("endsWith", text { text, part in text.suffix(part.utf8.count).elementsEqual(part.utf8) }),
        Function("matches", matches(.global), matches(.member)),
    ]

    private static let size = Function("size", overloads: sizes(.global) + sizes(.member))

    private static func sizes(_ style: Overload.Style) -> [Overload] {
        [
            .one(.string, .int, style) { (value, meter) throws(EvaluationError) in
                let text = value.asString
                try meter.scan(text.utf8.count)
                return .int(Int64(CodePoints.count(text)))
            },
            .one(.bytes, .int, style) { value, _ in .int(Int64(value.asBytes.count)) },
            .one(.list(.parameter("A")), .int, style) { value, _ in .int(Int64(value.asList.count)) },
            .one(.map(.parameter("A"), .parameter("B")), .int, style) { value, _ in .int(Int64(value.asMap.count)) },
        ]
    }

    /// A test of a text against another.
    private static func text(
        _ test: @escaping @Sendable (UnsafeBufferPointer<UInt8>, String) -> Bool
    ) -> Overload {
        .two(.string, .string, .bool, .member) { (text, part, meter) throws(EvaluationError) in
            try meter.scan(text.asString.utf8.count + part.asString.utf8.count)
            return .bool(CodePoints.withBytes(text.asString) { test($0, part.asString) })
        }
    }

    private static func matches(_ style: Overload.Style) -> Overload {
        .two(.string, .string, .bool, style) { (text, pattern, meter) throws(EvaluationError) in
            try meter.scan(text.asString.utf8.count + pattern.asString.utf8.count)
            return .bool(try PatternCache.pattern(pattern.asString, &meter).matches(anywhereIn: text.asString))
        }
    }
}
