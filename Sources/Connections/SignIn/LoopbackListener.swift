import NIOCore
import NIOHTTP1
import NIOPosix

/// Waits on this machine for the browser that comes back from an authorization endpoint (RFC 8252 section 7.3).
struct LoopbackListener: Sendable {
    /// What the browser brought.
    enum Arrival: Sendable, Hashable {
        case code(String)
        /// The server refused, or the person did (RFC 6749 section 4.1.2.1).
        case refused(error: String, description: String?)
    }

    /// Where the browser shall come back to.
    let redirectURI: String
    /// What came back with the right `state`; ends after the first.
    let arrivals: AsyncStream<Arrival>
    private let channel: any Channel

    /// Listens at an address of this machine; `redirectURI` nil is a free port of 127.0.0.1.
    ///
    /// One without a port takes any free port, which servers must allow for loopback addresses (RFC 8252 section 7.3).
    ///
    /// Throws `configuration` when the address cannot be listened at.
    init(redirectURI: String?, state: String) async throws(ConnectionError) {
        let reference = URLReference(redirectURI ?? "http://127.0.0.1:0/oauth/callback")
        let path = reference.path.isEmpty ? "/" : reference.path
        guard reference.scheme == "http", let authority = reference.authority else { throw Self.unusable(redirectURI) }
        // Port 0, which no origin can have, asks for a free one, and so does no port at all.
        let isZero = authority.hasSuffix(":0")
        let host = isZero ? String(authority.dropLast(2)) : authority
        let isFree = isZero || !host[(host.lastIndex(of: "]") ?? host.startIndex)...].contains(":")
        guard let origin = Origin(URLReference("http://" + host)), origin.isLoopback
        else { throw Self.unusable(redirectURI) }
        let (arrivals, continuation) = AsyncStream<Arrival>.makeStream()
        let address = origin.host == "localhost" ? "127.0.0.1" : origin.host.filter { $0 != "[" && $0 != "]" }
        do {
            channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
                .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
                .childChannelInitializer { channel in
                    channel.eventLoop.makeCompletedFuture {
                        try channel.pipeline.syncOperations.configureHTTPServerPipeline()
                        try channel.pipeline.syncOperations.addHandler(
                            CallbackHandler(path: path, state: state, arrivals: continuation)
                        )
                    }
                }
                .bind(host: address, port: isFree ? 0 : origin.port).get()
        } catch {
            throw ConnectionError(
                .configuration,
                "\(origin.hostAndPort) cannot be listened at, and the browser must come back there; is another program using the port?"
            )
        }
        let port = channel.localAddress?.port ?? origin.port
        let query = reference.query.map { "?\($0)" } ?? ""
        self.redirectURI = isFree ? "http://\(origin.host):\(port)\(path)\(query)" : redirectURI ?? ""
        self.arrivals = arrivals
    }

    /// Stops listening.
    func close() async {
        // It may have been closed already; there is nothing else to do about it.
        try? await channel.close()
    }

    private static func unusable(_ redirectURI: String?) -> ConnectionError {
        ConnectionError(
            .configuration,
            "`redirect_uri` must be an http address of this machine, for example http://127.0.0.1/callback (any free port) or http://127.0.0.1:8765/callback, and not \(redirectURI ?? "")"
        )
    }
}

/// Answers the browser's one request.
private final class CallbackHandler: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    private let path: String
    private let state: String
    private let arrivals: AsyncStream<LoopbackListener.Arrival>.Continuation
    private var uri = ""
    private var isGet = false

    init(path: String, state: String, arrivals: AsyncStream<LoopbackListener.Arrival>.Continuation) {
        self.path = path
        self.state = state
        self.arrivals = arrivals
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head): (uri, isGet) = (head.uri, head.method == .GET)
        case .body: break
        case .end: answer(context)
        }
    }

    private func answer(_ context: ChannelHandlerContext) {
        let reference = URLReference(uri)
        guard isGet, reference.path == path else { return write(.notFound, "Nothing is here.", context) }
        let query = Self.parameters(reference.query ?? "")
        // Only who began the sign-in knows `state`: without it another page could slip in a code of its own (RFC 6749 section 10.12).
        guard query["state"] == state else {
            return write(.badRequest, "This does not belong to the sign-in that is waited for.", context)
        }
        if let code = query["code"], !code.isEmpty {
            write(.ok, "You are signed in, and may close this window.", context)
            arrivals.yield(.code(code))
        } else {
            write(.ok, "The sign-in did not succeed; the terminal says why. You may close this window.", context)
            arrivals.yield(.refused(error: query["error"] ?? "no code", description: query["error_description"]))
        }
        arrivals.finish()
    }

    private static func parameters(_ query: String) -> [String: String] {
        var result: [String: String] = [:]
        for part in query.split(separator: "&") {
            let pair = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            result[PercentEncoding.decoded(pair[0])] = pair.count > 1 ? PercentEncoding.decoded(pair[1]) : ""
        }
        return result
    }

    private func write(_ status: HTTPResponseStatus, _ text: String, _ context: ChannelHandlerContext) {
        let page = "<!doctype html><meta charset=utf-8><title>runner</title><p>\(text)</p>\n"
        let headers: HTTPHeaders = [
            "Content-Type": "text/html; charset=utf-8", "Content-Length": "\(page.utf8.count)",
            "Connection": "close", "Cache-Control": "no-store", "Referrer-Policy": "no-referrer",
        ]
        context.write(
            wrapOutboundOut(.head(HTTPResponseHead(version: .http1_1, status: status, headers: headers))),
            promise: nil
        )
        context.write(wrapOutboundOut(.body(.byteBuffer(context.channel.allocator.buffer(string: page)))), promise: nil)
        let channel = context.channel
        context.writeAndFlush(wrapOutboundOut(.end(nil))).whenComplete { _ in channel.close(promise: nil) }
    }
}
