import Crypto

/// A server's challenge of HTTP Digest (RFC 7616), and the answer to it.
struct DigestChallenge: Sendable, Hashable {
    /// How the answer is hashed.
    enum Algorithm: String, Sendable, CaseIterable {
        case sha256 = "SHA-256"
        case sha256Session = "SHA-256-sess"
        case md5 = "MD5"
        case md5Session = "MD5-sess"

        var isSession: Bool { self == .sha256Session || self == .md5Session }

        func hash(_ text: String) -> String { hash(Array(text.utf8)) }

        func hash(_ bytes: [UInt8]) -> String {
            switch self {
            case .sha256, .sha256Session: SHA256.hash(data: bytes).hexadecimal
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
        let challenges = headers.filter { $0.0.lowercased() == "www-authenticate" }
            .flatMap { Self.challenges(in: $0.1) }
        guard let found = challenges.lazy.compactMap(DigestChallenge.init(parameters:)).first else { return nil }
        self = found
    }

    private init?(parameters: [String: String]) {
        guard let realm = parameters["realm"], let nonce = parameters["nonce"] else { return nil }
        let name = parameters["algorithm"] ?? "MD5"
        guard let algorithm = Algorithm.allCases.first(where: { $0.rawValue.lowercased() == name.lowercased() }) else {
            return nil
        }
        if let qop = parameters["qop"] {
            let words = qop.split { $0 == "," || $0 == " " }.map { $0.lowercased() }
            guard let word = words.contains("auth") ? "auth" : words.first,
                let protection = Protection(rawValue: word)
            else { return nil }
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

    /// The parameters of each Digest challenge in a header (RFC 9110 section 11.6.1), names in lower case.
    ///
    /// A word that no `=` follows begins a challenge, of whatever scheme.
    private static func challenges(in header: String) -> [[String: String]] {
        var result: [[String: String]] = []
        var isDigest = false
        var rest = header[...]
        while true {
            rest = rest.drop { $0 == " " || $0 == "," || $0 == "\t" }
            guard !rest.isEmpty else { return result }
            let word = rest.prefix { $0 != " " && $0 != "=" && $0 != "," && $0 != "\t" }
            guard !word.isEmpty else { return result }
            rest = rest[word.endIndex...].drop { $0 == " " || $0 == "\t" }
            guard rest.first == "=" else {
                isDigest = word.lowercased() == "digest"
                if isDigest { result.append([:]) }
                continue
            }
            rest = rest.dropFirst().drop { $0 == " " || $0 == "\t" }
            let value = value(&rest)
            if isDigest { result[result.count - 1][word.lowercased()] = value }
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
