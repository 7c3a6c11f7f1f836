import Crypto
import Schedule

/// AWS Signature Version 4 ("Signing AWS API requests" in the IAM user guide), for requests whose headers are complete.
struct AWSSignature: Sendable {
    let accessKeyID: String
    let secretAccessKey: String
    /// Of temporary credentials.
    let sessionToken: String?
    let region: String
    let service: String

    /// Adds the headers that sign a request.
    ///
    /// All headers that are there are signed; later ones are not.
    func sign(
        _ headers: inout [(String, String)],
        method: String,
        target: Target,
        body: [UInt8],
        now: Instant
    ) {
        let moment = Self.basicFormat(now)
        let payload = SHA256.hash(data: body).hexadecimal
        headers.removeAll { Self.ownHeaders.contains($0.0.lowercased()) }
        headers.append(("X-Amz-Date", moment))
        if let sessionToken { headers.append(("X-Amz-Security-Token", sessionToken)) }
        // Only S3 asks for it, and signs paths as they are.
        if service == "s3" { headers.append(("X-Amz-Content-SHA256", payload)) }
        let signed = Self.canonical(headers + [("host", target.origin.hostAndPort)])
        let names = signed.map(\.name).joined(separator: ";")
        let request = [
            method,
            service == "s3" ? target.path : Self.canonicalPath(target.path),
            Self.canonicalQuery(target.query ?? ""),
            signed.map { "\($0.name):\($0.value)\n" }.joined(),
            names,
            payload,
        ].joined(separator: "\n")
        let scope = "\(moment.prefix(8))/\(region)/\(service)/aws4_request"
        let text = [
            "AWS4-HMAC-SHA256", moment, scope, SHA256.hash(data: Array(request.utf8)).hexadecimal,
        ].joined(separator: "\n")
        let signature = code(text, key: signingKey(moment.prefix(8))).hexadecimal
        headers.append(
            (
                "Authorization",
                "AWS4-HMAC-SHA256 Credential=\(accessKeyID)/\(scope), SignedHeaders=\(names), Signature=\(signature)"
            )
        )
    }

    private static let ownHeaders: Set<String> = [
        "authorization", "x-amz-date", "x-amz-security-token", "x-amz-content-sha256",
    ]
    /// What proxies and the client change after signing.
    private static let unsigned: Set<String> = [
        "expect", "transfer-encoding", "user-agent", "x-amzn-trace-id", "accept-encoding", "connection",
    ]

    private func signingKey(_ day: Substring) -> [UInt8] {
        [region, service, "aws4_request"].reduce(code(String(day), key: Array("AWS4\(secretAccessKey)".utf8))) {
            code($1, key: $0)
        }
    }

    private func code(_ text: String, key: [UInt8]) -> [UInt8] {
        Array(HMAC<SHA256>.authenticationCode(for: Array(text.utf8), using: SymmetricKey(data: key)))
    }

    /// `20260131T235959Z`.
    private static func basicFormat(_ now: Instant) -> String {
        Instant(seconds: now.wholeSeconds).rfc3339().filter { $0 != "-" && $0 != ":" }
    }

    /// Names in lower case and in order, each once; runs of white space in values are one space.
    private static func canonical(_ headers: [(String, String)]) -> [(name: String, value: String)] {
        var values: [String: [String]] = [:]
        for (name, value) in headers where !unsigned.contains(name.lowercased()) {
            let words = value.split { $0 == " " || $0 == "\t" }
            values[name.lowercased(), default: []].append(words.joined(separator: " "))
        }
        return values.keys.sorted().map { ($0, values[$0, default: []].joined(separator: ",")) }
    }

    /// The path without empty and dot segments, its percent-encoding encoded once more.
    private static func canonicalPath(_ path: String) -> String {
        var kept: [Substring] = []
        for segment in path.split(separator: "/") where segment != "." {
            if segment == ".." { _ = kept.popLast() } else { kept.append(segment) }
        }
        guard !kept.isEmpty else { return "/" }
        let tail = path.hasSuffix("/") ? "/" : ""
        return "/" + kept.map { PercentEncoding.component(String($0)) }.joined(separator: "/") + tail
    }

    /// Parameters in the order of their encoded names, then values.
    private static func canonicalQuery(_ query: String) -> String {
        query.split(separator: "&").map { part -> (String, String) in
            let pair = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            return (PercentEncoding.strict(pair[0]), pair.count > 1 ? PercentEncoding.strict(pair[1]) : "")
        }
        .sorted { $0 < $1 }
        .map { "\($0)=\($1)" }
        .joined(separator: "&")
    }
}
