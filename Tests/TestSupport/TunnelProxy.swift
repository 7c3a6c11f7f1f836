import NIOCore
import NIOHTTP1
import NIOPosix
import Synchronization

/// An HTTP proxy on loopback that tunnels (RFC 9110 section 9.3.6): whatever host a client names, it is connected to one port of this machine.
public final class TunnelProxy: Sendable {
    /// The port on 127.0.0.1.
    public let port: Int
    private let log: Log

    final class Log: Sendable {
        let heads = Mutex<[(target: String, authorization: String?)]>([])
    }

    private init(port: Int, log: Log) {
        self.port = port
        self.log = log
    }

    /// What clients asked to be connected to, and the credentials that they showed.
    public var requests: [(target: String, authorization: String?)] { log.heads.withLock { $0 } }

    /// Starts a proxy whose tunnels end at `port`, gives it to `body`, and stops it.
    public static func run<T>(to port: Int, _ body: (TunnelProxy) async throws -> T) async throws -> T {
        let log = Log()
        let channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(Connecting(port: port, log: log))
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        let proxy = TunnelProxy(port: channel.localAddress?.port ?? 0, log: log)
        do {
            let result = try await body(proxy)
            try await channel.close()
            return result
        } catch {
            try? await channel.close()
            throw error
        }
    }
}

/// Reads the head of one CONNECT, opens the tunnel, and passes bytes on from then on.
private final class Connecting: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let port: Int
    private let log: TunnelProxy.Log
    private var head = ByteBuffer()
    private var isAsked = false
    private var peer: (any Channel)?

    init(port: Int, log: TunnelProxy.Log) {
        self.port = port
        self.log = log
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var buffer = unwrapInboundIn(data)
        if let peer { return peer.writeAndFlush(buffer, promise: nil) }
        head.writeBuffer(&buffer)
        let text = String(buffer: head)
        // A client says nothing more before it is answered.
        guard text.contains("\r\n\r\n"), !isAsked else { return }
        isAsked = true
        let lines = text.split(separator: "\r\n")
        let words = lines.first?.split(separator: " ") ?? []
        guard words.count == 3, words[0] == "CONNECT" else { return context.close(promise: nil) }
        let prefix = "proxy-authorization: "
        let credentials = lines.first { $0.lowercased().hasPrefix(prefix) }.map { String($0.dropFirst(prefix.count)) }
        log.heads.withLock { $0.append((String(words[1]), credentials)) }
        let channel = context.channel
        let bound = NIOLoopBound((context, self), eventLoop: context.eventLoop)
        ClientBootstrap(group: context.eventLoop)
            .channelInitializer { tunnel in
                tunnel.eventLoop.makeCompletedFuture {
                    try tunnel.pipeline.syncOperations.addHandler(Passing(to: channel))
                }
            }
            .connect(host: "127.0.0.1", port: port)
            .whenComplete { result in
                let (context, connecting) = bound.value
                guard case .success(let tunnel) = result else { return context.close(promise: nil) }
                connecting.peer = tunnel
                let answer = context.channel.allocator.buffer(string: "HTTP/1.1 200 Connected\r\n\r\n")
                context.writeAndFlush(connecting.wrapOutboundOut(answer), promise: nil)
            }
    }

    func channelInactive(context: ChannelHandlerContext) { peer?.close(promise: nil) }
}

/// Passes bytes to the other end.
private final class Passing: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let channel: any Channel

    init(to channel: any Channel) {
        self.channel = channel
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        channel.writeAndFlush(unwrapInboundIn(data), promise: nil)
    }

    func channelInactive(context: ChannelHandlerContext) { channel.close(promise: nil) }
}
