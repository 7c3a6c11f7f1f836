import CEL
import Recipe

/// What is computed from a request when it is otherwise complete.
enum RequestSignature: Sendable {
    case aws(AWSSignature)
    case digest(DigestCredentials, DigestMemory)

    /// Evaluates the settings of a signature.
    ///
    /// Throws an `ExpressionError`, also where a setting is missing.
    init(_ signature: Apply.Signature, scope: Scope, memory: DigestMemory) throws(ExpressionError) {
        let settings = try signature.settings.evaluate(in: scope)
        func optional(_ name: String) -> String? {
            guard let value = settings[name], !value.isNull, !value.text.isEmpty else { return nil }
            return value.text
        }
        func required(_ name: String) throws(ExpressionError) -> String {
            if let text = optional(name) { return text }
            throw ExpressionError(
                message: "the signature needs `\(name)`",
                place: signature.settings.expressions.first?.place
            )
        }
        switch signature {
        case .awsSigV4:
            self = .aws(
                AWSSignature(
                    accessKeyID: try required("access_key_id"),
                    secretAccessKey: try required("secret_access_key"),
                    sessionToken: optional("session_token"),
                    region: try required("region"),
                    service: try required("service")
                )
            )
        case .digest:
            let credentials = DigestCredentials(
                username: try required("username"),
                password: optional("password") ?? ""
            )
            self = .digest(credentials, memory)
        }
    }
}
