import NIOCore
import NIOHTTP1
import NIOHTTP2
import NIOPosix
public import NIOSSL
import Synchronization

/// An HTTP server on loopback whose answers a test writes.
public final class ScriptedServer: Sendable {
    /// What was asked.
    public struct Request: Sendable {
        /// The method's token.
        public let method: String
        /// The path without the query.
        public let path: String
        /// The query as it was sent.
        public let query: String
        /// The header fields.
        public let headers: [(String, String)]
        /// The body as text.
        public let body: String
        /// It came over HTTP/2.
        public let isHTTP2: Bool

        /// The first value of a header; names are compared without case.
        public func header(_ name: String) -> String? {
            headers.first { $0.0.lowercased() == name.lowercased() }?.1
        }
    }

    /// What is answered.
    public struct Reply: Sendable {
        /// The status.
        public var status: Int
        /// The header fields beside `Content-Length`.
        public var headers: [(String, String)]
        /// The body.
        public var body: String
        /// The body where it is no text.
        public var bytes: [UInt8]?
        /// The connection is closed in the middle of the body.
        public var breaksOff = false

        /// A reply.
        public init(_ status: Int, headers: [(String, String)] = [], body: String = "") {
            self.status = status
            self.headers = headers
            self.body = body
        }

        /// A reply with a JSON body.
        public static func json(_ body: String, status: Int = 200, headers: [(String, String)] = []) -> Reply {
            Reply(status, headers: [("Content-Type", "application/json")] + headers, body: body)
        }
    }

    /// Answers one request.
    public typealias Handler = @Sendable (Request) async -> Reply

    /// The port on 127.0.0.1.
    public let port: Int
    private let channel: any Channel
    private let log: Log

    /// The requests so far.
    final class Log: Sendable {
        let requests = Mutex<[Request]>([])
        let connections = Mutex(0)
        let openConnections = Mutex(0)
    }

    /// `http` or `https`.
    private let scheme: String

    private init(channel: any Channel, port: Int, scheme: String, log: Log) {
        self.channel = channel
        self.scheme = scheme
        self.port = port
        self.log = log
    }

    /// Starts a server, gives it to `body`, and stops it.
    ///
    /// With `tls` it speaks https, and HTTP/2 where that offers `h2`.
    public static func run<T>(
        tls: TLSConfiguration? = nil,
        _ handler: @escaping Handler,
        _ body: (ScriptedServer) async throws -> T
    ) async throws -> T {
        let log = Log()
        let context = try tls.map { try NIOSSLContext(configuration: $0) }
        let offersHTTP2 = tls?.applicationProtocols.contains("h2") ?? false
        let channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .serverChannelOption(.backlog, value: 4_096)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    if let context {
                        try channel.pipeline.syncOperations.addHandler(NIOSSLServerHandler(context: context))
                    }
                    log.connections.withLock { $0 += 1 }
                    log.openConnections.withLock { $0 += 1 }
                    channel.closeFuture.whenComplete { _ in log.openConnections.withLock { $0 -= 1 } }
                    guard offersHTTP2 else {
                        try channel.pipeline.syncOperations.configureHTTPServerPipeline()
                        return try channel.pipeline.syncOperations.addHandler(Answering(handler: handler, log: log))
                    }
                    _ = try channel.pipeline.syncOperations.configureHTTP2Pipeline(
                        mode: .server,
                        connectionConfiguration: .init(),
                        streamConfiguration: .init()
                    ) { stream in
                        stream.eventLoop.makeCompletedFuture {
                            let operations = stream.pipeline.syncOperations
                            try operations.addHandler(HTTP2FramePayloadToHTTP1ServerCodec())
                            try operations.addHandler(Answering(handler: handler, log: log))
                        }
                    }
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        let server = ScriptedServer(
            channel: channel,
            port: channel.localAddress?.port ?? 0,
            scheme: tls == nil ? "http" : "https",
            log: log
        )
        do {
            let result = try await body(server)
            try await channel.close()
            return result
        } catch {
            try? await channel.close()
            throw error
        }
    }

    /// `http://127.0.0.1:PORT`, or `https`.
    public var baseURL: String { "\(scheme)://127.0.0.1:\(port)" }

    /// All requests so far.
    public var requests: [Request] { log.requests.withLock { $0 } }

    /// How many connections it took.
    public var connections: Int { log.connections.withLock { $0 } }

    /// How many of them are open.
    public var openConnections: Int { log.openConnections.withLock { $0 } }

    /// How many requests a path got.
    public func count(_ path: String) -> Int { requests.count { $0.path == path } }
}

/// Reads one request at a time and writes the script's answer.
private final class Answering: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    private let handler: ScriptedServer.Handler
    private let log: ScriptedServer.Log
    private var head: HTTPRequestHead?
    private var body = ""

    init(handler: @escaping ScriptedServer.Handler, log: ScriptedServer.Log) {
        self.handler = handler
        self.log = log
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head):
            self.head = head
            body = ""
        case .body(let buffer):
            body += String(buffer: buffer)
        case .end:
            guard let head else { return }
            let parts = head.uri.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
            let request = ScriptedServer.Request(
                method: head.method.rawValue,
                path: String(parts[0]),
                query: parts.count > 1 ? String(parts[1]) : "",
                headers: head.headers.map { ($0.name, $0.value) },
                body: body,
                isHTTP2: head.version.major == 2
            )
            log.requests.withLock { $0.append(request) }
            let bound = NIOLoopBound((context, self), eventLoop: context.eventLoop)
            let loop = context.eventLoop
            let handler = handler
            Task {
                let reply = await handler(request)
                loop.execute {
                    let (context, answering) = bound.value
                    answering.write(reply, context)
                }
            }
        }
    }

    private func write(_ reply: ScriptedServer.Reply, _ context: ChannelHandlerContext) {
        var headers = HTTPHeaders(reply.headers)
        let body = reply.bytes ?? Array(reply.body.utf8)
        headers.add(name: "Content-Length", value: "\(body.count + (reply.breaksOff ? 100 : 0))")
        let status = HTTPResponseStatus(statusCode: reply.status)
        context.write(
            wrapOutboundOut(.head(HTTPResponseHead(version: .http1_1, status: status, headers: headers))),
            promise: nil
        )
        let buffer = context.channel.allocator.buffer(bytes: body)
        context.writeAndFlush(wrapOutboundOut(.body(.byteBuffer(buffer))), promise: nil)
        if reply.breaksOff {
            context.close(promise: nil)
        } else {
            context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
        }
    }
}
