/// The one client that the sandbox knows, and how it proves who it is.
enum DemoClient {
    static let id = "demo-client"
    static let secret = "demo-secret"

    /// Checks the credentials that a request to the token endpoint carries, by header or by body (RFC 6749 section 2.3.1).
    static func authenticate(header: String?, form: FormFields) throws(OAuthError) {
        let presented: (id: String?, secret: String?)
        if let header {
            // RFC 6749 section 2.3: a client must not use two ways in one request.
            if form["client_secret"] != nil {
                throw OAuthError(.invalidRequest, "the client's secret is in the header and in the body: send one")
            }
            guard let basic = BasicCredentials(header: header) else {
                throw OAuthError(.invalidClient, "the Authorization header is not Basic credentials")
            }
            // Id and secret are form-encoded before they become Basic credentials.
            presented = (FormEncoding.decode(basic.user[...]), FormEncoding.decode(basic.password[...]))
        } else {
            presented = (form["client_id"], form["client_secret"])
        }
        guard presented.id == id, presented.secret == secret else {
            throw OAuthError(.invalidClient, "the client is not known, or its secret is wrong")
        }
    }
}
