import CEL
import Recipe

/// What `apply` gives for one request.
struct Additions: Sendable {
    var headers: [(String, String)] = []
    var query: [(String, String)] = []
    var body: ValueMap = [:]
    var signature: RequestSignature?

    /// Evaluates `apply`.
    ///
    /// Throws an `ExpressionError`.
    init(_ apply: Apply, scope: Scope, memory: DigestMemory) throws(ExpressionError) {
        headers = try PreparedRequest.headers(apply.headers, in: scope)
        query = PreparedRequest.pairs(try apply.query?.evaluate(in: scope))
        if case .map(let members) = try apply.body?.evaluate(in: scope) {
            for entry in members where !entry.value.isNull { body[entry.key] = entry.value }
        }
        if let signature = apply.signature {
            self.signature = try RequestSignature(signature, scope: scope, memory: memory)
        }
    }

    /// Adds the query, in place of parameters of the same names.
    func apply(to target: inout Target) {
        guard !query.isEmpty else { return }
        for (name, _) in query { target.removeQuery(named: name) }
        target.add(query)
    }

    /// Adds the headers, in place of those of the same names.
    func apply(to headers: inout [(String, String)]) {
        guard !self.headers.isEmpty else { return }
        if !headers.isEmpty {
            headers.removeAll { header in self.headers.contains { $0.0.isFieldName(header.0) } }
        }
        headers += self.headers
    }

    /// Adds the members to a JSON or form body; a request without a body gets a JSON one.
    func apply(to body: PreparedBody, of method: HTTPMethod) -> PreparedBody {
        guard !self.body.isEmpty else { return body }
        switch body {
        case .none where method == .get || method == .head:
            return body
        case .none:
            return .json(.map(self.body))
        case .json(.map(let members)):
            var merged = members
            for entry in self.body { merged[entry.key] = entry.value }
            return .json(.map(merged))
        case .form(let pairs):
            let added = PreparedRequest.pairs(.map(self.body))
            let names = Set(added.map(\.0))
            return .form(pairs.filter { !names.contains($0.0) } + added)
        case .multipart(var form):
            form.add(PreparedRequest.pairs(.map(self.body)))
            return .multipart(form)
        case .json, .text:
            return body
        }
    }
}
