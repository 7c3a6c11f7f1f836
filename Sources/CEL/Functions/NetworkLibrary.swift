/// IP addresses and their ranges (cel-go, network library).
enum NetworkLibrary {
    static let functions: [Function] = [
        Function(
            "ip",
            .one(.string, .ip) { (text, _) throws(EvaluationError) in .ip(try address(text)) },
            .one(.cidr, .ip, .member) { value, _ in
                guard case .cidr(let network) = value else { return .null }
                return .ip(network.address)
            }
        ),
        Function("cidr", .one(.string, .cidr) { (text, _) throws(EvaluationError) in .cidr(try network(text)) }),
        Function("isIP", .one(.string, .bool) { text, _ in .bool((try? IPAddress(parsing: text.asString)) != nil) }),
        Function("isCIDR", .one(.string, .bool) { text, _ in .bool((try? IPNetwork(parsing: text.asString)) != nil) }),
        Function(
            "ip.isCanonical",
            .one(.string, .bool) { (text, _) throws(EvaluationError) in .bool(try address(text).text == text.asString) }
        ),
        Function(
            "string",
            .one(.ip, .string) { value, _ in .string(value.text) },
            .one(.cidr, .string) { value, _ in .string(value.text) }
        ),
        inspection("family", .int) { .int(Int64($0.family)) },
        inspection("isUnspecified", .bool) { .bool($0.isUnspecified) },
        inspection("isLoopback", .bool) { .bool($0.isLoopback) },
        inspection("isGlobalUnicast", .bool) { .bool($0.isGlobalUnicast) },
        inspection("isLinkLocalMulticast", .bool) { .bool($0.isLinkLocalMulticast) },
        inspection("isLinkLocalUnicast", .bool) { .bool($0.isLinkLocalUnicast) },
        property("prefixLength", .int) { .int(Int64($0.prefixLength)) },
        property("masked", .cidr) { .cidr($0.masked) },
        property("isMask", .bool) { .bool($0 == $0.masked) },
        Function(
            "containsIP",
            containment(.ip) { network, other in
                if case .ip(let address) = other { network.contains(address) } else { false }
            },
            containment(.string) { (network, other) throws(EvaluationError) in network.contains(try address(other)) }
        ),
        Function(
            "containsCIDR",
            containment(.cidr) { network, other in
                if case .cidr(let other) = other { network.contains(other) } else { false }
            },
            containment(.string) { (network, other) throws(EvaluationError) in
                network.contains(try NetworkLibrary.network(other))
            }
        ),
    ]

    private static func inspection(
        _ name: String,
        _ result: Type,
        _ body: @escaping @Sendable (IPAddress) -> Value
    ) -> Function {
        Function(
            name,
            .one(.ip, result, .member) { value, _ in
                guard case .ip(let address) = value else { return .null }
                return body(address)
            }
        )
    }

    private static func property(
        _ name: String,
        _ result: Type,
        _ body: @escaping @Sendable (IPNetwork) -> Value
    ) -> Function {
        Function(
            name,
            .one(.cidr, result, .member) { value, _ in
                guard case .cidr(let network) = value else { return .null }
                return body(network)
            }
        )
    }

    private static func containment(
        _ other: Type,
        _ body: @escaping @Sendable (IPNetwork, Value) throws(EvaluationError) -> Bool
    ) -> Overload {
        .two(.cidr, other, .bool, .member) { (value, other, _) throws(EvaluationError) in
            guard case .cidr(let network) = value else { return .null }
            return .bool(try body(network, other))
        }
    }

    private static func address(_ text: Value) throws(EvaluationError) -> IPAddress {
        do throws(IPAddress.Flaw) {
            return try IPAddress(parsing: text.asString)
        } catch {
            throw flawed(text, "IP address", error)
        }
    }

    private static func network(_ text: Value) throws(EvaluationError) -> IPNetwork {
        do throws(IPAddress.Flaw) {
            return try IPNetwork(parsing: text.asString)
        } catch {
            throw flawed(text, "range of IP addresses such as '10.0.0.0/8'", error)
        }
    }

    private static func flawed(_ text: Value, _ what: String, _ flaw: IPAddress.Flaw) -> EvaluationError {
        switch flaw {
        case .malformed: .invalid("\(text.quotedText) is no \(what)")
        case .zone: .invalid("\(text.quotedText) has a zone, which is not allowed")
        case .mapped: .invalid("\(text.quotedText) is an IPv4-mapped IPv6 address, which is not allowed")
        }
    }
}
