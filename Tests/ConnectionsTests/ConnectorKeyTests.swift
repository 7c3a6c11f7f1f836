import CEL
import Connections
import Recipe
import Schedule
import Store
import Synchronization
import TestSupport
import Testing

/// The keys of a connector that decide what `connection` holds: fields, `multi`, `identity`, `base_uri`.
struct ConnectorKeyTests {
    static let choosing = """
        fields:
          - { name: auth_type, default: key, control_type: select, options: [[Key, key], [Sign in, login]] }
          - { name: base_url }
        authorization:
          type: multi
          selected: ${{ connection.auth_type }}
          options:
            key:
              type: api_key
              fields: [ { name: api_key, optional: false, control_type: password } ]
              apply: { headers: { X-Key: "${{ connection.api_key }}" } }
            login:
              type: custom_auth
              fields: [ { name: password, optional: false, control_type: password } ]
              acquire: { post: /token, form: { password: "${{ connection.password }}" } }
              refresh_on: [401]
              apply: { headers: { Authorization: "Bearer ${{ connection.access_token }}" } }
        base_uri: ${{ connection.base_url }}
        """

    @Test func `multi uses the selected option, its fields and its acquire`() async throws {
        let tokens = TokenServer()
        try await ScriptedServer.run(tokens.answer) { server in
            let fields = "fields: { auth_type: login, password: { env: SECRET }, base_url: BASE }"
            try await Rig.run(server, connector: Self.choosing, connection: "connector: api\n\(fields)") {
                (rig: Rig) async throws in
                #expect(try await rig.get().status == 200)
                #expect(server.requests.first?.body.hasPrefix("password=s3cr3t") == true)
                #expect(server.requests.last?.header("authorization") == "Bearer access-token-1")
            }
        }
    }

    @Test func `multi takes the default of the field that selects`() async throws {
        try await ScriptedServer.run { _ in
            .json("{}")
        } _: { server in
            let fields = "fields: { api_key: { env: SECRET }, base_url: BASE }"
            try await Rig.run(server, connector: Self.choosing, connection: "connector: api\n\(fields)") {
                (rig: Rig) async throws in
                _ = try await rig.get()
                #expect(server.requests.first?.header("x-key") == Rig.secret)
                #expect(server.requests.count == 1)
            }
        }
    }

    @Test(arguments: [
        ("auth_type: logon, password: x", "has no authorization `logon`", "`login` was probably meant"),
        (
            "auth_type: { env: HOW }, password: x", "decides how the connection authenticates",
            "write one of `key`, `login`"
        ),
        ("auth_type: login, api_key: x", "has no field `api_key`", "it has"),
        ("auth_type: login", "the field `password` is missing", "add `password"),
    ])
    func `multi refuses what it cannot select from`(_ fields: String, _ message: String, _ help: String) {
        let failure = loadFailure(connector: Self.choosing, connection: "connector: api\nfields: { \(fields) }")
        #expect(failure.contains(message), "\(failure)")
        #expect(failure.contains(help), "\(failure)")
    }

    @Test(arguments: [
        ("type: multi", "`multi` needs `options`"),
        ("type: multi\n  options: { a: { type: none } }", "`multi` needs `selected`"),
        ("type: multi\n  selected: a\n  options: { a: { type: multi } }", "an option cannot be `multi` itself"),
        ("type: multi\n  selected: a\n  acquire: { get: / }\n  options: { a: { type: none } }", "acquire"),
    ])
    func `multi says what it lacks`(_ authorization: String, _ message: String) {
        let failure = loadFailure(connector: "authorization:\n  \(authorization)", connection: "connector: api")
        #expect(failure.contains(message), "\(failure)")
    }

    @Test func `extended fields and groups of fields reach every expression`() async throws {
        let connector = """
            fields:
              - { name: base_url }
              - { name: advanced, type: object, properties: [ { name: tenant, default: none }, { name: pin, control_type: password } ] }
            extended_fields: [ { name: region, optional: false, ngIf: 'input.base_url == "x"' } ]
            authorization:
              type: api_key
              apply: { headers: { X-Tenant: "${{ connection.advanced.tenant }}", X-Pin: "${{ connection.advanced.pin }}" } }
            base_uri: ${{ connection.base_url }}/${{ connection.region }}/
            """
        let fields = "fields: { base_url: BASE, region: eu, advanced: { tenant: blue, pin: { env: SECRET } } }"
        try await ScriptedServer.run { _ in
            .json("{}")
        } _: { server in
            try await Rig.run(server, connector: connector, connection: "connector: api\n\(fields)") {
                (rig: Rig) async throws in
                _ = try await rig.get("me")
                #expect(server.requests.first?.path == "/eu/me")
                #expect(server.requests.first?.header("x-tenant") == "blue")
                #expect(server.requests.first?.header("x-pin") == Rig.secret)
                // A group with a password in it is a secret as a whole.
                let visible = try await rig.session.visible()
                #expect(visible["region"] == "eu")
                #expect(visible["advanced"] == nil)
                #expect(rig.redactor.redact("pin \(Rig.secret)") == "pin •••")
            }
        }
        let missing = loadFailure(connector: connector, connection: "connector: api\nfields: { advanced: { pen: x } }")
        #expect(missing.contains("the group `advanced` has no field `pen`"), "\(missing)")
    }

    @Test func `identity from the bag costs nothing, and outlives a renewal`() async throws {
        let tokens = TokenServer()
        let connector = Rig.connector(extra: "identity: ${{ connection.client_id }} at ${{ connection.token_type }}")
        try await ScriptedServer.run(tokens.answer) { server in
            try await Rig.run(server, connector: connector) { (rig: Rig) async throws in
                _ = try await rig.get()
                #expect(try await rig.session.learnAccount() == "me at Bearer")
                #expect(server.requests.count == 2)
                try await rig.session.renew()
                #expect(try await Array(rig.store.accounts().values) == ["me at Bearer"])
            }
        }
    }

    @Test(arguments: [
        ("adv: { key: { env: SECRET }, size: 7 }", Rig.secret, "7"), ("adv: { key: { env: SECRET } }", Rig.secret, "5"),
        ("adv: {}", nil, "5"), ("base_url: BASE", nil, "5"),
    ])
    func `the members of a group have their defaults`(_ fields: String, _ key: String?, _ size: String) async throws {
        let connector = """
            fields:
              - { name: base_url }
              - name: adv
                type: object
                properties: [ { name: key, control_type: password }, { name: size, default: 5 } ]
            authorization:
              type: api_key
              apply: { headers: { X-Key: "${{ connection.adv.key }}", X-Size: "${{ connection.adv.size }}" } }
            base_uri: BASE
            """
        try await ScriptedServer.run { _ in
            .json("{}")
        } _: { server in
            try await Rig.run(server, connector: connector, connection: "connector: api\nfields: { \(fields) }") {
                (rig: Rig) async throws in
                _ = try await rig.get()
                #expect(server.requests.first?.header("x-size") == size)
                #expect(server.requests.first?.header("x-key") == key)
            }
        }
    }

    @Test func `the account's name is one line, whatever the API says`() async throws {
        let tokens = TokenServer()
        let connector = Rig.connector(extra: "identity: { get: /who, output: '${{ response.body.name }}' }")
        try await ScriptedServer.run { request in
            request.path == "/who" ? .json(#"{"name":"Ada\r\nLovelace\t\u001b[31m"}"#) : await tokens.answer(request)
        } _: { server in
            try await Rig.run(server, connector: connector) { (rig: Rig) async throws in
                #expect(try await rig.session.learnAccount() == "Ada Lovelace  [31m")
            }
        }
    }

    @Test func `identity may ask the API, with apply`() async throws {
        let tokens = TokenServer()
        let connector = Rig.connector(extra: "identity: { get: /who, output: '${{ response.body.email }}' }")
        try await ScriptedServer.run { request in
            request.path == "/who" && request.header("authorization") == "Bearer access-token-1"
                ? .json(#"{"email":"ada@example.com"}"#) : await tokens.answer(request)
        } _: { server in
            try await Rig.run(server, connector: connector) { (rig: Rig) async throws in
                #expect(try await rig.session.learnAccount() == "ada@example.com")
                #expect(server.requests.map(\.path) == ["/token", "/who"])
            }
        }
    }

    @Test func `base_uri follows what acquire stored in the bag`() async throws {
        let connector = """
            fields: [ { name: login_url }, { name: key, control_type: password } ]
            public: [instance]
            authorization:
              type: custom_auth
              acquire:
                post: ${{ connection.login_url }}
                json: { key: "${{ connection.key }}" }
              refresh_on: [401]
              apply: { headers: { X-Session: "${{ connection.session }}" } }
            base_uri: ${{ connection.?instance.orValue('') }}
            """
        let fields = "fields: { login_url: BASE/login, key: { env: SECRET } }"
        try await ScriptedServer.run { request in
            guard request.path == "/login" else { return .json("{}") }
            let host = request.header("host") ?? ""
            return .json(#"{"session":"session-0001","instance":"http://\#(host)/tenant-7/"}"#)
        } _: { server in
            try await Rig.run(server, connector: connector, connection: "connector: api\n\(fields)") {
                (rig: Rig) async throws in
                _ = try await rig.get("me")
                #expect(server.requests.map(\.path) == ["/login", "/tenant-7/me"])
                #expect(try await rig.session.visible()["instance"]?.text.hasSuffix("/tenant-7/") == true)
            }
        }
    }

    @Test func `a result merges shallowly: absent keys stay, null overwrites`() async throws {
        let count = Mutex(0)
        let connector = Rig.connector(
            apply:
                "{ headers: { X-A: '${{ connection.access_token }}', X-B: '${{ connection.?b.orValue(null) }}', X-C: '${{ connection.?c.orValue(null) }}' } }"
        )
        try await ScriptedServer.run { request in
            guard request.path == "/token" else { return .json("{}") }
            let first = count.withLock { count in
                count += 1
                return count == 1
            }
            return .json(first ? #"{"access_token":"a1","b":"b1","c":"c1"}"# : #"{"access_token":"a2","c":null}"#)
        } _: { server in
            try await Rig.run(server, connector: connector) { (rig: Rig) async throws in
                _ = try await rig.get()
                try await rig.session.renew()
                _ = try await rig.get()
                let last = try #require(server.requests.last)
                #expect([last.header("x-a"), last.header("x-b"), last.header("x-c")] == ["a2", "b1", nil])
            }
        }
    }

    @Test func `apply runs again before the replay, in place of what it added before`() async throws {
        let tokens = TokenServer()
        let connector = Rig.connector(
            apply:
                "{ query: { token: '${{ connection.access_token }}' }, headers: { Authorization: 'Bearer ${{ connection.access_token }}' } }"
        )
        try await ScriptedServer.run(tokens.answer) { server in
            try await Rig.run(server, connector: connector) { (rig: Rig) async throws in
                _ = try await rig.get()
                tokens.expireAll()
                _ = try await rig.get("/me?a=1")
                let last = try #require(server.requests.last)
                #expect(last.query == "a=1&token=access-token-2")
                #expect(last.headers.count { $0.0.lowercased() == "authorization" } == 1)
            }
        }
    }

    @Test func `acquire gets base_uri and detect_on, and no apply`() async throws {
        let connector = Rig.connector(extra: "detect_on: ['/login failed/']")
        try await ScriptedServer.run { _ in
            .json(#"{"message":"login failed"}"#)
        } _: { server in
            try await Rig.run(server, connector: connector) { (rig: Rig) async throws in
                let failure = try #require(await rig.failure())
                #expect(failure.message.contains("`detect_on` looks for"), "\(failure.message)")
                #expect(server.requests.map(\.path) == ["/token"])
                #expect(server.requests[0].header("authorization") == nil)
            }
        }
    }

    @Test func `an acquire that returns nothing is a failure that says so`() async throws {
        let connector = Rig.connector().replacing("refresh_on", with: "detect_on: []\n  refresh_on")
        try await ScriptedServer.run { request in
            request.path == "/token" ? .json("null") : .json("{}")
        } _: { server in
            try await Rig.run(server, connector: connector) { (rig: Rig) async throws in
                #expect(await rig.failure()?.message.contains("`acquire` returned no map of values") == true)
            }
        }
    }

    @Test func `without acquire nothing renews, whatever the answer`() async throws {
        let connector = """
            fields: [ { name: base_url }, { name: key, control_type: password } ]
            authorization:
              type: api_key
              refresh_on: [401]
              detect_on: ['/bad key/']
              apply: { headers: { X-Key: "${{ connection.key }}" } }
            base_uri: ${{ connection.base_url }}
            """
        try await ScriptedServer.run { request in
            request.path == "/me" ? .json("{}", status: 401) : .json(#"{"error":"bad key"}"#)
        } _: { server in
            let fields = "fields: { base_url: BASE, key: { env: SECRET } }"
            try await Rig.run(server, connector: connector, connection: "connector: api\n\(fields)") {
                (rig: Rig) async throws in
                #expect(try await rig.get().status == 401)
                #expect(await rig.failure(PreparedRequest(.get, "/other"))?.status == 200)
                #expect(server.requests.count == 2)
            }
        }
    }

    private func loadFailure(connector: String, connection: String) -> String {
        do {
            _ = try Rig.load(connector: connector, connection: connection)
            return "(loaded)"
        } catch {
            return "\(error)"
        }
    }
}
