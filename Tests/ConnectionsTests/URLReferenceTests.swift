import Testing

@testable import Connections

struct URLReferenceTests {
    /// RFC 3986 section 5.4, normal and abnormal examples; strict for the last.
    @Test(arguments: [
        ("g:h", "g:h"), ("g", "http://a/b/c/g"), ("./g", "http://a/b/c/g"), ("g/", "http://a/b/c/g/"),
        ("/g", "http://a/g"), ("//g", "http://g"), ("?y", "http://a/b/c/d;p?y"), ("g?y", "http://a/b/c/g?y"),
        ("#s", "http://a/b/c/d;p?q#s"), ("g#s", "http://a/b/c/g#s"), ("g?y#s", "http://a/b/c/g?y#s"),
        (";x", "http://a/b/c/;x"), ("g;x", "http://a/b/c/g;x"), ("g;x?y#s", "http://a/b/c/g;x?y#s"),
        ("", "http://a/b/c/d;p?q"), (".", "http://a/b/c/"), ("./", "http://a/b/c/"), ("..", "http://a/b/"),
        ("../", "http://a/b/"), ("../g", "http://a/b/g"), ("../..", "http://a/"), ("../../", "http://a/"),
        ("../../g", "http://a/g"), ("../../../g", "http://a/g"), ("../../../../g", "http://a/g"),
        ("/./g", "http://a/g"), ("/../g", "http://a/g"), ("g.", "http://a/b/c/g."), (".g", "http://a/b/c/.g"),
        ("g..", "http://a/b/c/g.."), ("..g", "http://a/b/c/..g"), ("./../g", "http://a/b/g"),
        ("./g/.", "http://a/b/c/g/"), ("g/./h", "http://a/b/c/g/h"), ("g/../h", "http://a/b/c/h"),
        ("g;x=1/./y", "http://a/b/c/g;x=1/y"), ("g;x=1/../y", "http://a/b/c/y"), ("g?y/./x", "http://a/b/c/g?y/./x"),
        ("g?y/../x", "http://a/b/c/g?y/../x"), ("g#s/./x", "http://a/b/c/g#s/./x"),
        ("g#s/../x", "http://a/b/c/g#s/../x"), ("http:g", "http:g"),
    ])
    func `joins as RFC 3986 section 5.4 shows`(_ reference: String, _ expected: String) {
        let base = URLReference("http://a/b/c/d;p?q")
        #expect(URLReference(reference).resolved(against: base).text == expected)
    }

    @Test(arguments: [
        ("https://api.example.com", "items", "https://api.example.com/items"),
        ("https://api.example.com/v1/", "items", "https://api.example.com/v1/items"),
        ("https://api.example.com/v1", "items", "https://api.example.com/items"),
        ("https://api.example.com/v1/", "/items", "https://api.example.com/items"),
        ("https://api.example.com/v1/", "a b/ü?q=ä ö#top", "https://api.example.com/v1/a%20b/%C3%BC?q=%C3%A4%20%C3%B6"),
        ("https://api.example.com/v1/", "https://other/x", "https://other/x"),
        ("https://api.example.com/v1/", "a%20b", "https://api.example.com/v1/a%20b"),
        ("https://api.example.com/v1?key=1#a", "/a/../b/./c?d=/../e?f#g", "https://api.example.com/b/c?d=/../e?f"),
        ("https://api.example.com/v1", "/?", "https://api.example.com/?"),
        ("https://api.example.com", "//other/x", "https://other/x"),
        ("https://API.example.com:443/v1/", "/ü ä?ö é", "https://API.example.com:443/%C3%BC%20%C3%A4?%C3%B6%20%C3%A9"),
    ])
    func `joins to base_uri`(_ base: String, _ url: String, _ expected: String) throws {
        #expect(try Target(url, base: BaseURI(URLReference(base))).url == expected)
    }

    @Test(arguments: [
        "relative", "ftp://host/x", "http://", "http://user:pass@host/", "http://host:0/", "http://host:70000/",
        "http://ho\u{7F}st/",
    ])
    func `refuses what cannot be requested`(_ url: String) {
        #expect(throws: ConnectionError.self) { try Target(url, base: nil) }
    }

    @Test func `refuses a path at a base that cannot be requested`() {
        #expect(throws: ConnectionError.self) {
            try Target("/x", base: BaseURI(URLReference("https://user:pass@host/")))
        }
        // The last two would be another host in lower case: the Kelvin sign is a `k`.
        for base in ["https://ho\u{7F}st/", "https://hóst/", "https://ban\u{212A}.example/", "https://h:+443/"] {
            #expect(BaseURI(URLReference(base)) == nil, "\(base)")
        }
    }

    @Test func `a parameter is removed by its value too, and the others stay as they are written`() throws {
        var target = try Target("https://h/x?a=1&&key=m%69ne&key=theirs&b", base: nil)
        target.removeQuery(named: "key", value: "mine")
        #expect(target.url == "https://h/x?a=1&&key=theirs&b")
        target.removeQuery(named: "b", value: "")
        #expect(target.url == "https://h/x?a=1&&key=theirs&b")
    }

    @Test func `query parameters are encoded, added and replaced`() throws {
        var target = try Target("https://h/x?a=1&key=old&k%65y=2", base: nil)
        target.removeQuery(named: "key")
        target.add([("key", "a&b=c d+é")])
        #expect(target.url == "https://h/x?a=1&key=a%26b%3Dc%20d%2B%C3%A9")
        #expect(target.urlWithoutQuery == "https://h/x")
    }

    @Test(arguments: [
        ("http://127.0.0.1:80/x", true), ("http://localhost:8080", true), ("http://[::1]:9/", true),
        ("http://127.0.0.1.example.com/", false), ("http://127.evil.com", false), ("http://10.0.0.1", false),
    ])
    func `knows what is loopback`(_ url: String, _ isLoopback: Bool) throws {
        #expect(try #require(Origin(url)).isLoopback == isLoopback)
    }

    @Test func `origins compare with their default ports`() {
        #expect(Origin("https://API.example.com") == Origin("https://api.example.com:443/x"))
        #expect(Origin("http://api.example.com") != Origin("https://api.example.com"))
        #expect(Origin("https://[2001:DB8::1]:8443/")?.hostAndPort == "[2001:db8::1]:8443")
    }
}
