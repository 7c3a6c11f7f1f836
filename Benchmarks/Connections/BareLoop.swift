import AsyncHTTPClient
import NIOCore
import NIOHTTP1

/// What AsyncHTTPClient does alone against a given server, without recipe, token and history: a yardstick for runs and for `foreach`, taken in the same minute.
struct BareLoop {
    /// What is asked for, by GET.
    let url: String
    /// Requests of one round.
    let requests: Int
    /// So many send at once, each on its own connection.
    let senders: Int

    /// Requests a second, of each of several rounds.
    func measure(rounds: Int = 5) async throws -> [Int] {
        var configuration = HTTPClient.Configuration(timeout: .init(connect: .seconds(10), read: .seconds(60)))
        configuration.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = senders
        let client = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
        var rates: [Int] = []
        do {
            for _ in 0..<rounds {
                let start = ContinuousClock.now
                try await round(client)
                rates.append(Int(Double(requests) / (start.duration(to: .now) / .seconds(1))))
            }
        } catch {
            try await client.shutdown().get()
            throw error
        }
        try await client.shutdown().get()
        return rates
    }

    private func round(_ client: HTTPClient) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for sender in 0..<senders {
                let count = requests / senders + (sender < requests % senders ? 1 : 0)
                group.addTask {
                    for _ in 0..<count {
                        var request = HTTPClientRequest(url: url)
                        request.headers.add(name: "Authorization", value: "Bearer a-token-of-the-benchmark")
                        let response = try await client.execute(request, timeout: .seconds(30))
                        _ = try await response.body.collect(upTo: 1 << 20)
                        precondition(response.status == .ok, "\(url) answers \(response.status)")
                    }
                }
            }
            try await group.waitForAll()
        }
    }
}
