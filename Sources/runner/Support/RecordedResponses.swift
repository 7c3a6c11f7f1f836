import CEL
import Connections
import Engine
import Recipe

/// Answers of real servers as a test file has them: without secrets, and without what only the network needs.
struct RecordedResponses {
    /// The entries of `responses`.
    private(set) var entries: [Value] = []
    /// Bodies that are no text, by the names of the files that they go to.
    private(set) var files: [(name: String, bytes: [UInt8])] = []

    /// - Parameter base: how the names of files begin.
    init(_ exchanges: [ResponseRecorder.Exchange], _ redactor: Redactor, base: String) {
        for exchange in exchanges { add(exchange, redactor, base) }
    }

    /// The lines of the key `responses`.
    var lines: [String] {
        entries.isEmpty ? ["responses: []"] : ["responses:"] + YAMLText.lines(.list(entries)).map { "  " + $0 }
    }

    private mutating func add(_ exchange: ResponseRecorder.Exchange, _ redactor: Redactor, _ base: String) {
        let request = exchange.request
        var entry: ValueMap = [request.method.lowercased(): .string(redactor.redact(request.path))]
        // A credential in the query is another one in a test.
        let query = request.query.filter { redactor.redact($0.1) == $0.1 }
        if !query.isEmpty { entry["query"] = .map(ValueMap(fields: query)) }
        switch exchange.result {
        case .failure(let error):
            entry["error"] = .string(error.kind == .timeout ? "timeout" : error.kind == .tls ? "tls" : "network")
        case .success(let response):
            if response.status != 200 { entry["status"] = .int(Int64(response.status)) }
            let isJSON = add(body: response, to: &entry, redactor, base)
            let headers = response.headers.filter { name, _ in
                let name = name.lowercased()
                return !Self.noise.contains(name) && !(isJSON && name == "content-type")
            }
            if !headers.isEmpty {
                entry["headers"] = .map(ValueMap(fields: headers.map { ($0.0, redactor.redact($0.1)) }))
            }
        }
        entries.append(.map(entry))
    }

    /// Whether the body is written as JSON, which says its content type.
    private mutating func add(
        body response: IncomingResponse,
        to entry: inout ValueMap,
        _ redactor: Redactor,
        _ base: String
    ) -> Bool {
        guard !response.bytes.isEmpty else { return false }
        guard let text = String(validating: response.bytes, as: UTF8.self), !response.bytes.contains(0) else {
            let name = "\(base).\(files.count + 1).bin"
            files.append((name, response.bytes))
            entry["file"] = .string(name)
            return false
        }
        let type = response.headers.first { $0.0.lowercased() == "content-type" }?.1.prefix { $0 != ";" } ?? ""
        if type == "application/json", let value = try? Value(json: response.bytes) {
            entry["json"] = redactor.redact(value)
            return true
        }
        entry["body"] = .string(redactor.redact(text))
        return false
    }

    /// Headers that say nothing to a recipe, or that are credentials.
    private static let noise: Set<String> = [
        "connection", "keep-alive", "transfer-encoding", "content-length", "content-encoding", "date", "server", "via",
        "vary", "set-cookie", "strict-transport-security", "alt-svc", "age", "report-to", "nel", "x-request-id",
        "x-powered-by", "cf-ray", "cf-cache-status", "content-security-policy", "x-content-type-options",
        "x-frame-options", "x-xss-protection", "referrer-policy", "cache-control", "pragma", "expires",
    ]
}
