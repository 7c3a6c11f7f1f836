import NIOSSL

/// How a connection reaches its servers, where that differs from the machine's own way.
///
/// A class: it is large, and every request of the connection holds it.
final class Route: Sendable {
    /// What TLS trusts and presents; nil is the system's authorities and no client certificate.
    let tls: TLSConfiguration?
    /// The proxy on the way.
    let proxy: Proxy?

    init(tls: TLSConfiguration?, proxy: Proxy?) {
        self.tls = tls
        self.proxy = proxy
    }

    /// The same way without the client's certificate, for servers that it is not meant for.
    var withoutCertificate: Route {
        var tls = tls
        tls?.certificateChain = []
        tls?.privateKey = nil
        return Route(tls: tls, proxy: proxy)
    }

    /// An HTTP proxy.
    struct Proxy: Sendable, Hashable {
        let host: String
        let port: Int
        /// User and password that the proxy wants.
        var credentials: Credentials?

        struct Credentials: Sendable, Hashable {
            let username: String
            let password: String
        }

        /// Reads `http://[user:password@]host[:port]`; nil for anything else.
        init?(_ text: String) {
            let reference = URLReference(text)
            guard let origin = Origin(reference), origin.scheme == "http",
                reference.path.isEmpty || reference.path == "/",
                let authority = reference.authority
            else { return nil }
            host = origin.host
            port = origin.port
            let parts = authority.split(separator: "@", omittingEmptySubsequences: false)
            guard parts.count == 2 else { return }
            let pair = parts[0].split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
            credentials = Credentials(
                username: PercentEncoding.decoded(pair[0]),
                password: pair.count > 1 ? PercentEncoding.decoded(pair[1]) : ""
            )
        }
    }
}
