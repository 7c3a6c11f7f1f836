import Crypto
import CryptoExtras

/// A server's challenge of HTTP Digest (RFC 7616), and the answer to it.
struct DigestChallenge: Sendable, Hashable {
    /// How the answer is hashed.
    enum Algorithm: String, Sendable, CaseIterable {
        case sha256 = "SHA-256"
        case sha256Session = "SHA-256-sess"
        case sha512256 = "SHA-512-256"
        case sha512256Session = "SHA-512-256-sess"
        case md5 = "MD5"
        case md5Session = "MD5-sess"

        var isSession: Bool {
            switch self {
            case .sha256Session, .sha512256Session, .md5Session: true
            case .sha256, .sha512256, .md5: false
            }
        }

        func hash(_ text: String) -> String { hash(Array(text.utf8)) }

        func hash(_ bytes: [UInt8]) -> String {
            switch self {
            case .sha256, .sha256Session: SHA256.hash(data: bytes).hexadecimal
            case .sha512256, .sha512256Session: SHA512256.hash(data: bytes).hexadecimal
            case .md5, .md5Session: Insecure.MD5.hash(data: bytes).hexadecimal
            }
        }
    }

    /// What the answer covers (`qop`).
    enum Protection: String, Sendable {
        case request = "auth"
        case requestAndBody = "auth-int"
    }

    let realm: String
    let nonce: String
    let opaque: String?
    let algorithm: Algorithm
    /// Nil: the server speaks RFC 2069, which knows no `qop`.
    let protection: Protection?
    /// The name of the user is sent as a hash.
    let hashesUser: Bool

    /// The first challenge in the headers that can be answered; servers put the one that they prefer first (RFC 7616 section 3.7).
    init?(headers: [(String, String)]) {
        let challenges = Self.challenges(in: headers).filter(\.isDigest)
        guard let found = challenges.lazy.compactMap({ try? DigestChallenge($0.parameters) }).first else { return nil }
        self = found
    }

    /// Throws an `Obstacle` for one that cannot be answered.
    private init(_ parameters: [String: String]) throws(Obstacle) {
        guard let realm = parameters["realm"], let nonce = parameters["nonce"] else { throw .incomplete }
        let name = parameters["algorithm"] ?? "MD5"
        guard let algorithm = Algorithm.allCases.first(where: { $0.rawValue.lowercased() == name.lowercased() }) else {
            throw .algorithm(name)
        }
        if let qop = parameters["qop"] {
            let words = qop.split { $0 == "," || $0 == " " }.map { $0.lowercased() }
            guard let word = words.contains("auth") ? "auth" : words.first,
                let protection = Protection(rawValue: word)
            else { throw .protection(qop) }
            self.protection = protection
        } else {
            protection = nil
        }
        self.realm = realm
        self.nonce = nonce
        self.algorithm = algorithm
        opaque = parameters["opaque"]
        hashesUser = parameters["userhash"]?.lowercased() == "true"
    }

    /// Why a challenge cannot be answered.
    private enum Obstacle: Error {
        case incomplete
        case algorithm(String)
        case protection(String)
    }

    /// Why none of the challenges in the headers of a 401 can be answered, in the server's words and what is known here.
    static func explanation(of headers: [(String, String)]) -> String {
        let challenges = challenges(in: headers)
        let digests = challenges.filter(\.isDigest)
        guard !digests.isEmpty else {
            guard !challenges.isEmpty else {
                return "the server does not say how it wants to be asked (`WWW-Authenticate`)"
            }
            return "the server offers \(list(challenges.map(\.scheme))) and no Digest"
        }
        var algorithms: [String] = []
        var protections: [String] = []
        for challenge in digests {
            do throws(Obstacle) {
                _ = try DigestChallenge(challenge.parameters)
            } catch {
                switch error {
                case .incomplete: break
                case .algorithm(let name): algorithms.append(name)
                case .protection(let name): protections.append(name)
                }
            }
        }
        if !algorithms.isEmpty {
            let known = "SHA-256, SHA-512-256 and MD5, with and without -sess"
            return "the server offers Digest with \(list(algorithms)) only, and known here are \(known)"
        }
        if !protections.isEmpty {
            return "the server offers Digest with `qop` \(list(protections)) only, and known here are auth and auth-int"
        }
        return "the server's Digest challenge has no `realm` or no `nonce`"
    }

    private static func list(_ words: [String]) -> String { words.joined(separator: ", ") }

    /// The value of `Authorization` (RFC 7616 section 3.4).
    ///
    /// - Parameters:
    ///   - uri: path and query as the request line has them.
    ///   - count: how often the nonce has been used, this time included.
    ///   - clientNonce: random.
    func authorization(
        username: String,
        password: String,
        method: String,
        uri: String,
        body: [UInt8],
        count: Int,
        clientNonce: String
    ) -> String {
        let number = String(count, radix: 16)
        let nc = String(repeating: "0", count: max(0, 8 - number.count)) + number
        var first = algorithm.hash("\(username):\(realm):\(password)")
        if algorithm.isSession { first = algorithm.hash("\(first):\(nonce):\(clientNonce)") }
        var second = "\(method):\(uri)"
        if protection == .requestAndBody { second += ":" + algorithm.hash(body) }
        let middle = protection.map { "\(nonce):\(nc):\(clientNonce):\($0.rawValue)" } ?? nonce
        let response = algorithm.hash("\(first):\(middle):\(algorithm.hash(second))")

        let user = hashesUser ? algorithm.hash("\(username):\(realm)") : username
        var fields = [
            "username=\(Self.quoted(user))", "realm=\(Self.quoted(realm))", "uri=\(Self.quoted(uri))",
            "algorithm=\(algorithm.rawValue)", "nonce=\(Self.quoted(nonce))",
        ]
        if let protection {
            fields += ["nc=\(nc)", "cnonce=\(Self.quoted(clientNonce))", "qop=\(protection.rawValue)"]
        }
        fields.append("response=\(Self.quoted(response))")
        if let opaque { fields.append("opaque=\(Self.quoted(opaque))") }
        if hashesUser { fields.append("userhash=true") }
        return "Digest " + fields.joined(separator: ", ")
    }

    private static func quoted(_ text: String) -> String {
        "\"" + text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"") + "\""
    }

    /// A challenge of whatever scheme; names of parameters in lower case.
    private struct Challenge {
        let scheme: String
        var parameters: [String: String] = [:]

        var isDigest: Bool { scheme.lowercased() == "digest" }
    }

    private static func challenges(in headers: [(String, String)]) -> [Challenge] {
        headers.filter { $0.0.lowercased() == "www-authenticate" }.flatMap { challenges(in: $0.1) }
    }

    /// The challenges in a header (RFC 9110 section 11.6.1).
    ///
    /// A word that no `=` follows begins one.
    private static func challenges(in header: String) -> [Challenge] {
        var result: [Challenge] = []
        var rest = header[...]
        while true {
            rest = rest.drop { $0 == " " || $0 == "," || $0 == "\t" }
            guard !rest.isEmpty else { return result }
            let word = rest.prefix { $0 != " " && $0 != "=" && $0 != "," && $0 != "\t" }
            guard !word.isEmpty else { return result }
            rest = rest[word.endIndex...].drop { $0 == " " || $0 == "\t" }
            guard rest.first == "=" else {
                result.append(Challenge(scheme: String(word)))
                continue
            }
            rest = rest.dropFirst().drop { $0 == " " || $0 == "\t" }
            let value = value(&rest)
            if !result.isEmpty { result[result.count - 1].parameters[word.lowercased()] = value }
        }
    }

    private static func value(_ rest: inout Substring) -> String {
        guard rest.first == "\"" else {
            let token = rest.prefix { $0 != "," && $0 != " " }
            rest = rest[token.endIndex...]
            return String(token)
        }
        rest = rest.dropFirst()
        var value = ""
        while let character = rest.popFirst(), character != "\"" {
            if character == "\\", let escaped = rest.popFirst() {
                value.append(escaped)
            } else {
                value.append(character)
            }
        }
        return value
    }
}
