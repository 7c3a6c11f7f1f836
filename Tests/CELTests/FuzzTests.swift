import CEL
import Foundation
import Testing

/// Random and mutated expressions: reading, checking and evaluating them never traps and keeps to the budget.
@Suite struct FuzzTests {
    /// Seconds of work; `RUNNER_FUZZ_SECONDS` asks for more.
    static let seconds = ProcessInfo.processInfo.environment["RUNNER_FUZZ_SECONDS"].flatMap(Double.init) ?? 2

    static let seeds = [
        "[1, 2, 3].map(x, x * 2).filter(y, y > 2).exists(z, z == 6)", "{'a': {'b': [1, 2u, 3.5]}}.a.?b[?1].orValue(7)",
        "cel.bind(x, 'a' + b, x.matches('^a.*$') || has(a.b.c))",
        "timestamp('2009-02-13T23:31:30.5Z') + duration('1h30m')",
        "'%s %d %.3f %x'.format(['a', 1, 2.5, b'z'])", "{'k': 1}.transformMapEntry(k, v, {v: k})",
        "math.greatest([1, 2.0, 3u]) % 2 == 1 ? r'a\\d' : b'\\377'", "ip('::ffff:c0a8:1') in [ip('10.0.0.1')]",
        "json.parse('{\"a\": [1, 2.5, null]}').a.map(x, type(x))", "cel.block([1, cel.index(0) + 1], cel.index(1))",
        "'héllo'.substring(1, 3).reverse().split('').join('-')", "regex.replace('foo bar', '(fo)o (ba)r', r'\\2 \\1')",
        "lists.range(5).sortBy(x, -x).slice(1, 3).distinct()", "url.parse('https://a.b/c?d=e#f').query.d[0]",
        "optional.of(1).optMap(x, x + 1).or(optional.none())", "-9223372036854775808 / -1 != 0x7f - 1u",
        "// note\n\"\"\"x\"\"\"",
    ]
    static let pieces = [
        "(", ")", "[", "]", "{", "}", ".", ".?", "[?", ",", ":", "?", "'", "\"", "'''", "\\", "+", "-", "!", "&&", "||",
        "==", "in ",
        "x", "a.b", "1", "1u", "1.5e3", "9223372036854775807", "true", "null", "b'\\xff'", "r'\\'", ".map(x, ",
        ".all(k, v, ",
        "size(", "string(", "dyn(", "lists.range(99999)", "\u{0}", "é", "😀", "\n", "//", "`a-b`", "cel.bind(x, ",
        "has(a.b",
    ]

    @Test func `never traps`() throws {
        var seeds = Self.seeds
        if let folder = CELConformanceTests.folder,
            let files = try? FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
        {
            for file in files where file.pathExtension == "json" {
                guard case .list(let cases)? = try? Value(json: Array(Data(contentsOf: file))) else { continue }
                seeds += cases.compactMap { $0["expr"]?.text }
            }
        }
        var random = SplitMix(seed: UInt64(seeds.count))
        let end = ContinuousClock.now + .seconds(Self.seconds)
        let limits = Limits(steps: 20_000, resultBytes: 1 << 20)
        let variables: [String: Value] = ["a": ["b": ["c": 1]], "x": [1, 2, 3], "b": "text"]
        var (count, compiled, valued) = (0, 0, 0)
        while ContinuousClock.now < end {
            count += 1
            let source = mutated(seeds[random.below(seeds.count)], &random)
            guard let program = try? Environment.standard.compile(source) else { continue }
            compiled += 1
            let issues = Environment.standard.check(
                program,
                declarations: ["a": .object, "x": .list(.int), "b": .string]
            )
            for issue in issues { #expect(issue.range.upperBound <= source.utf8.count) }
            for reference in program.references { #expect(reference.path.count == reference.ranges.count) }
            do {
                let (value, steps) = try program.measuredEvaluate({ variables[$0] }, limits: limits)
                #expect(steps <= limits.steps)
                #expect(value.json().utf8.count <= 8 * limits.resultBytes)
                valued += 1
            } catch {
                #expect(!error.message.isEmpty)
                if let range = error.range { #expect(range.upperBound <= source.utf8.count, "\(source)") }
            }
        }
        print("CEL fuzz: \(count) expressions, \(compiled) compiled, \(valued) gave a value")
        #expect(compiled > 0 && valued > 0)
    }

    private func mutated(_ seed: String, _ random: inout SplitMix) -> String {
        var bytes = Array(seed.utf8)
        for _ in 0..<(1 + random.below(4)) {
            let place = random.below(bytes.count + 1)
            switch random.below(5) {
            case 0 where place < bytes.count: bytes.remove(at: place)
            case 1 where place < bytes.count: bytes[place] = UInt8(random.below(256))
            case 2: bytes.insert(contentsOf: bytes[place..<min(bytes.count, place + random.below(20))], at: place)
            case 3: bytes.removeSubrange(place..<min(bytes.count, place + random.below(6)))
            default: bytes.insert(contentsOf: Self.pieces[random.below(Self.pieces.count)].utf8, at: place)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
