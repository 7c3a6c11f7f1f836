import AsyncHTTPClient
import NIOCore
import NIOHTTP1
import NIOHTTPCompression
import NIOPosix
import Synchronization

/// One message to send, complete: nothing is added but framing and what the client says of itself.
public struct OutgoingRequest: Sendable {
    /// The method's token.
    public var method: String
    /// An absolute `http` or `https` URL.
    public var url: String
    /// The header fields.
    public var headers: [(String, String)]
    /// The body.
    public var body: [UInt8]?
    /// The body in pieces, where there are files in it; `body` is nil then.
    public var pieces: [BodyPiece]?
    /// The longest time until the last byte of the response.
    public var timeout: Duration
    /// The largest body that is read.
    public var maxBytes: Int
    /// What messages call the time limit, where `timeout` is only what is left of it.
    var statedTimeout: Duration?
    /// How the server is reached; nil is the machine's own way.
    var route: Route?
    /// Takes the body of a response with a 2xx status.
    var file: PartialFile?
    /// Called when the head goes out.
    public var onSend: (@Sendable () -> Void)?
    /// The action that sends it; nil for a request of the connection itself.
    public var sender: RequestSender?
    /// Remembers the URL of an action that always has the same one.
    var memo: URLMemo?

    /// A message that takes the machine's own way.
    public init(
        method: String,
        url: String,
        headers: [(String, String)],
        body: [UInt8]? = nil,
        timeout: Duration,
        maxBytes: Int,
        onSend: (@Sendable () -> Void)? = nil
    ) {
        self.method = method
        self.url = url
        self.headers = headers
        self.body = body
        self.timeout = timeout
        self.maxBytes = maxBytes
        self.onSend = onSend
    }
}

extension OutgoingRequest {
    /// The same with its response's body in memory, where it would go to a file.
    public var inMemory: OutgoingRequest {
        var request = self
        request.file = nil
        return request
    }
}

/// What came back.
public struct IncomingResponse: Sendable {
    /// The status.
    public let status: Int
    /// The reason phrase.
    public let reason: String
    /// The header fields in order.
    public let headers: [(String, String)]
    /// The body without transfer and content encoding.
    public let bytes: [UInt8]
    /// The file that has the body, complete.
    var file: PartialFile?

    /// A response; nothing of it is checked.
    public init(status: Int, reason: String, headers: [(String, String)], bytes: [UInt8]) {
        self.status = status
        self.reason = reason
        self.headers = headers
        self.bytes = bytes
    }

    /// The first value of a header.
    func header(_ name: String) -> String? {
        headers.first { $0.0.isFieldName(name) }?.1
    }
}

/// Sends requests over pooled connections: HTTP/1.1, and HTTP/2 where the server offers it over TLS.
///
/// It follows no redirect, adds no credential, and opens nothing before its first request.
public final class HTTPTransport: Sendable {
    /// The longest time to connect.
    static let connectTimeout = Duration.seconds(10)
    /// Connections to one host at the same time, unless told otherwise.
    public static let defaultConnectionsPerHost = 512
    /// Connections of one client: it looks through all that it has to a host for each request, under a lock that all requests take.
    private static let connectionsPerClient = 64
    /// Clients to a host until it turns out to be slow: to open a connection costs more than a request.
    private static let clientsAtFirst = 2

    /// What the client says of itself, unless the message says something else.
    let ownHeaders: [(String, String)]
    private let connectionsPerHost: Int
    private let threads: Int?
    private let interceptor: (any RequestInterceptor)?
    private let idleTimeout: Duration
    private let watch: RequestWatch
    private let state = Mutex(State())

    private struct State {
        /// By the proxy on the way; as many as ever were needed at the same time.
        var clients: [Route.Proxy?: [HTTPClient]] = [:]
        var group: MultiThreadedEventLoopGroup?
        var isShutDown = false
        /// By scheme, host and port.
        var gates: [Substring: HostGate] = [:]
    }

    /// A transport.
    ///
    /// - Parameters:
    ///   - userAgent: what it calls itself, `runner/VERSION`.
    ///   - connectionsPerHost: HTTP/1.1 connections to one host at the same time; at least the largest `max_concurrency`.
    ///   - threads: threads of its own; nil shares those of the process.
    ///   - idleTimeout: the longest silence of a server that has the whole request.
    ///   - interceptor: stands between it and the network.
    public init(
        userAgent: String,
        connectionsPerHost: Int = HTTPTransport.defaultConnectionsPerHost,
        threads: Int? = nil,
        idleTimeout: Duration = .seconds(60),
        interceptor: (any RequestInterceptor)? = nil
    ) {
        ownHeaders = [("User-Agent", userAgent), ("Accept-Encoding", "gzip, deflate")]
        self.connectionsPerHost = max(1, connectionsPerHost)
        self.threads = threads
        self.idleTimeout = idleTimeout
        watch = RequestWatch(patience: TimeAmount(clamping: idleTimeout))
        self.interceptor = interceptor
    }

    /// Sends a request and reads the whole response; every status is a response.
    public func send(_ request: OutgoingRequest) async throws(TransportError) -> IncomingResponse {
        guard let interceptor else { return try await exchange(request) }
        var response = try await interceptor.intercept(request) { request in
            do throws(TransportError) {
                return .success(try await self.exchange(request))
            } catch {
                return .failure(error)
            }
        }.get()
        if let file = request.file, response.file == nil, (200...299).contains(response.status) {
            file.pretend(response.bytes.count)
            response.file = file
        }
        return response
    }

    private func exchange(_ request: OutgoingRequest) async throws(TransportError) -> IncomingResponse {
        let deadline = NIODeadline.now() + TimeAmount(clamping: request.timeout)
        var headers = HTTPHeaders(request.headers)
        for (name, value) in ownHeaders where !headers.contains(name: name) { headers.add(name: name, value: value) }
        do {
            var message =
                try request.memo?.request(request.method, request.url)
                ?? HTTPClient.Request(url: request.url, method: HTTPMethod(rawValue: request.method))
            message.headers = headers
            message.body =
                try request.pieces.map { .pieces($0, on: try eventLoopGroup()) } ?? request.body.map { .bytes($0) }
            message.tlsConfiguration = request.route?.tls
            // The client would count the wait for a free connection as time to connect, and call the server unreachable.
            let pending = PendingRequest(
                message,
                for: request,
                until: deadline,
                gate: gate(for: request.url),
                watch: watch,
                transport: self
            )
            let response = try await pending.send()
            if let file = response.file { try await NIOThreadPool.singleton.runIfActive { try file.finish() } }
            return response
        } catch {
            request.file?.discard()
            throw TransportError(error, timeout: request.statedTimeout ?? request.timeout, silence: idleTimeout)
        }
    }

    /// Closes all connections.
    ///
    /// Later requests fail as cancelled.
    public func shutdown() async { await takeOpen().shutdown() }

    // A client that goes without having been shut down keeps its connections for ever.
    deinit {
        let open = takeOpen()
        if !open.isEmpty { Task { await open.shutdown() } }
    }

    /// What there is to close, once.
    private func takeOpen() -> Open {
        state.withLock { state in
            state.isShutDown = true
            defer {
                state.clients = [:]
                state.group = nil
            }
            return Open(clients: state.clients.values.flatMap(\.self), group: state.group)
        }
    }

    private struct Open: Sendable {
        let clients: [HTTPClient]
        let group: MultiThreadedEventLoopGroup?

        var isEmpty: Bool { clients.isEmpty && group == nil }

        func shutdown() async {
            // They only throw when they were shut down before, which taking them out of the state rules out.
            for client in clients { try? await client.shutdown() }
            try? await group?.shutdownGracefully()
        }
    }

    private func gate(for url: String) -> HostGate {
        // Scheme and authority end at the third slash, or at the query where there is no path.
        var slashes = 0
        let end = url.utf8.firstIndex { byte in
            if byte == UInt8(ascii: "/") { slashes += 1 }
            return slashes == 3 || byte == UInt8(ascii: "?")
        }
        let origin = url[..<(end ?? url.endIndex)]
        return state.withLock { state in
            if let gate = state.gates[origin] { return gate }
            let gate = HostGate(
                ConcurrencyLimiter(
                    limit: connectionsPerHost,
                    baySize: Self.connectionsPerClient,
                    openBays: Self.clientsAtFirst
                )
            )
            // A copy: the slice would keep the first URL of the origin.
            state.gates[Substring(String(origin))] = gate
            return gate
        }
    }

    /// Whether it sends nothing any more.
    var isShutDown: Bool { state.withLock(\.isShutDown) }

    /// The client for the connections of a bay.
    func client(_ bay: Int, through proxy: Route.Proxy?) throws(TransportError) -> HTTPClient {
        let client = state.withLock { state -> HTTPClient? in
            guard !state.isShutDown else { return nil }
            let clients = state.clients[proxy, default: []]
            if clients.count > bay { return clients[bay] }
            let new = (clients.count...bay).map { _ in
                // On one event loop: the end of a body would come from another when the server may have answered and closed the connection, for which
                // the client ends the process (AsyncHTTPClient 1.37, `releaseConnection`).
                HTTPClient(eventLoopGroup: group(&state).next(), configuration: configuration(through: proxy))
            }
            state.clients[proxy] = clients + new
            return new.last
        }
        guard let client else { throw .stopping }
        return client
    }

    private func eventLoopGroup() throws(TransportError) -> MultiThreadedEventLoopGroup {
        let group = state.withLock { state in state.isShutDown ? nil : self.group(&state) }
        guard let group else { throw .stopping }
        return group
    }

    private func group(_ state: inout State) -> MultiThreadedEventLoopGroup {
        guard let threads else { return .singleton }
        if let group = state.group { return group }
        let group = MultiThreadedEventLoopGroup(numberOfThreads: threads)
        state.group = group
        return group
    }

    private func configuration(through proxy: Route.Proxy?) -> HTTPClient.Configuration {
        var configuration = HTTPClient.Configuration()
        configuration.redirectConfiguration = .disallow
        // Nobody listens, and to ask costs each request two dynamic casts.
        configuration.tracing.tracer = nil
        // The rest is kept by the watch.
        configuration.timeout = .init(connect: TimeAmount(clamping: Self.connectTimeout))
        configuration.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = Self.connectionsPerClient
        // A refused connection is an answer; whether to try again is the recipe's `retry`.
        configuration.connectionPool.retryConnectionEstablishment = false
        configuration.proxy = proxy.map { proxy in
            .server(
                host: proxy.host,
                port: proxy.port,
                authorization: proxy.credentials.map { .basic(username: $0.username, password: $0.password) }
            )
        }
        configuration.decompression = .enabled(limit: .ratio(1_000))
        return configuration
    }
}

extension TimeAmount {
    /// The duration, or the longest time that NIO can count.
    init(clamping duration: Duration) {
        let (seconds, attoseconds) = duration.components
        // A century is as good as for ever and far from overflow.
        self =
            seconds > 3_000_000_000
            ? .seconds(3_000_000_000) : .nanoseconds(seconds * 1_000_000_000 + attoseconds / 1_000_000_000)
    }
}
