import AsyncHTTPClient
import Connections
import Foundation
import NIOCore
import NIOHTTP1
import NIOHTTPCompression
import Recipe

/// Sends the same request in several ways, by turns.
///
/// On no actor: what is measured would go to it and back at each step.
struct RequestBenchmark {
    enum Kind: String, CaseIterable {
        case bare = "a bare AsyncHTTPClient request"
        case transported = "one through the transport alone"
        case direct = "one without a connection"
        case authorized = "an authorized request"
    }

    /// So many send at once: threads then have work, and do not sleep between two steps of a request.
    ///
    /// What a lone request costs is mostly the waking of threads, and differs by 30 µs with the cores on which they happen to be. Fewer than
    /// the eight connections that a bare client opens to a host by itself, so that none waits there.
    private static let senders = 4

    private let client: HTTPClient
    private let transport = HTTPTransport(userAgent: "runner/benchmark")
    private let session: ConnectionSession
    private let directSession: ConnectionSession
    private let url: String

    init(manager: ConnectionManager, connection: Connection, baseURL: String) {
        // With the limits that the transport sets as well: they are what anybody would ask of a client.
        var configuration = HTTPClient.Configuration(timeout: .init(connect: .seconds(10), read: .seconds(60)))
        configuration.decompression = .enabled(limit: .ratio(1_000))
        client = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
        session = manager.session(for: connection)
        directSession = manager.directSession
        url = baseURL + "/me"
    }

    /// The processor time of one request, the best of several rounds of many; a name alone measures that kind, and longer.
    func measure(_ name: String?) async throws -> [Kind: Duration] {
        let kinds = Kind.allCases.filter { name == nil || "\($0)" == name }
        var best = [Kind: Duration]()
        // By turns, so that what else the machine does meets all of them.
        for _ in 0..<25 {
            for kind in kinds {
                let count = 2_000
                let start = Self.processorTime()
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for _ in 0..<Self.senders {
                        group.addTask { for _ in 0..<count / Self.senders { try await send(kind) } }
                    }
                    try await group.waitForAll()
                }
                let cost = (Self.processorTime() - start) / count
                best[kind] = min(best[kind] ?? cost, cost)
            }
        }
        return best
    }

    func shutdown() async throws {
        try await client.shutdown().get()
        await transport.shutdown()
    }

    private func send(_ kind: Kind) async throws {
        switch kind {
        case .bare:
            var request = HTTPClientRequest(url: url)
            request.headers.add(name: "Authorization", value: "Bearer a-token-of-the-benchmark")
            request.headers.add(name: "Accept", value: "application/json")
            let response = try await client.execute(request, timeout: .seconds(30))
            let body = Array(try await response.body.collect(upTo: 1 << 20).readableBytesView)
            precondition(response.status == .ok && !body.isEmpty)
        case .transported:
            let headers = [("Authorization", "Bearer a-token-of-the-benchmark"), ("Accept", "application/json")]
            let request = OutgoingRequest(
                method: "GET",
                url: url,
                headers: headers,
                timeout: .seconds(30),
                maxBytes: 1 << 20
            )
            let response = try await transport.send(request)
            precondition(response.status == 200)
        case .direct:
            let response = try await directSession.send(PreparedRequest(.get, url))
            precondition(response.status == 200)
        case .authorized:
            let response = try await session.send(PreparedRequest(.get, "/me"))
            precondition(response.status == 200)
        }
    }

    private static func processorTime() -> Duration {
        var time = timespec()
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
        return .seconds(time.tv_sec) + .nanoseconds(time.tv_nsec)
    }
}
