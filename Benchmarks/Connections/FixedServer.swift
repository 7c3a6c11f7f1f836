import NIOCore
import NIOHTTP1
import NIOPosix

/// Answers every request alike, with as little work as there can be, so that it does not hide what is measured.
///
/// On a thread of its own. Among the loops of the clients, a connection's two ends would share one or not as it happens, and a request
/// between two loops costs some 25 µs more.
struct FixedServer {
    private let channel: any Channel
    private let group: MultiThreadedEventLoopGroup

    /// `http://127.0.0.1:PORT`.
    let baseURL: String

    static func start() async throws -> FixedServer {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let channel = try await ServerBootstrap(group: group)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.configureHTTPServerPipeline()
                    try channel.pipeline.syncOperations.addHandler(Answer())
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        return FixedServer(
            channel: channel,
            group: group,
            baseURL: "http://127.0.0.1:\(channel.localAddress?.port ?? 0)"
        )
    }

    func stop() async throws {
        try await channel.close()
        try await group.shutdownGracefully()
    }
}

private final class Answer: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    private static let body = ByteBuffer(
        string: #"{"access_token":"a-token-of-the-benchmark","token_type":"Bearer","expires_in":86400}"#
    )

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard case .end = unwrapInboundIn(data) else { return }
        let head = HTTPResponseHead(
            version: .http1_1,
            status: .ok,
            headers: ["Content-Type": "application/json", "Content-Length": "\(Self.body.readableBytes)"]
        )
        context.write(wrapOutboundOut(.head(head)), promise: nil)
        context.write(wrapOutboundOut(.body(.byteBuffer(Self.body))), promise: nil)
        context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
    }
}
