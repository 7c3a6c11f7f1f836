import Foundation
import Sandbox
import Testing

@Suite struct PagingTests {
    private static let configuration = SandboxConfiguration(items: 53, perPage: 10)

    /// Follows `next` from `start` and returns the ids of every page; stops when a page repeats.
    private func walk(
        _ client: SandboxClient,
        from start: String,
        next: (Reply) throws -> String?
    ) async throws -> [[Int]] {
        let token = try await client.tokens().access
        var pages: [[Int]] = []
        var seen: Set<String> = []
        var target: String? = start
        while let current = target, seen.insert(current).inserted {
            let reply = try await client.get(current, token: token)
            #expect(reply.status == 200)
            pages.append(try reply.ids())
            target = try next(reply)
        }
        return pages
    }

    private static let wholeList = [
        Array(1...10), Array(11...20), Array(21...30), Array(31...40), Array(41...50), [51, 52, 53],
    ]

    @Test func `gives every issue once by the next address`() async throws {
        try await withSandbox(Self.configuration) { client in
            let pages = try await walk(client, from: "/api/v5/issues") { try $0.string("meta", "next_url") }
            #expect(pages == Self.wholeList)
        }
    }

    @Test func `gives every issue once by cursor`() async throws {
        try await withSandbox(Self.configuration) { client in
            let pages = try await walk(client, from: "/api/v5/issues") { reply in
                try reply.string("meta", "next_cursor").map { "/api/v5/issues?cursor=\($0)" }
            }
            #expect(pages == Self.wholeList)
        }
    }

    @Test func `gives every issue once by page number and by offset`() async throws {
        try await withSandbox(Self.configuration) { client in
            let token = try await client.tokens().access
            var byPage: [[Int]] = []
            var byOffset: [[Int]] = []
            for page in 0...6 {
                byPage.append(try await client.get("/api/v5/issues?per_page=10&page=\(page + 1)", token: token).ids())
                let target = "/api/v5/issues?limit=10&offset=\(page * 10)"
                byOffset.append(try await client.get(target, token: token).ids())
            }
            #expect(byPage == Self.wholeList + [[]])
            #expect(byOffset == Self.wholeList + [[]])
        }
    }

    @Test(arguments: ["/api/v5/issues", "/api/v5/issues?page=1", "/api/v5/issues?offset=0", "/api/v5/issues/?limit=10"])
    func `gives every issue once by the Link header`(start: String) async throws {
        try await withSandbox(Self.configuration) { client in
            let pages = try await walk(client, from: start) { reply in
                guard let link = reply.header("Link") else { return nil }
                #expect(link.hasSuffix(#">; rel="next""#))
                return String(link.dropFirst().prefix { $0 != ">" })
            }
            #expect(pages == Self.wholeList)
        }
    }

    @Test func `filters by state and keeps the filter on the next page`() async throws {
        try await withSandbox(Self.configuration) { client in
            var ids: [Int] = []
            for state in ["open", "closed"] {
                let pages = try await walk(client, from: "/api/v5/issues?state=\(state)&per_page=7") {
                    try $0.string("meta", "next_url")
                }
                #expect(pages.count > 1)
                ids += pages.joined()
            }
            #expect(ids.sorted() == Array(1...53))
        }
    }

    @Test func `shows the same issue alone and in the list`() async throws {
        try await withSandbox(Self.configuration) { client in
            let token = try await client.tokens().access
            let one = try await client.get("/api/v5/issues/7", token: token)
            #expect(try one.int("data", "id") == 7)
            #expect(try #require(try one.int("data", "priority")) >= 1)
            #expect(try one.string("data", "title")?.isEmpty == false)
            #expect(try one.string("data", "updated_at")?.hasSuffix("Z") == true)
            let list = try await client.get("/api/v5/issues", token: token)
            #expect(list.text.contains(one.text.dropFirst(#"{"data":"#.count).dropLast()))
            #expect(try list.int("meta", "total") == 53)
            for missing in ["0", "54", "x", "1/2"] {
                #expect(try await client.get("/api/v5/issues/\(missing)", token: token).status == 404)
            }
        }
    }

    @Test(arguments: [
        "cursor=c1-zz", "cursor=", "page=0", "per_page=0", "per_page=1001", "offset=-1", "limit=ten", "state=new",
    ])
    func `refuses a page that cannot be`(query: String) async throws {
        try await withSandbox(Self.configuration) { client in
            let token = try await client.tokens().access
            #expect(try await client.get("/api/v5/issues?\(query)", token: token).status == 400)
        }
    }

    @Test func `has no next page when there are no issues`() async throws {
        try await withSandbox(SandboxConfiguration(items: 0)) { client in
            let reply = try await client.get("/api/v5/issues", token: client.tokens().access)
            #expect(try reply.ids().isEmpty)
            #expect(reply.text.contains(#""next_url":null,"next_cursor":null"#))
        }
    }
}
