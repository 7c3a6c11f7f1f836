import Testing
import YAML

@Suite struct NodeMarkTests {
    /// In each text the letter X of the value stands where the mark is expected.
    @Test(arguments: [
        "a: one X\n", "a:   one\n   two X\n", "a: one\n\n  two X\n", "a: one\n\n\n\n  two X\n", "a: é 😀 X\n",
        "a: 'it''s X'\n", "a: 'one  \n  two X'\n", "a: ' X'\n",
        "a: \"\\x41\\u00e9\\U0001F600\\n\\\" X\"\n", "a: \"\\N\\_\\L\\P X\"\n", "a: \"one \\\n  two X\"\n",
        "a: \"one\n\n  two X\"\n",
        "a: \"one\\\n\n\n  two X\"\n", "a: \"\\ \\/ X\"\n", "a: \"é😀\\té X\"\n",
        "a: |\n  one\n  two X\n", "a: |2\n    one\n   X\n", "a: |-\n\n\n  one\n   two\n\n  X\n",
        "a: |+ # why\n  one X\n\n\n",
        "a:\n  b: |\n    one\n\n      two\n    X\n", "a: >\n  one\n  two X\n",
        "a: >\n  one\n\n\n  two\n    in\n    X\n  out\n",
        "a: >-\n\n  one\n  two\n\n  X\n", "a: >1\n   one\n two\n X\n", "- |\n one\n X\n", "a: &n !!str X\n",
        "a: !!str\n  X\n",
        "a: &n # why\n  |\n  one X\n", "\u{FEFF}a: X\n", "\u{FEFF}a: |\n  é X\n", "a: one\r\n  two X\r\n",
        "a: |\r\n  one\r\n  X\r\n",
        "{a: one,\n b: [two,\n X]}\n", "X: a\n", "\"é X\": a\n", "a: >\r\n  one\r\n\r\n  two X\r\n",
        "a: |\n  one\n  \ttwo\n  X\n",
    ])
    func `finds a byte of the text in the file`(yaml: String) throws {
        let reading = read(yaml)
        #expect(reading.diagnostics.hasErrors == false)
        let node = try #require(reading.scalars.first { $0.scalar?.text.contains("X") == true })
        let text = try #require(node.scalar?.text)
        let bytes = text.utf8.prefix { $0 != UInt8(ascii: "X") }.count
        let place = try #require(yaml.utf8.firstIndex(of: UInt8(ascii: "X")))
        let expected = reading.source.mark(atByte: yaml.utf8.distance(from: yaml.startIndex, to: place))
        #expect(node.mark(atUTF8Offset: bytes, in: reading.source) == expected)
    }

    @Test func `gives the place after the last character for the end`() throws {
        let reading = read("a: \"one\"\n")
        let node = try #require(reading.scalars.last)
        #expect(node.mark(atUTF8Offset: 3, in: reading.source) == Mark(line: 1, column: 8))
        #expect(node.mark(atUTF8Offset: 99, in: reading.source) == Mark(line: 1, column: 8))
        #expect(node.mark(atUTF8Offset: -1, in: reading.source) == Mark(line: 1, column: 5))
    }

    @Test func `counts columns in scalars and neither the byte order mark nor bytes`() throws {
        let reading = read("\u{FEFF}\"😀é\": x\nb: 'y'\n")
        #expect(
            reading.scalars.map(\.span.start) == [
                Mark(line: 1, column: 1), Mark(line: 1, column: 7), Mark(line: 2, column: 1), Mark(line: 2, column: 4),
            ]
        )
    }

    @Test func `a block collection ends with its last child`() throws {
        let reading = read("a:\n  b: c\n\n# far below\n\nd: e\n")
        guard case .mapping(let entries) = reading.node?.content else { return #expect(Bool(false)) }
        #expect(entries[0].value.span.end == Mark(line: 2, column: 7))
    }
}
