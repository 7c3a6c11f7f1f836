import YAML

extension MappingReader {
    /// More keys that `finish()` accepts.
    mutating func known(_ keys: [String]) {
        for key in keys { known(key) }
    }
}
