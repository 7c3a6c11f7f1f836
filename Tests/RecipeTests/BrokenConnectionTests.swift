import Recipe
import Testing
import YAML

/// Broken connections, and the reports that each must give: on the right line and column, with the mend.
@Suite struct BrokenConnectionTests {
    private func reports(_ lines: String) throws -> [String] {
        let text = "connector: none\nbase_uri: https://api.example.com/\n\(lines)\n"
        return try TemporaryWorkspace(["connections/api.yml": text]).load().reports
    }

    @Test(arguments: [
        ("files.example.com", "it has no scheme", "write `https://files.example.com`"),
        ("files.example.com:8443", "it has no scheme", "write `https://files.example.com:8443`"),
        ("//files.example.com", "it has no scheme", "write `https://files.example.com`"),
        ("127.0.0.1:8080", "it has no scheme", "write `https://127.0.0.1:8080`"),
        ("localhost:8080/v1", "it has no scheme", "write `https://localhost:8080`"),
        ("https://files.example.com/v1/", "it ends in a path", "write `https://files.example.com`"),
        ("http://files.example.com:80?x=1", "it ends in a query", "write `http://files.example.com:80`"),
        ("https://files.example.com#top", "it ends in a fragment", "write `https://files.example.com`"),
        ("ftp://files.example.com", "`ftp` is neither `https` nor `http`", "write `https://files.example.com`"),
        ("htps://files.example.com", "`htps` is neither `https` nor `http`", "write `https://files.example.com`"),
        ("https://", "it has no host", "write it as `https://host` or `https://host:port`"),
        ("https:files.example.com", "it has no host", "write it as `https://host` or `https://host:port`"),
        ("https://:443", "it has no host", "write it as `https://host` or `https://host:port`"),
        ("https://me@files.example.com", "it names a user", "write `https://files.example.com`"),
        (
            "https://files.example.com:0", "`0` is no port from 1 to 65535",
            "write `https://files.example.com`, with `:port` if it is not the usual one"
        ),
        (
            "https://files.example.com:70000", "`70000` is no port from 1 to 65535",
            "write `https://files.example.com`, with `:port` if it is not the usual one"
        ),
        (
            "https://*.example.com", "`*.example.com` is no host: a host has letters, digits, `-`, `_` and `.`",
            "name each host, without `*`; one outside ASCII as `xn--…`"
        ),
        (
            "https://bücher.example", "`bücher.example` is no host: a host has letters, digits, `-`, `_` and `.`",
            "name each host, without `*`; one outside ASCII as `xn--…`"
        ),
        ("8443", "it has no scheme", "write it as `https://host` or `https://host:port`"),
        ("", "it is empty", "write it as `https://host` or `https://host:port`"),
        (
            "${{ connection.base_url }}", "it must stand here itself, not as an expression",
            "write it as `https://host` or `https://host:port`"
        ),
    ])
    func `what is no origin is reported, and does not vanish`(_ entry: String, _ reason: String, _ mend: String) throws
    {
        #expect(
            try reports("allowed_origins: [https://fine.example.com, \"\(entry)\"]") == [
                "connections/api.yml:3:45: error: `\(entry)` is no origin: \(reason) => \(mend)"
            ]
        )
    }

    @Test func `an entry that is no text is reported, beside the others`() throws {
        #expect(
            try reports("allowed_origins:\n  - { host: files.example.com }\n  - ~\n  - far.example.com\n") == [
                "connections/api.yml:4:5: error: an entry of `allowed_origins` must be text",
                "connections/api.yml:5:5: error: `~` is no origin: it has no scheme => write it as `https://host` or `https://host:port`",
                "connections/api.yml:6:5: error: `far.example.com` is no origin: it has no scheme => write `https://far.example.com`",
            ]
        )
    }

    @Test func `origins are read as they are meant`() throws {
        let entries =
            "[https://a.example, HTTPS://B.example/, \"http://127.0.0.1:8080\", \"https://[2001:db8::1]:8443\", https://under_score.example]"
        let text = "connector: none\nallowed_origins: \(entries)\n"
        let workspace = try TemporaryWorkspace(["connections/api.yml": text]).load()
        #expect(workspace.reports == [])
        #expect(
            workspace.connections["api"]?.allowedOrigins == [
                "https://a.example", "https://b.example", "http://127.0.0.1:8080", "https://[2001:db8::1]:8443",
                "https://under_score.example",
            ]
        )
    }

    @Test func `no report shows a secret that stands in the file`() throws {
        let connector =
            "fields: [ { name: token, control_type: password }, { name: pin, control_type: password, options: [a] } ]\n"
        let workspace = try TemporaryWorkspace([
            "connectors/own.yml": connector,
            "connections/a.yml": "{ connector: own, fields: { token: hunter-2 }, base_url: x }\n",
            "connections/b.yml":
                "connector: own\nfields: { token: { literal: hunter-2 }, tokem: hunter-2, pin: hunter-2 }\n",
            "connections/c.yml": "{ connector: owm, fields: { token: hunter-2, deep: { a: [ hunter-2 ] } } }\n",
            "connections/d.yml": "connector: own\nfields: { token: { env: T, default: hunter-2, x: 1 } }\n",
            "e.yml":
                "inputs: { t: { type: string, secret: true, default: hunter-2, x: 1 } }\nactions: [ { log: a } ]\n",
        ]).load()
        #expect(workspace.diagnostics.count >= 10)
        for diagnostic in workspace.diagnostics {
            let text = diagnostic.rendered(in: workspace.sources[diagnostic.path], colour: false)
            #expect(!text.contains("hunter"), "\(text)")
        }
    }

    @Test(arguments: ["10", "10/", "/s", "0/s", "ten/s", "10/fortnight", "-1/s", "10/0s"])
    func `what is no rate is reported`(_ rate: String) throws {
        #expect(
            try reports("rate_limit: \"\(rate)\"") == [
                "connections/api.yml:3:13: error: `\(rate)` is no rate => write requests and time, for example `10/s` or `600/m`"
            ]
        )
    }
}
