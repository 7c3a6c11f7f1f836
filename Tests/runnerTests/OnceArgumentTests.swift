import ArgumentParser
import Testing

@testable import runner

@Suite struct OnceArgumentTests {
    @Test func `a plain command line means what the parser makes of it`() throws {
        let plain = try #require(Once.plain(["once", "a.yml"]))
        let parsed = try #require(try Runner.parseAsRoot(["once", "a.yml"]) as? Once)
        #expect(plain.file == parsed.file)
        #expect(plain.inputs.input == parsed.inputs.input)
        #expect(plain.inputs.inputFile == parsed.inputs.inputFile)
        #expect(plain.ephemeral == parsed.ephemeral)
        #expect(plain.noState == parsed.noState)
        #expect(plain.place.workspace == parsed.place.workspace)
        #expect(plain.place.store == parsed.place.store)
    }

    @Test(arguments: [["once"], ["once", "--help"], ["once", "a.yml", "--no-state"], ["validate", "a.yml"], []])
    func `anything else is left to the parser`(arguments: [String]) {
        #expect(Once.plain(arguments).map { _ in true } == nil)
    }
}
