import Recipe
import Testing
import YAML

/// Broken connectors, and the reports that each must give: on the right line and column, with the mend.
@Suite struct BrokenConnectorTests {
    private func reports(_ text: String) throws -> [String] {
        try TemporaryWorkspace(["connectors/api.yml": text]).load().reports.map {
            $0.replacing("connectors/api.yml:", with: "")
        }
    }

    @Test(arguments: [
        (
            "{ name: key, control_type: pasword }",
            "1:38: error: `pasword` is no control type => `password` was probably meant"
        ),
        (
            "{ name: key, control_type: Password }",
            "1:38: error: `Password` is no control type => `password` was probably meant"
        ),
        (
            "{ name: key, control_type: colour }",
            "1:38: warning: `colour` is no control type => write `control_type: password` for a secret; the usual others are `text`, `select`, `url`, `integer` and `checkbox`"
        ),
        ("{ name: key }, { name: key }", "1:34: error: there are two fields `key` => remove one, or rename it"),
        (
            "{ name: key, options: { a: b } }",
            "1:33: error: the options of a field must be a list => write `[first, second]`, or pairs of label and value: `[[First, first], [Second, second]]`"
        ),
        (
            "{ name: key, options: [[A, a], b], default: c }",
            "1:55: error: the default is none of the options => write one of `a`, `b`"
        ),
    ])
    func `what is wrong with a field is reported`(_ field: String, _ report: String) throws {
        #expect(try reports("fields: [ \(field) ]\n") == [report])
    }

    @Test func `the keys of a form's fields are known, and mean nothing here`() throws {
        let keys =
            "label: Domain, hint: h, control_type: subdomain, url: .example.com, sticky: true, toggle_hint: t, extends_schema: true"
        #expect(try reports("fields: [ { name: domain, \(keys) } ]\n") == [])
    }

    @Test func `extended fields have names of their own`() throws {
        let text = "fields: [ { name: key } ]\nextended_fields: [ { name: note }, { name: key } ]\n"
        #expect(try reports(text) == ["2:44: error: there are two fields `key` => remove one, or rename it"])
    }

    @Test(arguments: [
        ("optional: false, ngIf: \"input.way == 'long'\"", "way: long", true),
        ("optional: false, ngIf: \"input.way == 'long'\"", "way: short", false),
        ("optional: false, ngIf: \"input.way == 'long'\"", "way: { env: WAY }", false),
        ("ngIf: \"input.way == 'long'\"", "way: long", false),
        // An expression of JavaScript that CEL does not know decides nothing.
        ("optional: false, ngIf: \"input.way === 'long'\"", "way: long", false),
    ])
    func `a field under a condition must be given where that holds`(
        _ keys: String,
        _ fields: String,
        _ isMissing: Bool
    ) throws {
        let reports = try TemporaryWorkspace([
            "connectors/own.yml": "fields: [ { name: way }, { name: key, \(keys) } ]\n",
            "connections/api.yml": "connector: own\nfields: { \(fields) }\n",
        ]).load().reports
        let report =
            "connections/api.yml:2:9: error: the field `key` is missing => add `key: { env: KEY }` under `fields:`"
        #expect(reports == (isMissing ? [report] : []))
    }

    @Test(arguments: [
        ("null", "`null` is no status, text or `/pattern/`", "write a status such as `401`, or put a text in quotes"),
        ("true", "`true` is no status, text or `/pattern/`", "write a status such as `401`, or put a text in quotes"),
        ("401.5", "`401.5` is no status, text or `/pattern/`", "write a status such as `401`, or put a text in quotes"),
        (
            "''", "an empty text is no status, text or `/pattern/`",
            "write a status such as `401`, or put a text in quotes"
        ),
        ("'//'", "an empty pattern is found in every response", "write what is to be found between the slashes"),
        (
            "'/gone/g'", "a pattern has no flag but `i`",
            "write `/gone/` or `/gone/i`; others stand in it, such as `(?s)`"
        ),
        (
            "5xx", "`5xx` is no status",
            "list the statuses, or write `'/^5\\d\\d /'`, which is found in code and reason"
        ),
    ])
    func `what is no signal is reported`(_ entry: String, _ message: String, _ mend: String) throws {
        let text = """
            authorization:
              type: custom_auth
              acquire: { post: /token }
              refresh_on: [401, \(entry)]
              apply: { headers: { A: "${{ connection.token }}" } }
            """
        #expect(try reports(text) == ["4:21: error: \(message) => \(mend)"])
        let alone = text.replacing("401, ", with: "")
        #expect(try reports(alone) == ["4:16: error: \(message) => \(mend)"])
    }

    @Test(arguments: [
        (
            "test: { get: /me, post: /you }",
            "1:19: error: `test` is one request, and here are `get` and `post` => remove all but one"
        ),
        (
            "actions: { list: { post: /a, delete: /b } }",
            "1:30: error: an operation is one request, and here are `post` and `delete` => remove all but one"
        ),
    ])
    func `a second verb is reported, and does not vanish`(_ text: String, _ report: String) throws {
        #expect(try reports(text) == [report])
    }

    @Test func `the settings of a signature are checked`() throws {
        let aws = "aws_sigv4: { access_key: a, secret_access_key: b, region: c, service: d }"
        let found = try reports("authorization: { type: api_key, apply: { \(aws) } }\n")
        #expect(
            found == [
                "1:55: error: `aws_sigv4` needs the key `access_key_id` => add `access_key_id: ${{ connection.access_key_id }}`",
                "1:55: error: `aws_sigv4` has no key `access_key` => did you mean `access_key_id`?",
            ]
        )
        #expect(
            try reports("authorization: { type: api_key, apply: { digest: { user: a, password: b } } }\n").count == 2
        )
        #expect(try reports("authorization: { type: api_key, apply: { digest: { username: a } } }\n") == [])
    }

    @Test func `a credential that nothing adds is warned of`() throws {
        #expect(
            try reports("authorization: { type: basic_auth }\n") == [
                "1:24: warning: nothing adds the credential to requests => add `apply: { headers: { … } }`, or write `type: none`"
            ]
        )
    }
}
