import Testing
import YAML

/// What must hold for any bytes.
@Suite struct ParserPropertyTests {
    private static let seeds = [
        "a: 1\nb: [x, {y: z}]\nc: |\n  text\n  more\nd: >-\n  folded\n  text\n",
        "# top\ntrigger:\n  cron: \"*/5 * * * *\"\nactions:\n  - id: list\n    get: /x\n    query: { a: \"${{ b }}\" }\n",
        "x: &a [1, 2]\ny: *a\nz: !!str 'it''s'\n\"k\\u00e9y\": \"\\x41\\n\\\n  b\"\n",
        "- - - a\n  - b\n- ? c\n  : d\n- é😀: \"\u{FEFF}\"\n",
        "%YAML 1.2\n---\na:\n\tb\n...\n", "{{ x }}: ${{ y # z }}\n\u{2028}\u{85}",
    ]

    @Test func `never traps on mutated files`() {
        var random = SeededGenerator(state: 7)
        for round in 0..<6_000 {
            var bytes = Array(Self.seeds[round % Self.seeds.count].utf8)
            for _ in 0..<Int.random(in: 1...6, using: &random) { mutate(&bytes, &random) }
            check(bytes)
        }
    }

    @Test func `never traps on random bytes`() {
        var random = SeededGenerator(state: 11)
        let signs = Array("{}[],:-?|>&*!%@`'\"#\\ \n\t\rab0~<$.é".utf8)
        for _ in 0..<6_000 {
            let isAny = Int.random(in: 0..<4, using: &random) == 0
            check(
                (0..<Int.random(in: 0...40, using: &random)).map { _ in
                    isAny
                        ? UInt8.random(in: 0...255, using: &random)
                        : signs[Int.random(in: 0..<signs.count, using: &random)]
                }
            )
        }
    }

    @Test func `bounds what deep and repeating files cost`() {
        let deep = read(String(repeating: "[", count: 50_000))
        #expect(deep.node == nil && deep.diagnostics.hasErrors)
        var laughs = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
        for level in 1...9 {
            let items = Array(repeating: "*a\(level - 1)", count: 10).joined(separator: ", ")
            laughs += "a\(level): &a\(level) [\(items)]\n"
        }
        #expect(read(laughs).diagnostics.sorted.first?.code == "yaml.too-many-nodes")
    }

    private func mutate(_ bytes: inout [UInt8], _ random: inout SeededGenerator) {
        guard !bytes.isEmpty else { return bytes.append(UInt8.random(in: 0...255, using: &random)) }
        let place = Int.random(in: 0..<bytes.count, using: &random)
        switch Int.random(in: 0..<4, using: &random) {
        case 0: bytes.remove(at: place)
        case 1: bytes.insert(bytes[Int.random(in: 0..<bytes.count, using: &random)], at: place)
        case 2: bytes[place] = UInt8.random(in: 0...255, using: &random)
        default: bytes.swapAt(place, Int.random(in: 0..<bytes.count, using: &random))
        }
    }

    private func check(_ bytes: [UInt8]) {
        let reading = read(Source(path: "f.yml", bytes: bytes))
        let source = reading.source
        for diagnostic in reading.diagnostics.all {
            let isPlaced = diagnostic.span.map { isInside($0.start, source) } ?? true
            #expect(isPlaced, "\(diagnostic) \(bytes)")
            #expect(!diagnostic.rendered(in: source, colour: true).isEmpty)
        }
        #expect(reading.node != nil || reading.diagnostics.hasErrors || isBlank(source.text), "\(bytes)")
        for node in reading.scalars {
            guard let scalar = node.scalar else { continue }
            let (first, last) = (node.mark(atUTF8Offset: 0, in: source), node.mark(atUTF8Offset: .max, in: source))
            #expect(isInside(first, source) && isInside(last, source) && first <= last, "\(scalar) \(bytes)")
            #expect(isInside(node.span.start, source) && node.span.start <= node.span.end)
        }
        for node in reading.scalars where node.scalar?.style == .plain && node.scalar?.text.isEmpty == false {
            let mark = node.mark(atUTF8Offset: 0, in: source)
            let line = source.line(mark.line).map { Array($0.unicodeScalars) } ?? []
            let found = line.indices.contains(mark.column - 1) ? line[mark.column - 1] : nil
            #expect(found == node.scalar?.text.unicodeScalars.first, "\(mark) \(String(reflecting: source.text))")
        }
    }

    private func isInside(_ mark: Mark, _ source: Source) -> Bool {
        guard mark.line >= 1, mark.column >= 1 else { return false }
        guard let line = source.line(mark.line) else { return source.line(mark.line - 1) != nil }
        return mark.column <= line.unicodeScalars.count + 1
    }

    /// Nothing but comments, markers and white space: what an empty document may consist of.
    private func isBlank(_ text: String) -> Bool {
        let lines = text.split { $0.isNewline }
        return lines.allSatisfy { line in
            let content = line.drop { $0.isWhitespace || $0 == "\u{FEFF}" }
            return content.isEmpty || "#-.!&%".contains(content.first ?? "#")
        }
    }
}
