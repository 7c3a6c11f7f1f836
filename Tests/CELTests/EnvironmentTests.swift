import CEL
import Synchronization
import Testing

@Suite struct EnvironmentTests {
    @Test func `calls functions of its user, also qualified ones`() throws {
        var environment = Environment.standard
        environment.register(
            Function(
                "text.shout",
                Overload([.string], .string) { arguments throws(EvaluationError) in
                    guard case .string(let text) = arguments[0] else { return .null }
                    return .string(text.uppercased() + "!")
                }
            )
        )
        #expect(try environment.compile("text.shout('a') + text.shout(b)").evaluate(["b": "c"]) == "A!C!")
        environment.container = "text"
        #expect(try environment.compile("shout('a')").evaluate([:]) == "A!")
    }

    @Test func `never folds what is not pure`() throws {
        let count = Mutex(0)
        let shared = Counter(count: count)
        var environment = Environment.standard
        environment.register(
            Function("now", isPure: false, Overload([], .int) { _ throws(EvaluationError) in .int(shared.next()) })
        )
        let program = try environment.compile("now() + 0")
        #expect(try program.evaluate([:]) == 1)
        #expect(try program.evaluate([:]) == 2)
        #expect(program.constant == nil)
        #expect(!program.isPure)
        #expect(try !environment.compile("[1].map(i, i + now())").isPure)
        #expect(try environment.compile("[1].map(i, i + x)").isPure)
        #expect(try environment.compile("1 + 2 * size('abc')").constant == 7)
    }

    private final class Counter: Sendable {
        private let count: Mutex<Int>
        init(count: consuming Mutex<Int>) { self.count = count }
        func next() -> Int64 {
            count.withLock {
                $0 += 1; return Int64($0)
            }
        }
    }

    @Test func `places errors`() throws {
        for (source, range) in [
            ("1 + a.b", 6..<7), ("'x' + [1, 2][a.c]", 6..<17), ("1 + size(a.c)", 4..<8), ("a.c / 0 + 1", 0..<7),
            ("nope + 1", 0..<4),
        ] {
            do {
                _ = try evaluate(source, ["a": ["c": 5]])
                Issue.record("\(source) has a value")
            } catch let error as EvaluationError {
                #expect(error.range == range, "\(source): \(error.message)")
            }
        }
    }

    @Test func `is asked once for each variable`() throws {
        let program = try Environment.standard.compile("[1, 2, 3].map(x, x + y + y) == z")
        var asked: [String] = []
        _ = try program.evaluate { name in
            asked.append(name)
            return name == "y" ? 1 : [3, 4, 5]
        }
        #expect(asked == ["y", "z"])
    }

    @Test func `may be used from many tasks at once`() async throws {
        let program = try Environment.standard.compile(
            "items.filter(i, i > n).map(i, string(i) + text).join(',').matches('^.*' + text + '$')"
        )
        await withTaskGroup(of: Bool.self) { group in
            for number in 0..<50 {
                group.addTask {
                    (try? program.evaluate(["items": [1, 2, 3], "n": 1, "text": .string("t\(number)")])) == true
                }
            }
            for await holds in group { #expect(holds) }
        }
    }

    @Test func `says how it reads as text`() {
        let table: [(Value, String)] = [
            (.null, ""), (true, "true"), (3, "3"), (.double(3), "3.0"), ("a", "a"), ([1, "a"], #"[1,"a"]"#),
            (["a": .null], #"{"a":null}"#),
            (.bytes([1]), "AQ=="), (.none, ""), (.some(1), "1"),
            (.duration(CELDuration(nanoseconds: 90_500_000_000)), "90.5s"),
            (Timestamp(seconds: 0).map(Value.timestamp) ?? .null, "1970-01-01T00:00:00Z"),
        ]
        for (value, text) in table { #expect(value.text == text) }
        #expect(MemoryLayout<Value>.size <= 24)
    }
}
