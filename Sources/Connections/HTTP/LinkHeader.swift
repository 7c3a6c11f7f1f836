/// The `Link` header fields of a response (RFC 8288 section 3).
enum LinkHeader {
    /// One link, as far as we follow it.
    struct Link: Sendable, Hashable {
        /// The target as it is written, perhaps relative.
        var target: String
        /// The words of `rel`, in lower case.
        var relations: [String]
        /// It speaks of another resource than the response.
        var hasAnchor = false
    }

    /// The target of the first link with a relation; one with an `anchor` is about something else (section 3.2).
    static func target(of relation: String, in fields: some Sequence<String>) -> String? {
        let relation = relation.lowercased()
        for field in fields {
            for link in links(in: field) where !link.hasAnchor && link.relations.contains(relation) {
                return link.target
            }
        }
        return nil
    }

    /// The links of one field, as appendix B.2 reads them: what is malformed ends the list.
    static func links(in field: String) -> [Link] {
        var scanner = Scanner(rest: Array(field.utf8)[...])
        var links: [Link] = []
        while true {
            scanner.skip { $0 == UInt8(ascii: ",") || $0.isOptionalSpace }
            guard scanner.take(UInt8(ascii: "<")) else { return links }
            let target = scanner.text { $0 != UInt8(ascii: ">") }
            guard scanner.take(UInt8(ascii: ">")) else { return links }
            var link = Link(target: target, relations: [])
            var hasRelation = false
            while let (name, value) = scanner.parameter() {
                switch name.lowercased() {
                // Only the first counts (section 3.3).
                case "rel" where !hasRelation:
                    hasRelation = true
                    link.relations = value.lowercased().split(separator: " ").map(String.init)
                case "anchor": link.hasAnchor = true
                default: break
                }
            }
            links.append(link)
        }
    }

    private struct Scanner {
        var rest: ArraySlice<UInt8>

        mutating func skip(_ isSkipped: (UInt8) -> Bool) {
            rest = rest.drop(while: isSkipped)
        }

        mutating func take(_ byte: UInt8) -> Bool {
            guard rest.first == byte else { return false }
            rest.removeFirst()
            return true
        }

        mutating func text(_ belongs: (UInt8) -> Bool) -> String {
            let bytes = rest.prefix(while: belongs)
            rest = rest[bytes.endIndex...]
            return String(decoding: bytes, as: UTF8.self)
        }

        /// The next `;name=value` of a link; nil at its end.
        mutating func parameter() -> (name: String, value: String)? {
            skip(\.isOptionalSpace)
            guard take(UInt8(ascii: ";")) else { return nil }
            skip(\.isOptionalSpace)
            let name = text {
                !$0.isOptionalSpace && ![UInt8(ascii: "="), UInt8(ascii: ";"), UInt8(ascii: ",")].contains($0)
            }
            skip(\.isOptionalSpace)
            guard take(UInt8(ascii: "=")) else { return (name, "") }
            skip(\.isOptionalSpace)
            guard take(UInt8(ascii: "\"")) else {
                let value = text { !$0.isOptionalSpace && $0 != UInt8(ascii: ";") && $0 != UInt8(ascii: ",") }
                return (name, value)
            }
            var value: [UInt8] = []
            while let byte = rest.popFirst(), byte != UInt8(ascii: "\"") {
                // A quoted-pair (RFC 9110 section 5.6.4).
                if byte == UInt8(ascii: "\\"), let escaped = rest.popFirst() {
                    value.append(escaped)
                } else {
                    value.append(byte)
                }
            }
            return (name, String(decoding: value, as: UTF8.self))
        }
    }
}

extension UInt8 {
    /// OWS of RFC 9110 section 5.6.3.
    fileprivate var isOptionalSpace: Bool { self == UInt8(ascii: " ") || self == UInt8(ascii: "\t") }
}

extension Response {
    /// Where the response's `Link` header leads for a relation, as an absolute URL; nil without one.
    public func link(_ relation: String) -> String? {
        let fields = headers.lazy.filter { $0.0.lowercased() == "link" }.map(\.1)
        return LinkHeader.target(of: relation, in: fields).map { target in
            URLReference(target).resolved(against: URLReference(url)).text
        }
    }
}
