import NIOCore
import NIOHTTP1
import NIOPosix
import Testing

@testable import Connections

/// A server that answers before it has the whole body, and closes the connection when it has it.
@Suite(.timeLimit(.minutes(1))) struct EarlyAnswerTests {
    // The end of the body came to the connection from another thread, when the connection was closed: the answer was lost, or the process ended.
    @Test func `the answer is taken, whenever the connection is closed`() async throws {
        let server = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.configureHTTPServerPipeline(withPipeliningAssistance: false)
                    try channel.pipeline.syncOperations.addHandler(Hasty())
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        let url = "http://127.0.0.1:\(server.localAddress?.port ?? 0)"
        for _ in 0..<100 {
            let transport = HTTPTransport(userAgent: "test", connectionsPerHost: 1, threads: 4)
            for (path, size) in [("/first", 1), ("/last", 1 << 20)] {
                let request = OutgoingRequest(
                    method: "POST",
                    url: url + path,
                    headers: [],
                    body: Array(repeating: 65, count: size),
                    timeout: .seconds(30),
                    maxBytes: 100
                )
                #expect(try await transport.send(request).status == 200)
            }
            await transport.shutdown()
        }
        try await server.close()
    }
}

private final class Hasty: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    private var isLast = false

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head):
            isLast = head.uri == "/last"
            let headers: HTTPHeaders = ["Content-Length": "0"]
            context.write(
                wrapOutboundOut(.head(HTTPResponseHead(version: .http1_1, status: .ok, headers: headers))),
                promise: nil
            )
            context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
        case .body: break
        case .end: if isLast { context.close(promise: nil) }
        }
    }
}
