import Glibc

/// The key file of a user, and the older ones beside it: several stores share it, and each changes to a new key at its own time.
///
/// An older key stands in `key.FINGERPRINT`.
public struct KeyRing: Sendable {
    private let path: String

    /// The ring around the file of a source; nil for sources that are no file, whose keys others keep.
    public init?(_ source: KeySource) {
        guard case .file(let path) = source else { return nil }
        self.path = path
    }

    /// The older key with a fingerprint; nil when it is not kept here.
    public func key(_ fingerprint: String) throws(StoreError) -> SealingKey? {
        let file = KeyFile("\(path).\(fingerprint)")
        guard let contents = try file.read() else { return nil }
        guard let key = SealingKey(contents.text) else { throw KeySource.malformed("the key file \(file.path)") }
        return key
    }

    /// Makes a new key the user's key, and keeps the old one under its fingerprint.
    ///
    /// Whenever it is interrupted, both keys are there. Gives the new key and where the old one is kept.
    public func turn(from fingerprint: String) throws(StoreError) -> (key: SealingKey, old: String) {
        let next = path + ".next"
        let old = "\(path).\(fingerprint)"
        let key = try KeyFile(next).create()
        guard link(path, old) == 0 || errno == EEXIST, rename(next, path) == 0 else {
            throw StoreError.key("the key file \(path) cannot be replaced: \(String(cString: strerror(errno)))")
        }
        return (key, old)
    }
}
