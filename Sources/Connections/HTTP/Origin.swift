/// Scheme, host and port: what a credential is bound to (RFC 6454).
struct Origin: Sendable, Hashable, CustomStringConvertible {
    let scheme: String
    let host: String
    let port: Int
    /// What is sent there does not leave the machine.
    let isLoopback: Bool
    /// Host, and the port unless it is the scheme's own.
    let hostAndPort: String

    /// The origin of an `http` or `https` URL; nil for other schemes and malformed authorities.
    init?(_ reference: URLReference) {
        guard let scheme = reference.scheme, scheme == "http" || scheme == "https",
            let authority = reference.authority
        else { return nil }
        var hostAndPort = Substring(authority)
        if let at = hostAndPort.utf8.lastIndex(of: UInt8(ascii: "@")) {
            hostAndPort = hostAndPort[hostAndPort.utf8.index(after: at)...]
        }
        var host = hostAndPort
        var port = scheme == "https" ? 443 : 80
        let afterAddress = hostAndPort.utf8.lastIndex(of: UInt8(ascii: "]")) ?? hostAndPort.startIndex
        if let colon = hostAndPort[afterAddress...].utf8.lastIndex(of: UInt8(ascii: ":")) {
            host = hostAndPort[..<colon]
            let digits = hostAndPort[hostAndPort.utf8.index(after: colon)...]
            if !digits.isEmpty {
                // A sign would be read as part of the number.
                guard digits.utf8.allSatisfy({ $0 >= 0x30 && $0 <= 0x39 }), let number = UInt16(digits), number > 0
                else { return nil }
                port = Int(number)
            }
        }
        // No space, control character or letter outside ASCII, in which names might pass for others once they are in lower case.
        guard !host.isEmpty, host.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else { return nil }
        self.scheme = scheme
        self.host = host.lowercased()
        self.port = port
        isLoopback = Self.isLoopback(self.host)
        self.hostAndPort = port == (scheme == "https" ? 443 : 80) ? self.host : "\(self.host):\(port)"
    }

    /// The origin of a text such as `https://api.example.com`.
    init?(_ text: String) {
        self.init(URLReference(text))
    }

    var description: String { "\(scheme)://\(hostAndPort)" }

    private static func isLoopback(_ host: String) -> Bool {
        if host == "localhost" || host.hasSuffix(".localhost") || host == "[::1]" { return true }
        let parts = host.split(separator: ".", omittingEmptySubsequences: false)
        return parts.count == 4 && parts[0] == "127" && parts.allSatisfy { UInt8($0) != nil }
    }
}
