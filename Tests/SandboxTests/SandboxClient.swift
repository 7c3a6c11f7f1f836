import AsyncHTTPClient
import Foundation
import HTTPTypes
import NIOCore
import NIOHTTP1
import Sandbox

/// An answer as the tests look at it.
struct Reply: Sendable {
    let status: Int
    let headers: HTTPHeaders
    let text: String

    func header(_ name: String) -> String? {
        headers.first(name: name)
    }

    /// The text at a path of member names; nil when absent or not a text.
    func string(_ path: String...) throws -> String? {
        try member(path) as? String
    }

    /// The number at a path of member names; nil when absent or not a number.
    func int(_ path: String...) throws -> Int? {
        (try member(path) as? NSNumber)?.intValue
    }

    /// The ids of the issues on a page.
    func ids() throws -> [Int] {
        (try member(["data"]) as? [[String: Any]] ?? []).compactMap { ($0["id"] as? NSNumber)?.intValue }
    }

    private func member(_ path: [String]) throws -> Any? {
        let whole: Any = try JSONSerialization.jsonObject(with: Data(text.utf8))
        return path.reduce(whole) { value, name in (value as? [String: Any])?[name] as Any }
    }
}

/// Sends requests to one running sandbox.
struct SandboxClient: Sendable {
    let sandbox: Sandbox
    let address: Sandbox.Address

    static let basic = "Basic " + Data("demo-client:demo-secret".utf8).base64EncodedString()

    func send(
        _ method: String,
        _ target: String,
        headers: [(String, String)] = [],
        body: String? = nil
    ) async throws -> Reply {
        let url = target.hasPrefix("http") ? target : address.baseURL + target
        var request = HTTPClientRequest(url: url)
        request.method = HTTPMethod(rawValue: method)
        request.headers = HTTPHeaders(headers)
        if let body { request.body = .bytes(ByteBuffer(string: body)) }
        let response = try await HTTPClient.shared.execute(request, timeout: .minutes(2))
        let bytes = try await response.body.collect(upTo: 1 << 24)
        return Reply(status: Int(response.status.code), headers: response.headers, text: String(buffer: bytes))
    }

    func get(_ target: String, token: String? = nil) async throws -> Reply {
        try await send("GET", target, headers: token.map { [("Authorization", "Bearer \($0)")] } ?? [])
    }

    func post(form: String, to path: String = "/oauth/token", basic: String? = basic) async throws -> Reply {
        var headers = [("Content-Type", "application/x-www-form-urlencoded")]
        if let basic { headers.append(("Authorization", basic)) }
        return try await send("POST", path, headers: headers, body: form)
    }

    func post(json: String, to path: String, token: String, key: String? = nil) async throws -> Reply {
        var headers = [("Content-Type", "application/json"), ("Authorization", "Bearer \(token)")]
        if let key { headers.append(("Idempotency-Key", key)) }
        return try await send("POST", path, headers: headers, body: json)
    }

    /// A fresh access token and refresh token.
    func tokens() async throws -> (access: String, refresh: String) {
        let reply = try await post(form: "grant_type=client_credentials")
        guard let access = try reply.string("access_token"), let refresh = try reply.string("refresh_token") else {
            throw UnexpectedReply(text: reply.text)
        }
        return (access, refresh)
    }
}

struct UnexpectedReply: Error {
    let text: String
}

/// Runs a sandbox on a free port for the length of a test.
func withSandbox(
    _ configuration: SandboxConfiguration = SandboxConfiguration(),
    clock: some Clock<Duration> = ContinuousClock(),
    _ test: @escaping @Sendable (SandboxClient) async throws -> Void
) async throws {
    let sandbox = Sandbox(configuration, clock: clock)
    try await sandbox.serve { address in
        try await test(SandboxClient(sandbox: sandbox, address: address))
    }
}
