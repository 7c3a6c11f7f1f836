/// Maps: what work with APIs needs of them.
///
/// Our own.
enum MapLibrary {
    private static let key = Type.parameter("K")
    private static let value = Type.parameter("V")
    private static let map = Type.map(key, value)

    static let functions: [Function] = [
        Function(
            "keys",
            .one(map, .list(key), .member) { (map, meter) throws(EvaluationError) in
                try meter.elements(map.asMap.count)
                return .list(map.asMap.entries.map(\.key))
            }
        ),
        Function(
            "values",
            .one(map, .list(value), .member) { (map, meter) throws(EvaluationError) in
                try meter.elements(map.asMap.count)
                return .list(map.asMap.entries.map(\.value))
            }
        ),
        Function(
            "merge",
            .two(.map(key, .dyn), .map(key, .dyn), .map(key, .dyn), .member) {
                (map, other, meter) throws(EvaluationError) in
                let stride = MemoryLayout<ValueMap.Entry>.stride
                try meter.elements(map.asMap.count + other.asMap.count, size: stride)
                var merged = map.asMap
                for entry in other.asMap.entries { merged[entry.key] = entry.value }
                return .map(merged)
            }
        ),
        Function("pick", selection { $0 }),
        Function("omit", selection { !$0 }),
    ]

    /// The entries whose keys are in a list, or not.
    private static func selection(_ keeps: @escaping @Sendable (_ isListed: Bool) -> Bool) -> Overload {
        .two(map, .list(key), map, .member) { (map, keys, meter) throws(EvaluationError) in
            try meter.elements(map.asMap.count + keys.asList.count, size: MemoryLayout<ValueMap.Entry>.stride)
            var listed = ValueMap()
            for key in keys.asList where key.isKey { listed[key] = .null }
            var selected = ValueMap()
            for entry in map.asMap.entries where keeps(listed[entry.key] != nil) { selected[entry.key] = entry.value }
            return .map(selected)
        }
    }
}
