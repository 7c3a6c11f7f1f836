import YAML

/// Warns of a base path without a slash at its end: RFC 3986 drops its last part, which few expect.
struct BasePath {
    let diagnostics: Diagnostics

    func check(_ text: String, at span: Span) {
        guard let scheme = text.firstRange(of: "://") else { return }
        let rest = text[scheme.upperBound...]
        guard let slash = rest.firstIndex(of: "/"), !text.hasSuffix("/"), rest[slash...].count > 1,
            !text.contains("?"), !text.contains("#")
        else { return }
        diagnostics.report(
            .warning,
            "connector.base-path",
            "relative URLs replace the last part of a base path that does not end with `/` (RFC 3986)",
            at: span,
            help: "write `\(text)/` and relative URLs without a leading `/`"
        )
    }
}
