/// The sessions of the API that signs in with user and password, as older APIs do.
struct SessionLedger: Sendable {
    private let lifetime: Duration
    private var expiries: [String: Duration] = [:]

    init(lifetime: Duration) {
        self.lifetime = lifetime
    }

    mutating func open(at now: Duration) -> String {
        expiries = expiries.filter { now < $0.value }
        let id = RandomToken.make(prefix: "session")
        expiries[id] = now + lifetime
        return id
    }

    func isOpen(_ id: String, at now: Duration) -> Bool {
        expiries[id].map { now < $0 } ?? false
    }

    /// Such an API answers 200 whatever happens, and says in the body that it was an error.
    static func refusal(_ message: String) -> JSONValue {
        ["status": "error", "message": .string(message)]
    }
}
