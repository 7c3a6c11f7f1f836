import AsyncHTTPClient
import Glibc
import NIOCore
import NIOHTTP1
import NIOPosix

extension TransportError {
    /// What an error of the HTTP client means for the people who wrote the recipe.
    ///
    /// - Parameters:
    ///   - timeout: the limit of the whole exchange.
    ///   - silence: the longest time in which nothing may come.
    init(_ error: any Error, timeout: Duration, silence: Duration) {
        switch error {
        case let error as TransportError: self = error
        case is CancellationError: self.init(.cancelled, "cancelled")
        case let error as HTTPClientError: self.init(error, timeout: timeout, silence: silence)
        case let error as NIOConnectionError: self.init(error)
        case let error as IOError: self.init(error)
        case let error as ChannelError: self.init(error)
        case HTTPParserError.invalidEOFState:
            self.init(.network, "the server closed the connection before its answer was complete")
        case is HTTPParserError:
            self.init(.network, "what came is no HTTP; is the port right?")
        default: self.init(other: error)
        }
    }

    private static let connectTimeout = TransportError(
        .timeout,
        "no connection within \(HTTPTransport.connectTimeout.text); is the address right, and does a firewall let it through?"
    )

    private init(_ error: HTTPClientError, timeout: Duration, silence: Duration) {
        switch error {
        case .cancelled:
            self.init(.cancelled, "cancelled")
        case .deadlineExceeded:
            self.init(.timeout, "no complete answer within \(timeout.text)")
        case .connectTimeout, .getConnectionFromPoolTimeout:
            self = Self.connectTimeout
        case .readTimeout:
            self.init(.timeout, "nothing came for \(silence.text)")
        case .tlsHandshakeTimeout:
            self.init(.tls, "the TLS handshake did not end in time; does the server speak https on this port?")
        case .remoteConnectionClosed:
            self.init(.network, "the server closed the connection before its answer was complete")
        case .proxyAuthenticationRequired:
            self.init(.network, "the proxy wants user and password; write them into `proxy:` of the connection")
        case .invalidProxyResponse:
            self.init(.network, "the proxy refuses to connect")
        case .invalidURL, .emptyHost:
            self.init(.network, "the URL cannot be requested")
        default:
            self.init(.network, "the exchange failed (\(error.shortDescription))")
        }
    }

    private init(_ error: NIOConnectionError) {
        if let single = error.connectionErrors.first {
            self.init(single.error, timeout: .zero, silence: .zero)
        } else if error.dnsAError != nil || error.dnsAAAAError != nil {
            self.init(.network, "the host is unknown; check the name, and that DNS works")
        } else {
            self.init(.network, "no connection")
        }
    }

    private init(_ error: IOError) {
        switch error.errnoCode {
        case ECONNREFUSED:
            self.init(.network, "connection refused; is the server running?")
        case ECONNRESET, EPIPE:
            self.init(.network, "the server broke the connection")
        case ETIMEDOUT:
            self = Self.connectTimeout
        case EHOSTUNREACH, ENETUNREACH:
            self.init(.network, "the host cannot be reached; check the network")
        default:
            self.init(.network, "\(String(cString: strerror(error.errnoCode)))")
        }
    }

    private init(_ error: ChannelError) {
        switch error {
        case .connectTimeout: self = Self.connectTimeout
        case .ioOnClosedChannel, .alreadyClosed, .inputClosed, .outputClosed, .eof:
            self.init(.network, "the server broke the connection")
        default: self.init(.network, "the connection failed")
        }
    }

    /// Errors of TLS and of decompression come in types that only their packages know.
    private init(other error: any Error) {
        let type = String(reflecting: Swift.type(of: error))
        if type.contains("NIOSSL") || type.contains("BoringSSL") {
            let detail = String(describing: error)
            let reason =
                detail.contains("failedToLoadPrivateKey")
                ? "the key does not belong to the client's certificate; see `tls:` of the connection"
                : detail.contains("PROTOCOL_VERSION") || detail.contains("UNSUPPORTED_PROTOCOL")
                    ? "the server does not speak a version of TLS that is allowed (1.2, or `tls.minimum_version` of the connection)"
                    : detail.contains("ALERT") && detail.contains("CERTIFICATE")
                        ? "the server refuses the client's certificate, or wants one; see `tls:` of the connection"
                        : detail.contains("CERTIFICATE_VERIFY_FAILED") || detail.contains("certificate")
                            ? "the server's certificate is not trusted (wrong name, expired, or signed by an unknown authority)"
                            : detail.contains("WRONG_VERSION_NUMBER")
                                ? "the server does not speak TLS on this port; is it http?"
                                : "the TLS connection failed"
            self.init(.tls, reason)
        } else if type.contains("Decompression") {
            self.init(.tooLarge, "the compressed body is malformed or unpacks to far more than it weighs")
        } else if type.contains("SocketAddressError") || type.contains("DNS") || type.contains("Resolver") {
            self.init(.network, "the host is unknown; check the name, and that DNS works")
        } else {
            self.init(.network, "the exchange failed (\(Swift.type(of: error)))")
        }
    }
}
