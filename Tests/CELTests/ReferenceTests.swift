import CEL
import Testing

@Suite struct ReferenceTests {
    private func references(_ source: String) throws -> [Reference] {
        try Environment.standard.compile(source).references
    }

    @Test func `gives the constant part of each chain`() throws {
        let found = try references("actions.list.body[0].id + inputs['state'] + size(vars.names)")
        #expect(found.map(\.path) == [["actions", "list", "body"], ["inputs", "state"], ["vars", "names"]])
        #expect(found[0].ranges == [0..<7, 8..<12, 13..<17])
        #expect(found[1].ranges == [26..<32, 33..<40])
    }

    @Test func `knows tests and optional parts`() throws {
        let found = try references("has(a.b.c) && a.?b.c.hasValue() && a[?'x'].y.hasValue()")
        #expect(found.map(\.path) == [["a", "b", "c"], ["a", "b", "c"], ["a", "x", "y"]])
        #expect(found.map(\.isTest) == [true, false, false])
        #expect(found.map(\.optionalFrom) == [nil, 1, 1])
    }

    @Test func `leaves out local variables, types and functions`() throws {
        let found = try references(
            "items.map(i, i.title + x).filter(j, type(j) == string) + cel.bind(y, z, [y, json.parse(w)])"
        )
        #expect(found.map(\.path) == [["items"], ["x"], ["z"], ["w"]])
        #expect(try references("a[b.c].d").map(\.path) == [["a"], ["b", "c"]])
        #expect(try references(".a.exists(a, a == .a)").map(\.path) == [["a"], ["a"]])
    }
}
