import AsyncHTTPClient
import CEL
import Connections
import Foundation
import Logging
import NIOCore
import NIOHTTP1
import NIOHTTPCompression
import Recipe
import Schedule
import Store

// Measures what connections cost: `swift run -c release ConnectionsBenchmark`.
//
// Each figure is the best of several rounds. CPU is that of the whole process, the answering server's share too; it is the same on both sides of a difference.

func processorTime() -> Duration {
    var time = timespec()
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
    return .seconds(time.tv_sec) + .nanoseconds(time.tv_nsec)
}

func show(_ name: String, _ duration: Duration) {
    let padding = String(repeating: " ", count: max(1, 64 - name.count))
    print("\(name)\(padding)\(((duration / .nanoseconds(1)) / 1_000 * 100).rounded() / 100) µs")
}

// MARK: An authorized request

let server = try await FixedServer.start()
let directory = NSTemporaryDirectory() + "runner-benchmark-\(UUID())"
try FileManager.default.createDirectory(atPath: directory + "/connections", withIntermediateDirectories: true)
try Data(
    """
    connector: oauth2_client_credentials
    fields: { token_url: \(server.baseURL)/token, base_url: "\(server.baseURL)", client_id: me, client_secret: { env: SECRET } }
    """.utf8
).write(to: URL(fileURLWithPath: directory + "/connections/api.yml"))
let workspace = WorkspaceLoader(root: directory, systemZone: .utc).load()
try FileManager.default.removeItem(atPath: directory)
guard let connection = workspace.connections["api"] else { fatalError("\(workspace.diagnostics)") }

let manager = ConnectionManager(
    store: try SQLiteStore.inMemory(),
    node: NodeID(),
    transport: HTTPTransport(userAgent: "runner/benchmark"),
    secrets: SecretResolver(environment: ["SECRET": "the-secret-of-the-benchmark"], workspaceRoot: "/"),
    redactor: Redactor(),
    environment: [:],
    logger: Logger(label: "benchmark") { _ in SwiftLogNoOpLogHandler() }
)
let session = manager.session(for: connection)
// With the limits that the transport sets as well: they are what anybody would ask of a client.
var configuration = HTTPClient.Configuration(timeout: .init(connect: .seconds(10), read: .seconds(60)))
configuration.decompression = .enabled(limit: .ratio(1_000))
let client = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
let url = server.baseURL + "/me"

func bare() async throws {
    var request = HTTPClientRequest(url: url)
    request.headers.add(name: "Authorization", value: "Bearer a-token-of-the-benchmark")
    request.headers.add(name: "Accept", value: "application/json")
    let response = try await client.execute(request, timeout: .seconds(30))
    let body = try await response.body.collect(upTo: 1 << 20)
    precondition(body.readableBytes > 0)
}

func authorized() async throws {
    let response = try await session.send(PreparedRequest(.get, "/me"))
    precondition(response.status == 200)
}

let transport = HTTPTransport(userAgent: "runner/benchmark")
func transported() async throws {
    let headers = [("Authorization", "Bearer a-token-of-the-benchmark"), ("Accept", "application/json")]
    let request = OutgoingRequest(method: "GET", url: url, headers: headers, timeout: .seconds(30), maxBytes: 1 << 20)
    let response = try await transport.send(request)
    precondition(response.status == 200)
}

func direct() async throws {
    let response = try await manager.directSession.send(PreparedRequest(.get, url))
    precondition(response.status == 200)
}

/// The processor time of one request, the best of several rounds of many.
func cost(_ rounds: Int, _ count: Int, _ bodies: [() async throws -> Void]) async throws -> [Duration] {
    var best = [Duration](repeating: .seconds(3600), count: bodies.count)
    // By turns, so that what else the machine does meets all of them.
    for _ in 0..<rounds {
        for (number, body) in bodies.enumerated() {
            let start = processorTime()
            for _ in 0..<count { try await body() }
            best[number] = min(best[number], (processorTime() - start) / count)
        }
    }
    return best
}

let costs = try await cost(9, 4_000, [bare, transported, direct, authorized])
show("CPU of a bare AsyncHTTPClient request", costs[0])
show("CPU of one through the transport alone", costs[1])
show("CPU of one without a connection", costs[2])
show("CPU of an authorized request", costs[3])
show("overhead of an authorized request (aim: under 15)", costs[3] - costs[0])
try await client.shutdown().get()
await manager.shutdown()
await transport.shutdown()
try await server.stop()

// MARK: Redaction

func random(_ length: Int) -> String {
    let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")
    return String((0..<length).map { _ in alphabet.randomElement() ?? "a" })
}
let secrets = (0..<1_000).map { _ in random(40) }
let redactor = Redactor()
for secret in secrets { redactor.add(secret) }

func text(_ parts: [String]) -> String {
    var text = ""
    var number = 0
    while text.utf8.count < 65_536 {
        text +=
            #"{"id":\#(number),"title":"\#(parts[number % parts.count])","state":"open","user":{"login":"someone"}},"#
        number += 1
    }
    return String(text.prefix(65_536))
}

for (name, text) in [
    ("redacting 64 KiB of JSON with 1,000 known secrets (aim: under 1000)", text(["Issue of somebody, not secret"])),
    ("the same of random texts of 40 characters", text((0..<997).map { _ in random(40) })),
    ("the same with a secret every 100 bytes", text(secrets)),
] {
    var best = Duration.seconds(3600)
    for _ in 0..<50 {
        let start = ContinuousClock.now
        let redacted = redactor.redact(text)
        best = min(best, start.duration(to: .now))
        precondition(!redacted.contains(secrets[0]))
    }
    show(name, best)
}
