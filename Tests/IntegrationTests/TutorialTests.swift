import CEL
import Foundation
import Sandbox
import Testing

/// The tutorial of `docs/connections.md`, typed in block by block: files are written as it says, and commands must print what it shows.
@Suite(.timeLimit(.minutes(3))) struct TutorialTests {
    /// A block of code.
    private struct Block {
        let language: String
        let lines: [Substring]
    }

    /// Where the page says that the sandbox is.
    private static let address = "http://127.0.0.1:8643"

    private static let blocks: [Block] = {
        let page = URL(fileURLWithPath: #filePath)
            .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
            .appendingPathComponent("docs/connections.md")
        guard let text = try? String(contentsOf: page, encoding: .utf8),
            let start = text.range(of: "\n## Tutorial")
        else { return [] }
        let rest = text[start.upperBound...]
        let section = rest[..<(rest.range(of: "\n## ")?.lowerBound ?? rest.endIndex)]
        var blocks: [Block] = []
        var open: (language: String, lines: [Substring])?
        for line in section.split(separator: "\n", omittingEmptySubsequences: false) {
            if line.hasPrefix("```") {
                if let block = open {
                    blocks.append(Block(language: block.language, lines: block.lines))
                    open = nil
                } else {
                    open = (String(line.dropFirst(3)), [])
                }
            } else {
                open?.lines.append(line)
            }
        }
        return blocks
    }()

    @Test func `every block does what the page says`() async throws {
        #expect(Self.blocks.count { $0.language == "yaml" } >= 10)
        #expect(Self.blocks.count { $0.language == "console" } >= 8)
        let directory = try TemporaryDirectory(["runner.yml": ""])
        try await Sandbox().serve { address in
            var program = Program(in: directory.path)
            for block in Self.blocks {
                switch block.language {
                case "yaml": try Self.write(block, to: directory, address)
                case "console": try await Self.type(block, &program, address)
                default: Issue.record("a block of `\(block.language)` cannot be tried")
                }
            }
        }
    }

    /// A file, or what goes on at the end of one: its first line says which.
    private static func write(_ block: Block, to directory: TemporaryDirectory, _ address: Sandbox.Address) throws {
        let title = try #require(block.lines.first).dropFirst(2)
        let name = try #require(title.split(separator: ",").first.map(String.init))
        try #require(name.hasSuffix(".yml"), "the block `\(title)` does not say to which file it belongs")
        let added = block.lines.dropFirst().joined(separator: "\n").replacing(Self.address, with: address.baseURL)
        let path = directory.path + "/" + name
        let before = title.hasSuffix(", goes on") ? try String(contentsOfFile: path, encoding: .utf8) : ""
        try directory.write(before + added + "\n", to: name)
    }

    /// Commands after `$`, each with what it prints; `…` stands for what differs from time to time.
    private static func type(_ block: Block, _ program: inout Program, _ address: Sandbox.Address) async throws {
        var rest = block.lines[...]
        while let line = rest.popFirst() {
            try #require(line.hasPrefix("$ "), "`\(line)` is no command")
            var expected: [Substring] = []
            while let next = rest.first, !next.hasPrefix("$ ") {
                expected.append(next)
                rest = rest.dropFirst()
            }
            let words = line.dropFirst(2).split(separator: " ").map(String.init)
            switch words[0] {
            case "export":
                for word in words.dropFirst() {
                    let pair = word.split(separator: "=", maxSplits: 1).map(String.init)
                    program.environment[pair[0]] = pair[1]
                }
            case "runner" where words[1] == "sandbox": break
            case "runner":
                let outcome = try await program.start(Array(words.dropFirst())).outcome()
                let printed = (outcome.output + outcome.errors).replacing(address.baseURL, with: Self.address)
                    .replacing("127.0.0.1:\(address.port)", with: "127.0.0.1:8643")
                let lines = printed.split(separator: "\n", omittingEmptySubsequences: false)
                let shown = lines.last == "" ? lines.dropLast() : lines
                #expect(
                    shown.count == expected.count && zip(shown, expected).allSatisfy(matches),
                    "\(line)\nprinted:\n\(shown.joined(separator: "\n"))"
                )
            default: Issue.record("`\(line)` cannot be tried")
            }
        }
    }

    private static func matches(_ line: Substring, _ pattern: Substring) -> Bool {
        let parts = pattern.split(separator: "…", omittingEmptySubsequences: false)
        guard parts.count > 1 else { return trimmed(line) == trimmed(pattern) }
        var rest = line
        for (number, part) in parts.enumerated() {
            if number == 0 {
                guard rest.hasPrefix(part) else { return false }
                rest = rest.dropFirst(part.count)
            } else if number == parts.count - 1 {
                return part.isEmpty || rest.hasSuffix(part)
            } else {
                guard let found = rest.range(of: part) else { return false }
                rest = rest[found.upperBound...]
            }
        }
        return true
    }

    private static func trimmed(_ line: Substring) -> String {
        line.trimmingCharacters(in: .whitespaces)
    }
}
