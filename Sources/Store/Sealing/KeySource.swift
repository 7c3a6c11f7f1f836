/// Where the store's key comes from.
public enum KeySource: Sendable, Hashable {
    /// The environment variable `RUNNER_KEY`: 32 bytes as hexadecimal or base64.
    case environment(String)
    /// A systemd credential: the file `runner-key` in `$CREDENTIALS_DIRECTORY` (systemd.exec(5)).
    case credential(path: String)
    /// A key file; made on first use, for this user only.
    case file(path: String)

    /// What this environment says: `RUNNER_KEY`, else a systemd credential if there is one, else `runner/key` in the user's configuration directory
    /// (`$XDG_CONFIG_HOME`, else `~/.config`: XDG Base Directory Specification).
    public static func find(in environment: [String: String]) throws(StoreError) -> KeySource {
        if let text = environment["RUNNER_KEY"] { return .environment(text) }
        if let directory = environment["CREDENTIALS_DIRECTORY"], !directory.isEmpty {
            let path = directory + "/runner-key"
            if KeyFile.exists(path) { return .credential(path: path) }
        }
        // A relative $XDG_CONFIG_HOME is to be ignored, says the specification.
        if let home = environment["XDG_CONFIG_HOME"], home.hasPrefix("/") { return .file(path: home + "/runner/key") }
        if let home = environment["HOME"], home.hasPrefix("/") { return .file(path: home + "/.config/runner/key") }
        throw StoreError.key(
            "there is no place for the store's key: neither RUNNER_KEY, XDG_CONFIG_HOME nor HOME is set; set RUNNER_KEY to 32 random bytes (`openssl rand -hex 32`)"
        )
    }

    /// Reads the key, or makes the key file on first use.
    ///
    /// `warnings` are sentences for the log.
    public func load(warnings: inout [String]) throws(StoreError) -> SealingKey {
        switch self {
        case .environment(let text):
            guard let key = SealingKey(text) else { throw Self.malformed("RUNNER_KEY") }
            return key
        case .credential(let path):
            guard let contents = try KeyFile(path).read() else {
                throw StoreError.key("the credential \(path) is gone; check LoadCredential= in the unit")
            }
            guard let key = SealingKey(contents.text) else { throw Self.malformed("the credential \(path)") }
            return key
        case .file(let path):
            let file = KeyFile(path)
            guard let contents = try file.read() else { return try file.create() }
            if contents.isReadableByOthers {
                warnings.append("the key file \(path) can be read by other users; run `chmod 600 \(path)`")
            }
            guard let key = SealingKey(contents.text) else { throw Self.malformed("the key file \(path)") }
            return key
        }
    }

    static func malformed(_ what: String) -> StoreError {
        .key(
            "\(what) is not a key: write 32 bytes as 64 hexadecimal characters or as base64 (`openssl rand -hex 32` makes one)"
        )
    }
}
