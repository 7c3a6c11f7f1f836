public import CEL
public import Schedule

/// One test of a recipe: what it is given, what the servers answer, and what must come of it (`*.test.yml`).
public struct RecipeTest: Sendable {
    /// What people call it.
    public let name: String
    /// Where it stands.
    public let place: Place
    /// The moment at which the run begins; time passes only while it waits.
    public var now = RecipeTest.defaultMoment
    /// The fire time, for a run that the recipe's first trigger starts; nil for one that a person starts.
    public var scheduledAt: Instant?
    /// When the last successful run ended; nil when there was none.
    public var lastSuccessAt: Instant?
    /// The recipe's inputs; those that are missing have their defaults.
    public var inputs: [String: Value] = [:]
    /// Environment variables that expressions read.
    public var environment: [String: String] = [:]
    /// Values of the connections' fields, by connection.
    public var connections: [String: ValueMap] = [:]
    /// What the recipe remembers; null is nothing.
    public var state = Value.null
    /// What servers answer; the first that fits and is not used up is taken.
    public var responses: [CannedResponse] = []
    /// What programs leave, by the path of the action that runs them.
    public var programs: [String: [CannedProgram]] = [:]
    /// What must come of it.
    public var expectation = TestExpectation()
    /// How its keys stand in the file; nil for a test in braces.
    public internal(set) var layout: Layout?

    /// Where the keys of a test stand: one below the other.
    public struct Layout: Sendable, Hashable {
        /// The column of its keys, from 1.
        public let column: Int
        /// The line of its first key.
        public let first: Int
        /// The line of its `responses`.
        public let responses: Int?
    }

    /// The moment of tests that name none: a Thursday, 2026-01-01T00:00:00Z.
    public static let defaultMoment = Instant(seconds: 1_767_225_600)

    init(name: String, place: Place) {
        self.name = name
        self.place = place
    }
}

/// Which requests are meant: method and URL, and the query parameters that must be among those sent.
public struct RequestPattern: Sendable {
    /// The method; nil is any.
    public var method: HTTPMethod?
    /// A path or a whole URL without its query, with `*` for any characters but `/`, and `**` for any; nil is any.
    public var url: String?
    /// Parameters of the query.
    public var query: ExpectedValue?

    /// Method and URL as people write them.
    public var text: String {
        "\(method?.token ?? "any request")\(url.map { " " + $0 } ?? "")"
    }
}

/// An answer that is written in a test.
public struct CannedResponse: Sendable {
    /// What comes instead of an answer.
    public enum Failure: String, Sendable, CaseIterable {
        /// The connection breaks.
        case network
        /// Nothing comes in time.
        case timeout
        /// The certificate is not trusted.
        case tls
    }

    /// What is sent back.
    public enum Body: Sendable {
        case none
        /// JSON, with its content type; sees `request`.
        case json(ValueTemplate)
        /// Text as it stands; sees `request`.
        case text(Template)
        /// The bytes of a file.
        case bytes([UInt8])
    }

    /// Which requests it answers.
    public var pattern = RequestPattern()
    /// It answers only requests for which this holds; sees `request`.
    public var condition: Expression?
    /// The status.
    public var status = 200
    /// Header fields.
    public var headers: ValueTemplate?
    /// The body.
    public var body = Body.none
    /// How long the server takes.
    public var delay = Duration.zero
    /// What comes instead of an answer.
    public var failure: Failure?
    /// How often it answers; nil is once while there is a later one that fits, then as often as it is asked.
    public var times: Int?
    /// A test that never asks for it has not failed.
    public var isOptional = false
    /// All tests of the file have it; one that has its own for a request does not use it for that.
    public var isShared = false
    /// Where it stands.
    public let place: Place

    init(place: Place) {
        self.place = place
    }
}

/// What a program leaves, as a test says it.
public struct CannedProgram: Sendable {
    /// The exit code.
    public var exitCode = 0
    /// Its standard output.
    public var output = ""
    /// Its standard error.
    public var errors = ""
}

/// What must come of a run.
public struct TestExpectation: Sendable {
    /// How the run ends.
    public enum Status: String, Sendable, CaseIterable {
        case succeeded, failed, cancelled, interrupted
        case timedOut = "timed_out"
    }

    /// Whether requests must be sent in the order in which they are listed.
    public enum Order: String, Sendable, CaseIterable {
        case strict, any
    }

    /// Something that is expected, and where that stands.
    public struct Wanted<Content: Sendable>: Sendable {
        /// What is expected.
        public let content: Content
        /// Where it stands.
        public let place: Place

        init(_ content: Content, _ place: Place) {
            self.content = content
            self.place = place
        }
    }

    /// How the run ends; nil is `failed` where an error is expected, else `succeeded`.
    public var status: Wanted<Status>?
    /// The output, whole.
    public var output: Wanted<ExpectedValue>?
    /// The error: its message, or members of it.
    public var error: Wanted<ExpectedValue>?
    /// The state that the run leaves, whole.
    public var state: Wanted<ExpectedValue>?
    /// All requests that are sent.
    public var requests: Wanted<[ExpectedRequest]>?
    /// Whether they are sent in that order.
    public var order = Order.strict
    /// Lines of `log`, in this order; others may stand between them.
    public var logs: Wanted<[ExpectedValue]>?
    /// What must hold; sees `output error status state requests programs logs`.
    public var checks: [Expression] = []

    /// The variables that `check` sees.
    public static let variables = ["output", "error", "status", "state", "requests", "programs", "logs"]
}

/// A request that must be sent: what is not said of it may be anything.
public struct ExpectedRequest: Sendable {
    /// Method, URL and query.
    public var pattern = RequestPattern()
    /// The path of the action that sends it.
    public var action: String?
    /// Header fields, by name.
    public var headers: ExpectedValue?
    /// The body, as JSON.
    public var json: ExpectedValue?
    /// The body, as the fields of a form.
    public var form: ExpectedValue?
    /// The parts of a multipart body, by name.
    public var multipart: ExpectedValue?
    /// The body, as text.
    public var body: ExpectedValue?
    /// How often it is sent, one after the other.
    public var times = 1
    /// Where it stands.
    public let place: Place

    init(place: Place) {
        self.place = place
    }
}
