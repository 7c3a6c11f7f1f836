import CEL
import YAML

/// Reads what `type: oauth2` has beside the keys of every authorization: the person's part, and the standard requests.
struct OAuth2KeyReader {
    let file: FileReader

    func read(_ reader: inout MappingReader, into result: inout Authorization) {
        let clientID = reader.takeNonNull("client_id").flatMap { file.template($0, as: "`client_id`") }
        let clientSecret = reader.takeNonNull("client_secret").flatMap { file.template($0, as: "`client_secret`") }
        result.signIn = signIn(&reader, clientID)
        guard let node = reader.takeNonNull("token_url"), let url = file.template(node, as: "`token_url`") else {
            return checkComplete(result, reader)
        }
        let client: [(key: String, value: ValueTemplate)] = [
            ("client_id", clientID.map(ValueTemplate.template) ?? .literal(.null)),
            ("client_secret", clientSecret.map(ValueTemplate.template) ?? .literal(.null)),
        ]
        func text(_ expression: String) -> ValueTemplate {
            .template(file.templates.template("${{ \(expression) }}", node: node))
        }
        if result.acquire == nil, result.signIn != nil {
            result.acquire = request(
                to: url,
                [
                    ("grant_type", .literal("authorization_code")), ("code", text("grant.code")),
                    ("redirect_uri", text("grant.redirect_uri")), ("code_verifier", text("grant.verifier")),
                ] + client
            )
        }
        if result.refresh == nil {
            result.refresh = request(
                to: url,
                [("grant_type", .literal("refresh_token")), ("refresh_token", text("connection.refresh_token"))]
                    + client
            )
        }
    }

    /// The form that RFC 6749 sections 4.1.3 and 6 ask for.
    private func request(to url: Template, _ form: [(key: String, value: ValueTemplate)]) -> Exchange {
        var action = HTTPAction(method: .post, url: url)
        action.headers = .map([("Accept", .literal("application/json"))])
        action.body = .form(.map(form))
        return Exchange(steps: [Exchange.Step(id: nil, request: action, output: nil)])
    }

    private func signIn(_ reader: inout MappingReader, _ clientID: Template?) -> SignIn? {
        let query = file.members(reader.takeNonNull("authorization_query"), as: "`authorization_query`")
        let usesPKCE = reader.bool("pkce")?.value ?? true
        let redirectURI = reader.takeNonNull("redirect_uri").flatMap { file.template($0, as: "`redirect_uri`") }
        if let node = reader.takeNonNull("device") {
            return AuthorizationReader(file: file).exchange(node, as: "`device`")?.steps.first.map(SignIn.device)
        }
        guard
            let url = reader.takeNonNull("authorization_url").flatMap({ file.template($0, as: "`authorization_url`") })
        else { return nil }
        var entries = clientID.map { [(key: "client_id", value: ValueTemplate.template($0))] } ?? []
        if case .map(let given)? = query { entries += given }
        // One expression that gives the whole map stands by itself.
        let whole: ValueTemplate? = if case .template? = query { query } else { .map(entries) }
        return .browser(BrowserSignIn(url: url, query: whole, usesPKCE: usesPKCE, redirectURI: redirectURI))
    }

    private func checkComplete(_ result: Authorization, _ reader: MappingReader) {
        guard result.signIn != nil, result.acquire == nil,
            let entry = reader.entries.first(where: { $0.name == "type" })
        else { return }
        file.diagnostics.report(
            "authorization.token-url",
            "a person can sign in, but nothing says how the token is gained after that",
            at: entry.key.span,
            help: "add `token_url:`, or `acquire:`, which sees what came of it as `grant`"
        )
    }
}
