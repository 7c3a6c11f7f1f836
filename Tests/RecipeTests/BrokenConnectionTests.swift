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
            "connectors/path.yml":
                "fields: [ { name: token, control_type: password } ]\nbase_uri: https://x.example/bot${{ connection.token }}\n",
            "connections/f.yml": "connector: path\nfields: { token: hunter-2 }\n",
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

    @Test(arguments: ["connections/api.yml", "connectors/api.yml"], ["", "# later\n"])
    func `a file in which nothing is gets a report`(_ path: String, _ text: String) throws {
        let reports = try TemporaryWorkspace([path: text]).load().reports
        #expect(reports.count == 1)
        #expect(reports.first?.hasPrefix("\(path):1:1: error: the file is empty => ") == true, "\(reports)")
    }

    @Test(arguments: [
        ("certs/client.key", nil), ("\"-----BEGIN PRIVATE KEY-----\\nAAAA\"", "2:32"),
    ])
    func `the name of a key's file is no secret`(_ key: String, _ place: String?) throws {
        let text = "connector: mtls\nfields: { certificate: c, key: \(key), base_url: https://x.example/ }\n"
        let warning =
            "warning: the secret `key` is written into the file => write `{ env: KEY }`, `{ file: … }` or `{ command: […] }`"
        #expect(
            try TemporaryWorkspace(["connections/api.yml": text]).load().reports
                == (place.map { ["connections/api.yml:\($0): \(warning)"] } ?? [])
        )
    }

    @Test(arguments: ["connection", "connector"])
    func `two files of one name are reported`(_ what: String) throws {
        let text = what == "connection" ? "connector: none\n" : "base_uri: https://x.example/\n"
        let files = ["\(what)s/api.yml": text, "\(what)s/api.yaml": text]
        let reports = try TemporaryWorkspace(files).load().reports
        #expect(reports.count == 1)
        let ways = [("yml", "yaml"), ("yaml", "yml")].map { second, first in
            "\(what)s/api.\(second): error: the \(what) `api` is in \(what)s/api.\(first) already => remove one of the files, or rename it"
        }
        #expect(ways.contains(reports.first ?? ""), "\(reports)")
    }

    @Test(arguments: [
        ("{ token: { command: [] } }", "3:29", "the command is empty", "write `command: [program, argument]`"),
        (
            "{ token: {} }", "3:18", "nothing says where the value comes from",
            "write the value, `{ env: NAME }`, `{ file: PATH }`, `{ command: [program] }` or `{ credential: NAME }`"
        ),
        (
            "{ token: }", "3:9", "the field `token` is missing",
            "add `token: { env: TOKEN }` under `fields:` (The API's access token)"
        ),
    ])
    func `a field that gets no value is reported`(
        _ fields: String,
        _ place: String,
        _ message: String,
        _ mend: String
    ) throws {
        let text = "connector: bearer\nbase_uri: https://api.example.com/\nfields: \(fields)\n"
        #expect(
            try TemporaryWorkspace(["connections/api.yml": text]).load().reports == [
                "connections/api.yml:\(place): error: \(message) => \(mend)"
            ]
        )
    }

    @Test func `an expression in a field's value is reported, as nothing evaluates it`() throws {
        let text = "connector: none\nfields: { base_url: \"https://${{ env.HOST }}/\" }\n"
        #expect(
            try TemporaryWorkspace(["connections/api.yml": text]).load().reports == [
                "connections/api.yml:2:21: error: the value of a field is taken as it stands here; `${{ … }}` in it would not be evaluated => write `{ env: NAME }`, or `{ literal: … }` if it is really meant so"
            ]
        )
        let meant = "connector: none\nfields: { base_url: { literal: \"https://${{ x }}/\" } }\n"
        #expect(try TemporaryWorkspace(["connections/api.yml": meant]).load().reports == [])
    }

    @Test(arguments: [
        ("client_id: me", "client_secret"),
        ("client_id: me, client_authentication: client_secret_post", "client_secret"),
        ("client_id: me, client_authentication: private_key_jwt", "private_key"),
        ("client_id: me, client_secret: { env: S }", nil), ("client_id: me, client_authentication: none", nil),
        ("client_id: me, client_authentication: private_key_jwt, private_key: { env: K }", nil),
        // What a variable says is known when it runs.
        ("client_id: me, client_authentication: { env: WAY }", nil),
    ])
    func `what the way to authenticate needs is asked for when the file is read`(_ fields: String, _ missing: String?)
        throws
    {
        let text =
            "connector: oauth2_client_credentials\nfields: { token_url: /token, base_url: https://x.example/, \(fields) }\n"
        let reports = try TemporaryWorkspace(["connections/api.yml": text]).load().reports
        #expect(reports.count == (missing == nil ? 0 : 1), "\(reports)")
        guard let missing else { return }
        #expect(reports[0].contains(":2:9: error: the field `\(missing)` is missing => add `\(missing): { env: "))
    }

    @Test(arguments: [
        ("connector: none\nfields: { base_url: https://x.example/v1 }\n", "2:21"),
        ("connector: none\nfields: { base_url: https://x.example/v1/ }\n", nil),
        ("connector: none\nfields: { base_url: https://x.example }\n", nil),
        ("connector: none\nfields: { base_url: { env: URL } }\n", nil),
        ("connector: none\nbase_uri: https://x.example/v1\n", "2:11"),
    ])
    func `a base path without its slash is warned of`(_ text: String, _ place: String?) throws {
        let reports = try TemporaryWorkspace(["connections/api.yml": text]).load().reports
        let warning =
            "warning: relative URLs replace the last part of a base path that does not end with `/` (RFC 3986) => write `https://x.example/v1/` and relative URLs without a leading `/`"
        #expect(reports == (place.map { ["connections/api.yml:\($0): \(warning)"] } ?? []))
    }

    @Test(arguments: ["10", "10/", "/s", "0/s", "ten/s", "10/fortnight", "-1/s", "10/0s"])
    func `what is no rate is reported`(_ rate: String) throws {
        #expect(
            try reports("rate_limit: \"\(rate)\"") == [
                "connections/api.yml:3:13: error: `\(rate)` is no rate => write requests and time, for example `10/s` or `600/m`"
            ]
        )
    }

    @Test(arguments: [("10", "`10` is no rate"), ("[10, s]", "this is no rate")])
    func `what is no text is no rate either`(_ rate: String, _ message: String) throws {
        #expect(
            try reports("rate_limit: \(rate)") == [
                "connections/api.yml:3:13: error: \(message) => write requests and time, for example `10/s` or `600/m`"
            ]
        )
    }
}
