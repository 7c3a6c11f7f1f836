import CEL
import Connections
import Foundation
import Logging
import Recipe
import Schedule
import Store

// Measures what connections cost: `swift run -c release ConnectionsBenchmark`, or one kind of request alone, for a profiler: `… ConnectionsBenchmark authorized`.
//
// `… ConnectionsBenchmark loop URL [REQUESTS [SENDERS]]` says how many requests a second AsyncHTTPClient does alone against a server, for example the one of a
// benchmark of runs.
//
// Each figure is the best of several rounds. CPU is that of the whole process, the answering server's share too; it is the same on both sides of a difference.

func show(_ name: String, _ duration: Duration) {
    let padding = String(repeating: " ", count: max(1, 64 - name.count))
    print("\(name)\(padding)\(((duration / .nanoseconds(1)) / 1_000 * 100).rounded() / 100) µs")
}

// MARK: The yardstick alone

let arguments = CommandLine.arguments.dropFirst()
if arguments.first == "loop" {
    let words = Array(arguments.dropFirst())
    guard let url = words.first, let requests = Int(words.count > 1 ? words[1] : "20000"),
        let senders = Int(words.count > 2 ? words[2] : "64"), requests > 0, senders > 0
    else {
        FileHandle.standardError.write(Data("usage: ConnectionsBenchmark loop URL [REQUESTS [SENDERS]]\n".utf8))
        exit(2)
    }
    do {
        let rates = try await BareLoop(url: url, requests: requests, senders: senders).measure()
        print("\(url): \(rates.map(String.init).joined(separator: ", ")) requests/s")
        exit(0)
    } catch {
        FileHandle.standardError.write(Data("\(url): \(error)\n".utf8))
        exit(1)
    }
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
let requests = RequestBenchmark(manager: manager, connection: connection, baseURL: server.baseURL)
let costs = try await requests.measure(arguments.first)
for kind in RequestBenchmark.Kind.allCases {
    if let cost = costs[kind] { show("CPU of \(kind.rawValue)", cost) }
}
if let bare = costs[.bare], let authorized = costs[.authorized] {
    show("overhead of an authorized request (aim: under 15)", authorized - bare)
}
try await requests.shutdown()
await manager.shutdown()
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
