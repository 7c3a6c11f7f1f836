/// Where a request goes: an absolute `http` or `https` URL in which only allowed characters stand.
struct Target: Sendable, Hashable {
    private var reference: URLReference
    let origin: Origin

    /// Joins `url` to `base` (RFC 3986 section 5).
    ///
    /// Throws `configuration` when the result is no URL that can be requested.
    init(_ url: String, base: BaseURI?) throws(ConnectionError) {
        if let base, base.isRequestable, let target = Target(path: url, at: base) {
            self = target
            return
        }
        if url.hasPrefix("//"), Origin("https:" + url) == nil {
            throw ConnectionError(
                .configuration,
                "what follows `//` at the beginning of a URL is a host (RFC 3986 section 4.2), and here is no valid one; write `/.//…` for a path"
            )
        }
        var reference = URLReference(url)
        if let base { reference = reference.resolved(against: base.reference) }
        let explanation = base == nil ? "the connection has no base_uri" : "base_uri is no absolute URL"
        try self.init(reference, relativeSince: explanation)
    }

    /// The same for the usual case, a path from the root without a fragment: nothing about the server has to be looked at again.
    private init?(path url: String, at base: BaseURI) {
        var url = url
        let parts = url.withUTF8 { bytes -> (path: String, query: String?)? in
            guard bytes.first == UInt8(ascii: "/"), bytes.count < 2 || bytes[1] != UInt8(ascii: "/") else { return nil }
            var end = bytes.count
            for (place, byte) in bytes.enumerated() {
                guard byte != UInt8(ascii: "#") else { return nil }
                if byte == UInt8(ascii: "?"), end == bytes.count { end = place }
            }
            let path = String(decoding: bytes[..<end], as: UTF8.self)
            return (path, end < bytes.count ? String(decoding: bytes[(end + 1)...], as: UTF8.self) : nil)
        }
        guard let parts else { return nil }
        reference = base.reference
        reference.path = PercentEncoding.mending(URLReference.removingDotSegments(parts.path))
        reference.query = parts.query.map(PercentEncoding.mending)
        reference.fragment = nil
        origin = base.origin
    }

    private init(_ reference: URLReference, relativeSince explanation: String) throws(ConnectionError) {
        guard let scheme = reference.scheme else {
            throw ConnectionError(
                .configuration,
                "a relative URL cannot be requested, since \(explanation); write the whole URL or set base_uri"
            )
        }
        guard scheme == "http" || scheme == "https" else {
            throw ConnectionError(
                .configuration,
                "`\(scheme.prefix(20)):` cannot be requested; write an http or https URL"
            )
        }
        guard reference.authority?.contains("@") != true else {
            throw ConnectionError(
                .configuration,
                "a URL must not hold user and password; give them to a connection (`connector: basic`)"
            )
        }
        guard let origin = Origin(reference) else {
            throw ConnectionError(.configuration, "the URL has no valid host and port")
        }
        var reference = reference
        reference.fragment = nil
        reference.path = PercentEncoding.mending(reference.path)
        reference.query = reference.query.map(PercentEncoding.mending)
        if reference.path.isEmpty { reference.path = "/" }
        self.reference = reference
        self.origin = origin
    }

    /// Where a redirect's `Location` leads.
    func redirected(to location: String) throws(ConnectionError) -> Target {
        try Target(URLReference(location).resolved(against: reference), relativeSince: "its target has no scheme")
    }

    /// Adds query parameters.
    mutating func add(_ query: [(String, String)]) {
        guard !query.isEmpty else { return }
        let added = PercentEncoding.form(query, spaceAsPlus: false)
        if let present = reference.query, !present.isEmpty {
            reference.query = present + "&" + added
        } else {
            reference.query = added
        }
    }

    /// Spells names and values of the query strictly, so that whoever checks a signature of it need not know how to.
    mutating func spellQueryStrictly() {
        reference.query = reference.query?.split(separator: "&").map { part in
            part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
                .map(PercentEncoding.strict).joined(separator: "=")
        }.joined(separator: "&")
    }

    /// Whether the query has a parameter of a name.
    func hasQuery(named name: String) -> Bool {
        (reference.query ?? "").split(separator: "&").contains { part in
            PercentEncoding.decoded(part.prefix { $0 != "=" }) == name
        }
    }

    /// Removes the query parameters of a name, and of a value where one is given.
    mutating func removeQuery(named name: String, value: String? = nil) {
        reference.removeQuery(named: name, value: value)
    }

    /// The path as it is sent.
    var path: String { reference.path }
    /// The query as it is sent, without its question mark; nil when there is none.
    var query: String? { reference.query }
    /// What the request line holds (RFC 9112 section 3.2.1).
    var requestTarget: String { reference.query.map { "\(reference.path)?\($0)" } ?? reference.path }

    /// The URL as it is sent.
    var url: String { reference.text }

    /// The URL as people may see it: queries hold credentials too often.
    var urlWithoutQuery: String {
        var shown = reference
        shown.query = nil
        return shown.text
    }
}
