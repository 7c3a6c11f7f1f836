import ArgumentParser
import Foundation
import Recipe
import Store

/// `runner keys`: what the store is sealed with.
struct Keys: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "keys",
        abstract: "Changes the key that tokens, results and cursors are sealed with.",
        subcommands: [RotateKeys.self]
    )
}

/// `runner keys rotate`.
struct RotateKeys: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rotate",
        abstract: "Seals the store with a new key.",
        discussion: """
            With a key file a new key is made; the old one is kept beside it for the stores of other workspaces.
            With RUNNER_KEY or a systemd credential, give the new key in RUNNER_NEW_KEY and set it afterwards.
            Stop `runner start` first.
            """
    )

    @OptionGroup var place: WorkspaceOptions

    func run() async throws {
        let location = try place.location()
        let settings = try location.loader().settings()
        let environment = location.environment()
        let path = location.storePath(place.store, settings: settings)
        guard FileManager.default.fileExists(atPath: path) else {
            throw Failure(.invalid, "there is no store \(path) yet, so nothing is sealed")
        }
        let store = try StoreAccess.forWriting(
            location,
            place.store,
            settings,
            environment: environment,
            isBrief: true
        )
        let next = try await StoreAccess.asking { () async throws(StoreError) in
            try Self.next(after: store.fingerprint ?? "", environment)
        }
        let count = try await StoreAccess.asking { () async throws(StoreError) in
            try await store.rotate(to: next.sealer)
        }
        do {
            try store.close()
        } catch {
            throw StoreAccess.failure(error)
        }
        Terminal.out("\(count) values are sealed with the key \(next.sealer.fingerprint)")
        Terminal.errorLine(next.advice)
    }

    /// The new key, and what the user has to do with the old one.
    private static func next(
        after fingerprint: String,
        _ environment: [String: String]
    ) throws(StoreError) -> (sealer: Sealer, advice: String) {
        let source = try KeySource.find(in: environment)
        if let ring = KeyRing(source) {
            var warnings: [String] = []
            let present = Sealer(try source.load(warnings: &warnings))
            // Another workspace has made a new key already: this store catches up.
            if present.fingerprint != fingerprint { return (present, "it is the user's present key") }
            let (key, old) = try ring.turn(from: fingerprint)
            return (
                Sealer(key),
                "the old key is kept in \(old) for the stores of other workspaces; remove it when there are none"
            )
        }
        guard let text = environment["RUNNER_NEW_KEY"] else {
            throw StoreError.key(
                "the key is not in a file of runner's own; give the new one in RUNNER_NEW_KEY (`openssl rand -hex 32` makes one)"
            )
        }
        guard let key = SealingKey(text) else {
            throw StoreError.key(
                "RUNNER_NEW_KEY is not a key: write 32 bytes as 64 hexadecimal characters or as base64"
            )
        }
        return (Sealer(key), "from now on RUNNER_KEY, or the credential, must be the new key")
    }
}
