import CEL
import Testing

@Suite struct SmokeTests {
    @Test func `adds`() throws {
        #expect(try Environment.standard.compile("1 + 2").evaluate { _ in nil } == 3)
    }
}
