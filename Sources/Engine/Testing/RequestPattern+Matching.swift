import CEL
import Connections
import Recipe

extension RequestPattern {
    /// Where a request is not what is meant.
    func differences(from request: SentRequest) -> [Difference] {
        var result: [Difference] = []
        if let method, method.token != request.method {
            result.append(Difference(path: "method", expected: method.token, found: request.method))
        }
        if let url, !Self.matches(url, request) {
            let found = url.contains("://") ? request.urlWithoutQuery : request.path
            result.append(Difference(path: "url", expected: url, found: found))
        }
        if let query {
            result += query.differences(from: request.queryValue, .mentioned).map { $0.below("query") }
        }
        return result
    }

    private static func matches(_ url: String, _ request: SentRequest) -> Bool {
        if url.contains("://") { return Wildcard.matches(url, request.urlWithoutQuery) }
        let pattern = url.hasPrefix("/") ? url : "**/" + url
        return Wildcard.matches(pattern, request.path) || Wildcard.matches(pattern, request.decodedPath)
    }
}

extension ExpectedRequest {
    /// Where a request is not what is expected.
    func differences(from request: SentRequest) -> [Difference] {
        var result = pattern.differences(from: request)
        if let action, request.sender?.path != action {
            result.append(Difference(path: "action", expected: action, found: request.sender?.path))
        }
        func compare(_ expected: ExpectedValue?, _ found: Value?, _ key: String) {
            guard let expected else { return }
            result += expected.differences(from: found, .mentioned).map { $0.below(key) }
        }
        compare(headers, request.headerValue, "headers")
        compare(json, request.json, "json")
        compare(form, request.form, "form")
        compare(multipart, request.multipart, "multipart")
        compare(body, .string(request.text), "body")
        return result
    }
}

extension Difference {
    /// The same, seen from what holds it.
    func below(_ key: String) -> Difference {
        let joint = path.isEmpty || path.hasPrefix("[") ? "" : "."
        return Difference(path: key + joint + path, expected: expected, found: found)
    }
}

/// Texts with `*` for any characters but `/`, and `**` for any.
enum Wildcard {
    static func matches(_ pattern: String, _ text: String) -> Bool {
        matches(Array(pattern.utf8)[...], Array(text.utf8)[...])
    }

    private static func matches(_ pattern: ArraySlice<UInt8>, _ text: ArraySlice<UInt8>) -> Bool {
        let star = UInt8(ascii: "*")
        guard let first = pattern.first else { return text.isEmpty }
        guard first == star else { return text.first == first && matches(pattern.dropFirst(), text.dropFirst()) }
        let isDeep = pattern.dropFirst().first == star
        let rest = pattern.dropFirst(isDeep ? 2 : 1)
        var tail = text
        while true {
            if matches(rest, tail) { return true }
            guard let byte = tail.first, isDeep || byte != UInt8(ascii: "/") else { return false }
            tail = tail.dropFirst()
        }
    }
}
