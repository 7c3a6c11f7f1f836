import CEL

/// JSON Web Tokens (RFC 7519) in JWS compact form (RFC 7515 section 7.1).
enum TokenFunctions {
    static let all = [
        Function(
            "jwt.sign",
            // Most algorithms sign the same twice in two ways, and loading a file is no time to sign.
            isPure: false,
            overloads: [Type.string, .bytes].flatMap { key in
                [[.object, key, .string], [.object, key, .string, .object]].map { parameters in
                    .metered(parameters, .string) { (arguments, meter) throws(EvaluationError) in
                        .string(try token(arguments, &meter))
                    }
                }
            }
        )
    ]

    private static func token(_ arguments: [Value], _ meter: inout Meter) throws(EvaluationError) -> String {
        let name = arguments[2].characters
        guard let algorithm = SigningAlgorithm(rawValue: name) else {
            let known = SigningAlgorithm.allCases.map(\.rawValue).joined(separator: ", ")
            throw EvaluationError(
                .invalidArgument,
                "there is no algorithm '\(name.prefix(20))' for jwt.sign(); there are \(known)"
            )
        }
        try meter.step(algorithm.steps)
        let header = try header(algorithm, arguments.count > 3 ? arguments[3] : .map(ValueMap()))
        let signed = try part(header, &meter) + "." + part(dated(arguments[0]), &meter)
        do throws(SigningAlgorithm.KeyError) {
            let signature = try algorithm.signature(of: Array(signed.utf8), key: arguments[1].octets)
            return signed + "." + Base64.encodeURL(signature)
        } catch {
            throw EvaluationError(.invalidArgument, "jwt.sign(): \(error.message)")
        }
    }

    /// The header: `alg` and `typ`, then what the caller adds, such as `kid`.
    private static func header(_ algorithm: SigningAlgorithm, _ extra: Value) throws(EvaluationError) -> Value {
        var header = ValueMap([("alg", .string(algorithm.rawValue)), ("typ", "JWT")])
        if case .map(let extra) = extra {
            for entry in extra.entries { header[entry.key] = entry.value }
        }
        guard case .string(algorithm.rawValue)? = header["alg"] else {
            throw EvaluationError(.invalidArgument, "jwt.sign(): `alg` in the header differs from the algorithm")
        }
        return .map(header)
    }

    /// Claims with moments as RFC 7519 wants them: seconds since 1970 (section 2, NumericDate).
    private static func dated(_ claims: Value) -> Value {
        guard case .map(var map) = claims else { return claims }
        for entry in map.entries {
            if case .timestamp(let moment) = entry.value { map[entry.key] = .int(moment.seconds) }
        }
        return .map(map)
    }

    private static func part(_ value: Value, _ meter: inout Meter) throws(EvaluationError) -> String {
        let bytes = Array(value.json().utf8)
        try meter.read(bytes.count)
        try meter.allocate(bytes.count * 4)
        return Base64.encodeURL(bytes)
    }
}
