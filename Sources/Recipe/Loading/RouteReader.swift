import YAML

/// Reads `tls:` and `proxy:` of connectors and connections.
struct RouteReader {
    let file: FileReader

    func tls(_ node: Node?) -> TLSSettings? {
        guard let node, var reader = MappingReader(node, as: "`tls`", into: file.diagnostics) else { return nil }
        var settings = TLSSettings()
        settings.authorities = reader.takeNonNull("ca").flatMap { file.template($0, as: "`ca`") }
        settings.certificate = reader.takeNonNull("certificate").flatMap { file.template($0, as: "`certificate`") }
        settings.key = reader.takeNonNull("key").flatMap { file.template($0, as: "`key`") }
        if let node = reader.takeNonNull("minimum_version") {
            settings.minimumVersion = file.template(node, as: "`minimum_version`")
            if let text = settings.minimumVersion?.constant, text != "1.2", text != "1.3" {
                file.diagnostics.report(
                    "tls.version",
                    "`\(text)` is no version of TLS that is spoken here",
                    at: node.span,
                    help: "write `\"1.2\"` or `\"1.3\"`"
                )
            }
        }
        reader.finish()
        if (settings.certificate == nil) != (settings.key == nil) {
            file.diagnostics.report(
                "tls.half",
                "a client certificate needs its key, and a key its certificate",
                at: node.span,
                help: "write both: `tls: { certificate: client.pem, key: client.key }`"
            )
        }
        return settings
    }

    func proxy(_ node: Node?) -> Template? {
        guard let node, let template = file.template(node, as: "`proxy`") else { return nil }
        if let text = template.constant, !text.hasPrefix("http://") {
            file.diagnostics.report(
                "proxy.url",
                "a proxy is reached over http",
                at: node.span,
                help: "write `proxy: http://host:port`"
            )
        }
        return template
    }
}
