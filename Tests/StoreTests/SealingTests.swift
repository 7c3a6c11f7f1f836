import CEL
import Foundation
import Store
import Testing

@Suite struct SealingTests {
    let place: Place

    init() throws { place = try Place() }

    @Test func `a value opens only whole, with its key and at its place`() throws {
        let value: Value = ["access_token": "secret-token-1", "n": 3]
        let sealed = try testSealer.seal(value, context: "token/a")
        #expect(try testSealer.openValue(sealed, context: "token/a") == MarkedValue(value))
        #expect(throws: SealingError.notOpened) { try testSealer.openValue(sealed, context: "token/b") }
        #expect(throws: SealingError.notOpened) { try Sealer(SealingKey()).openValue(sealed, context: "token/a") }
        for index in sealed.indices {
            var damaged = sealed
            damaged[index] ^= 1
            #expect(throws: SealingError.notOpened) { try testSealer.openValue(damaged, context: "token/a") }
        }
        #expect(throws: SealingError.notOpened) { try testSealer.open(Array(sealed.prefix(20)), context: "token/a") }
        #expect(throws: SealingError.notOpened) { try testSealer.open([], context: "token/a") }
    }

    @Test func `the same value is never sealed to the same bytes`() throws {
        #expect(try testSealer.seal("x", context: "c") != testSealer.seal("x", context: "c"))
    }

    @Test func `no nonce is used twice, by however many tasks at once`() async throws {
        let sealer = testSealer
        let nonces = try await withThrowingTaskGroup(of: [[UInt8]].self) { group in
            for _ in 0..<16 {
                group.addTask { try (0..<500).map { _ in Array(try sealer.seal([], context: "c")[1..<13]) } }
            }
            return try await group.reduce(into: []) { $0 += $1 }
        }
        #expect(Set(nonces).count == 8_000)
    }

    @Test func `the fingerprint tells keys apart`() {
        #expect(testSealer.fingerprint.count == 16)
        #expect(testSealer.fingerprint == Sealer(testKey).fingerprint)
        #expect(testSealer.fingerprint != Sealer(SealingKey()).fingerprint)
    }

    @Test(arguments: [
        "000102030405060708090a0b0c0d0e0f101112131415161718191A1B1C1D1E1F",
        "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=",
        "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8\n",
    ])
    func `a key is read as hexadecimal or base64`(text: String) throws {
        let expected = try #require(SealingKey("000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"))
        let key = try #require(SealingKey(text))
        #expect(Sealer(key).fingerprint == Sealer(expected).fingerprint)
    }

    @Test(arguments: [
        "", "abc", "00", "password", String(repeating: "z", count: 64), String(repeating: "A", count: 60),
    ])
    func `anything else is no key, and is not repeated`(text: String) {
        #expect(SealingKey(text) == nil)
        var warnings: [String] = []
        let error = #expect(throws: StoreError.self) {
            try KeySource.environment(text).load(warnings: &warnings)
        }
        #expect(error?.description.contains("RUNNER_KEY") == true)
        if text.count > 6 { #expect(error?.description.contains(text) == false) }
    }

    @Test func `a key prints as a placeholder`() {
        #expect("\(testKey)" == "(key)")
        #expect(String(reflecting: testKey) == "(key)")
        var dumped = ""
        dump(testKey, to: &dumped)
        #expect(dumped == "- (key)\n")
    }

    @Test func `the environment says where the key is`() throws {
        let credentials = place.path + "/credentials"
        try FileManager.default.createDirectory(atPath: credentials, withIntermediateDirectories: true)
        let home = ["HOME": "/home/ada"]
        func find(_ more: [String: String]) throws -> KeySource {
            try KeySource.find(in: home.merging(more) { $1 })
        }
        #expect(try find([:]) == .file(path: "/home/ada/.config/runner/key"))
        #expect(try find(["XDG_CONFIG_HOME": "/etc/ada"]) == .file(path: "/etc/ada/runner/key"))
        #expect(try find(["XDG_CONFIG_HOME": "relative"]) == .file(path: "/home/ada/.config/runner/key"))
        #expect(try find(["CREDENTIALS_DIRECTORY": credentials]) == .file(path: "/home/ada/.config/runner/key"))
        try Data("x".utf8).write(to: URL(filePath: credentials + "/runner-key"))
        #expect(
            try find(["CREDENTIALS_DIRECTORY": credentials]) == .credential(path: credentials + "/runner-key")
        )
        #expect(try find(["CREDENTIALS_DIRECTORY": credentials, "RUNNER_KEY": "k"]) == .environment("k"))
        #expect(throws: StoreError.self) { try KeySource.find(in: [:]) }
    }

    @Test func `a key file is made on first use, for its owner only`() throws {
        let path = place.path + "/config/runner/key"
        var warnings: [String] = []
        let made = try KeySource.file(path: path).load(warnings: &warnings)
        let read = try KeySource.file(path: path).load(warnings: &warnings)
        #expect(Sealer(made).fingerprint == Sealer(read).fingerprint)
        #expect(warnings.isEmpty)
        #expect(try mode(path) == 0o600)
        #expect(try mode(place.path + "/config/runner") == 0o700)
        #expect(try FileManager.default.contentsOfDirectory(atPath: place.path + "/config/runner") == ["key"])
        try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: path)
        _ = try KeySource.file(path: path).load(warnings: &warnings)
        #expect(warnings == ["the key file \(path) can be read by other users; run `chmod 600 \(path)`"])
    }

    @Test func `processes that make the key file at once all get the same key`() async throws {
        let path = place.path + "/runner/key"
        let fingerprints = try await withThrowingTaskGroup(of: String.self) { group in
            for _ in 0..<16 {
                group.addTask {
                    var warnings: [String] = []
                    return Sealer(try KeySource.file(path: path).load(warnings: &warnings)).fingerprint
                }
            }
            return try await group.reduce(into: Set<String>()) { $0.insert($1) }
        }
        #expect(fingerprints.count == 1)
    }

    @Test func `a key file that cannot be had says why`() throws {
        var warnings: [String] = []
        try FileManager.default.createDirectory(atPath: place.path + "/key", withIntermediateDirectories: false)
        #expect(throws: StoreError.key("the key file \(place.path)/key is not a file")) {
            try KeySource.file(path: place.path + "/key").load(warnings: &warnings)
        }
        try Data("not a key".utf8).write(to: URL(filePath: place.path + "/text"))
        let error = #expect(throws: StoreError.self) {
            try KeySource.file(path: place.path + "/text").load(warnings: &warnings)
        }
        #expect(error?.description.contains("\(place.path)/text is not a key") == true)
        #expect(throws: StoreError.self) {
            try KeySource.file(path: place.path + "/text/key").load(warnings: &warnings)
        }
        #expect(throws: StoreError.self) {
            try KeySource.credential(path: place.path + "/gone").load(warnings: &warnings)
        }
    }
}

/// The permission bits of a file.
func mode(_ path: String) throws -> Int {
    try #require(try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int)
}
