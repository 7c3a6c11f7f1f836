import CEL

/// Measures the expression language on one core: `swift run -c release CELBenchmark`.
///
/// Each figure is the best of several rounds, per operation; the aims are those of the project's notes on speed.
func measure(_ name: String, _ count: Int, _ body: () throws -> Void) rethrows {
    var best = Duration.seconds(3600)
    for _ in 0..<7 {
        let start = ContinuousClock.now
        for _ in 0..<count { try body() }
        best = min(best, start.duration(to: .now) / count)
    }
    let nanoseconds = best / .nanoseconds(1)
    let padding = String(repeating: " ", count: max(1, 44 - name.count))
    print("\(name)\(padding)\(nanoseconds.rounded()) ns")
}

let environment = Environment.standard
let issues = Value.list(
    (0..<1000).map { number in
        [
            "id": .int(Int64(number)), "title": .string("Issue number \(number)"), "state": "open",
            "priority": .int(Int64(number % 5)), "user": ["login": "someone", "id": 7], "labels": ["bug", "urgent"],
        ]
    }
)
let variables: [String: Value] = [
    "issues": issues,
    "actions": ["list": ["body": ["data": "found"], "status": 200]],
    "inputs": ["state": "open", "name": "World"],
]
func lookup(_ name: String) -> Value? { variables[name] }

let sixty = "actions.list.status == 200 && size(inputs.name) > 3 ? 'a' : 'b'"
try measure("parse 63 characters", 2000) { _ = try environment.compile(sixty) }
let actions = variables["actions"]
let inputs = variables["inputs"]
for (name, source) in [
    ("field access, three levels", "actions.list.body.data"),
    ("condition of 63 characters", sixty),
] {
    let program = try environment.compile(source)
    try measure(name, 20000) { _ = try program.evaluate { $0 == "actions" ? actions : inputs } }
}
for (name, source) in [
    ("filter 1,000 objects", "issues.filter(i, i.priority > 2)"),
    ("filter and map 1,000 objects", "issues.filter(i, i.priority > 2).map(i, i.title)"),
    ("map 1,000 objects to objects", "issues.map(i, {'title': i.title, 'user': i.user.login})"),
    ("exists in 1,000 objects, none", "issues.exists(i, i.state == 'closed')"),
    ("build a text of 1,000 parts", "issues.map(i, i.title + ' is ' + i.state).join(', ')"),
    ("match 1,000 texts", "issues.filter(i, i.title.matches('^Issue .*9$'))"),
] {
    let program = try environment.compile(source)
    try measure(name, 50) { _ = try program.evaluate(lookup) }
}
let hello = try environment.compile("'Hello, ' + inputs.name + '!'")
try measure("build a short text", 20000) { _ = try hello.evaluate(lookup) }
let json = Array(issues.json().utf8)
try measure("read \(json.count) bytes of JSON", 20) { _ = try Value(json: json) }
measure("write \(json.count) bytes of JSON", 20) { _ = issues.json() }

// What must end soon.
func attempt(_ source: String) {
    do { _ = try environment.compile(source).evaluate(lookup) } catch {}
}
func doubling(_ start: String, _ step: String, _ count: Int) -> String {
    (0..<count).reduce(start) { source, _ in "cel.bind(x, \(source), \(step))" }
}
let shared = doubling("[0]", "[x, x, x, x, x, x, x, x]", 20)
let nested = (0..<8).map { "[1,2,3].map(x\($0), " }.joined() + "1" + String(repeating: ")", count: 8)
let endless = "lists.range(100000).all(x, lists.range(100000).all(y, x != y + 200000))"
for (name, source) in [
    ("limit: nested maps", nested), ("limit: all pairs", endless), ("limit: shared lists", shared),
    ("limit: equal shared lists", "cel.bind(y, \(shared), y == y)"),
    ("limit: shared lists as JSON", "json.format(\(shared))"),
    ("limit: doubled text", doubling("'aaaaaaaaaaaaaaaa'", "x + x", 30)),
    ("limit: (a+)+$ on 50 kB", "'\(String(repeating: "a", count: 50_000))!'.matches('(a+)+$')"),
] {
    measure(name, 1) { attempt(source) }
}
