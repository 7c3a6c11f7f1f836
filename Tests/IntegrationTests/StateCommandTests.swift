import CEL
import Foundation
import Testing

@Suite(.timeLimit(.minutes(2))) struct StateCommandTests {
    @Test func `state is shown, set, rewound and moved`() async throws {
        let recipe = "inputs: { n: { type: integer } }\nactions:\n  - log: hello\nstate: { n: \"${{ inputs.n }}\" }\n"
        let directory = try TemporaryDirectory(["count.yml": recipe])
        let program = Program(in: directory.path)
        func get(_ name: String = "count") async throws -> Value { try await program.run("state", "get", name).json }
        #expect(try await get() == .null)
        for number in 1...3 {
            #expect(try await program.run("once", "count.yml", "--input", "n=\(number)").status == 0)
        }
        #expect(try await get() == ["n": 3])
        #expect(try await program.run("state", "rewind", "count").status == 0)
        #expect(try await get() == ["n": 2])
        let listed = try await program.run("state", "rewind", "count", "--list", "--json").json.items
        #expect(listed.map { $0["state"]?["n"] } == [3, 2, 1])
        #expect(listed.map { $0["current"] } == [false, true, false])
        #expect(try await program.run("state", "rewind", "count", "--to", listed[2]["run"]?.string ?? "").status == 0)
        #expect(try await get() == ["n": 1])
        #expect(try await program.run("state", "set", "count", "{\"n\": 7}").status == 0)
        #expect(try await get() == ["n": 7])
        let wrong = try await program.run("state", "set", "count", "{n: 7}")
        #expect(wrong.status == 2)
        #expect(
            wrong.errors.contains("the state is no JSON: line 1, column 2: expected a key in double quotes"),
            "\(wrong.errors)"
        )

        try directory.write(recipe, to: "renamed.yml")
        try FileManager.default.removeItem(atPath: directory.path + "/count.yml")
        #expect(try await program.run("state", "move", "count", "renamed").status == 0)
        #expect(try await get("renamed") == ["n": 7])
        let typo = try await program.run("state", "get", "renamde")
        #expect(typo.status == 2)
        #expect(typo.errors.contains("`renamed` was probably meant"))
    }

    @Test func `a run that is going refuses a change`() async throws {
        let directory = try TemporaryDirectory(["slow.yml": "actions:\n  - wait: 60s\nstate: { n: 1 }\n"])
        let program = Program(in: directory.path)
        let process = try await program.start(["once", "slow.yml"])
        #expect(
            try await eventually { try await !program.run("runs", "--status", "running", "--json").json.items.isEmpty }
        )
        let refused = try await program.run("state", "set", "slow", "5")
        #expect(refused.status == 2)
        #expect(refused.errors.contains("is going"))
        #expect(try await program.run("state", "set", "slow", "5", "--force").status == 0)
        process.send(SIGTERM)
        #expect(try await process.outcome().status == 130)
        #expect(try await program.run("state", "get", "slow").json == 5)
    }
}
