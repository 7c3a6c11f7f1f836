import YAML

/// Reads `allowed_origins`: scheme, host and port each, and nothing behind them (RFC 6454).
///
/// An entry that means nothing would be passed over in silence, and the request refused much later.
struct OriginReader {
    let file: FileReader

    /// The origins, in lower case and without a slash at the end; reports each entry that is none.
    func origins(_ node: Node?) -> [String] {
        guard let node else { return [] }
        guard case .sequence(let items) = node.content else {
            // One that stands alone, or anything else.
            _ = file.strings(node, as: "`allowed_origins`")
            return []
        }
        return items.compactMap(origin)
    }

    private func origin(_ node: Node) -> String? {
        guard case .scalar(let scalar) = node.content else {
            file.diagnostics.report("type.text", "an entry of `allowed_origins` must be text", at: node.span)
            return nil
        }
        do {
            return try Self.origin(scalar.text)
        } catch {
            file.diagnostics.report(
                "connection.origin",
                "`\(scalar.text)` is no origin: \(error.reason)",
                at: node.span,
                help: error.mend
            )
            return nil
        }
    }

    /// Why a text is no origin.
    private struct Flaw: Error {
        let reason: String
        let mend: String

        static let form = "write it as `https://host` or `https://host:port`"
    }

    private static func origin(_ text: String) throws(Flaw) -> String {
        guard !text.isEmpty else { throw Flaw(reason: "it is empty", mend: Flaw.form) }
        guard !text.contains("${{") else {
            throw Flaw(reason: "it must stand here itself, not as an expression", mend: Flaw.form)
        }
        guard let mark = text.firstRange(of: "://") else {
            if text.hasPrefix("http:") || text.hasPrefix("https:") {
                throw Flaw(reason: "it has no host", mend: Flaw.form)
            }
            let rest = text.hasPrefix("//") ? text.dropFirst(2) : text[...]
            let (host, port) = split(rest.prefix { !"/?#".contains($0) })
            // A word or a number alone is a slip that no scheme would mend.
            let isHost = isHost(host) && (host == "localhost" || host.contains(".") || host.contains(":"))
            let mend = isHost && isPort(port) ? "write `https://\(host)\(suffix(port))`" : Flaw.form
            throw Flaw(reason: "it has no scheme", mend: mend)
        }
        let scheme = text[..<mark.lowerBound].lowercased()
        let behind = text[mark.upperBound...]
        let authority = behind.prefix { !"/?#".contains($0) }
        let tail = behind[authority.endIndex...]
        let (host, port) = split(
            authority.lastIndex(of: "@").map { authority[authority.index(after: $0)...] } ?? authority
        )
        guard !host.isEmpty else { throw Flaw(reason: "it has no host", mend: Flaw.form) }
        guard isHost(host) else {
            throw Flaw(
                reason: "`\(host)` is no host: a host has letters, digits, `-`, `_` and `.`",
                mend: "name each host, without `*`; one outside ASCII as `xn--…`"
            )
        }
        guard isPort(port) else {
            throw Flaw(
                reason: "`\(port ?? "")` is no port from 1 to 65535",
                mend: "write `https://\(host)`, with `:port` if it is not the usual one"
            )
        }
        let place = "\(host.lowercased())\(suffix(port))"
        guard scheme == "https" || scheme == "http" else {
            throw Flaw(reason: "`\(scheme)` is neither `https` nor `http`", mend: "write `https://\(place)`")
        }
        let origin = "\(scheme)://\(place)"
        guard !authority.contains("@") else { throw Flaw(reason: "it names a user", mend: "write `\(origin)`") }
        guard tail.isEmpty || tail == "/" else {
            let part = tail.first == "?" ? "query" : tail.first == "#" ? "fragment" : "path"
            throw Flaw(reason: "it ends in a \(part)", mend: "write `\(origin)`")
        }
        return origin
    }

    /// Host, in brackets if it is an IPv6 address, and port.
    private static func split(_ authority: Substring) -> (host: Substring, port: Substring?) {
        let end =
            authority.hasPrefix("[") ? authority.firstIndex(of: "]") ?? authority.startIndex : authority.startIndex
        guard let colon = authority[end...].firstIndex(of: ":") else { return (authority, nil) }
        return (authority[..<colon], authority[authority.index(after: colon)...])
    }

    private static func isHost(_ host: Substring) -> Bool {
        if host.hasPrefix("["), host.hasSuffix("]") {
            let address = host.dropFirst().dropLast()
            return address.contains(":") && address.allSatisfy { $0.isASCII && ($0.isHexDigit || ":.".contains($0)) }
        }
        return !host.isEmpty && host.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "-_.".contains($0)) }
    }

    private static func isPort(_ port: Substring?) -> Bool {
        guard let port else { return true }
        return port.allSatisfy { $0.isASCII && $0.isNumber } && UInt16(port).map { $0 > 0 } == true
    }

    private static func suffix(_ port: Substring?) -> String { port.map { ":\($0)" } ?? "" }
}
