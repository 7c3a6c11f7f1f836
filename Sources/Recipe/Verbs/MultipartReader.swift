import CEL
import YAML

/// Reads `multipart`: a mapping of names to values, or to `{content | file, filename, content_type}`.
struct MultipartReader {
    let file: FileReader
    /// A part may be a local file; in connectors none is.
    let readsFiles: Bool

    func body(_ node: Node) -> RequestBody {
        guard case .mapping(let entries) = node.content else {
            file.diagnostics.report(
                "http.multipart",
                "`multipart` is a mapping of names to values",
                at: node.span,
                help: "write one `name: value` per line below it, or `name: { content: …, filename: … }`"
            )
            return .none
        }
        return .multipart(entries.flatMap(fields))
    }

    /// The parts of one name: several where the value is a list with a mapping in it.
    private func fields(_ entry: Entry) -> [MultipartField] {
        switch entry.value.content {
        case .mapping: return field(entry.name, entry.value).map { [$0] } ?? []
        case .sequence(let items) where items.contains(where: \.isMapping):
            return items.compactMap { item in
                item.isMapping
                    ? field(entry.name, item) : MultipartField(name: entry.name, content: file.valueTemplate(item))
            }
        case .sequence, .scalar:
            return [MultipartField(name: entry.name, content: file.valueTemplate(entry.value))]
        }
    }

    private func field(_ name: String, _ node: Node) -> MultipartField? {
        guard var reader = MappingReader(node, as: "a part of `multipart`", into: file.diagnostics) else { return nil }
        let path = reader.takeNonNull("file")
        if let path { checkFile(path, reader) }
        let content =
            path == nil
            ? reader.require("content", help: "add `content: …`, or `file: PATH`; a map as JSON stands below it too")
            : nil
        reader.known("content")
        let filename = reader.takeNonNull("filename")
        let contentType = reader.takeNonNull("content_type")
        reader.finish()
        guard let content = path.map({ text($0, as: "`file`") }) ?? content.map(file.valueTemplate) else { return nil }
        var field = MultipartField(name: name, content: content)
        field.isFile = path != nil
        field.filename = filename.flatMap { text($0, as: "`filename`") }
        field.contentType = contentType.flatMap { text($0, as: "`content_type`") }
        return field
    }

    private func checkFile(_ path: Node, _ reader: MappingReader) {
        if let content = reader.entries.first(where: { $0.name == "content" }) {
            file.diagnostics.report(
                "http.multipart-file",
                "`file` and `content` exclude each other",
                at: content.key.span,
                help: "remove one of them"
            )
        }
        guard !readsFiles else { return }
        file.diagnostics.report(
            "http.multipart-file",
            "a connector reads no files of this machine",
            at: path.span,
            help: "let the recipe send it, or give the content as an input"
        )
    }

    private func text(_ node: Node, as what: String) -> ValueTemplate? {
        file.template(node, as: what).map(ValueTemplate.template)
    }
}

extension Node {
    fileprivate var isMapping: Bool { if case .mapping = content { true } else { false } }
}
