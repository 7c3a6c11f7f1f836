import CEL
import Testing

@testable import Connections

struct LinkHeaderTests {
    struct Case: Sendable {
        let fields: [String]
        let target: String?
    }

    static let cases: [Case] = [
        Case(fields: ["<https://a.example/2>; rel=\"next\""], target: "https://a.example/2"),
        Case(fields: ["<https://a.example/2>;rel=next"], target: "https://a.example/2"),
        Case(
            fields: ["<https://a.example/1>; rel=prev, <https://a.example/3>; rel=next"],
            target: "https://a.example/3"
        ),
        Case(
            fields: ["<https://a.example/1>; rel=prev", "<https://a.example/3>; rel=next"],
            target: "https://a.example/3"
        ),
        Case(fields: ["<https://a.example/9>; rel=\"last next\""], target: "https://a.example/9"),
        Case(fields: ["<https://a.example/2>; REL=\"NEXT\""], target: "https://a.example/2"),
        // Quoted text may hold what else ends a parameter or a link.
        Case(
            fields: ["<https://a.example/1>; title=\"a, \\\"b\\\"; rel=next <x>\"; rel=prev, </2>; title=x; rel=next"],
            target: "https://a.example/2"
        ),
        // A comma inside the target.
        Case(fields: ["<https://a.example/2?ids=1,2;3>; rel=next"], target: "https://a.example/2?ids=1,2;3"),
        // Relative to where the response came from.
        Case(fields: ["<?page=2>; rel=next"], target: "https://a.example/v1/items?page=2"),
        Case(fields: ["<more>; rel=next"], target: "https://a.example/v1/more"),
        Case(fields: ["<//b.example/x>; rel=next"], target: "https://b.example/x"),
        // Of another resource.
        Case(fields: ["</2>; rel=next; anchor=\"#part\""], target: nil),
        // Only the first `rel` counts.
        Case(fields: ["</2>; rel=prev; rel=next"], target: nil),
        Case(fields: ["</2>; rev=next"], target: nil),
        Case(fields: ["</2> rel=next", "", "<", "</3>; rel", "</4>; rel=\"next"], target: "https://a.example/4"),
        Case(fields: [], target: nil),
        Case(fields: ["</2>; rel=nextpage"], target: nil),
    ]

    @Test(arguments: cases) func `finds the next page`(_ row: Case) {
        let response = Response(
            status: 200,
            reason: "OK",
            headers: [("Content-Type", "text/plain")] + row.fields.map { ("link", $0) },
            bytes: [],
            body: .null,
            url: "https://a.example/v1/items",
            host: "a.example"
        )
        #expect(response.link("next") == row.target, "\(row.fields)")
    }
}
