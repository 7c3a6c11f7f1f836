import CEL
import YAML

/// Reads what servers answer in a test.
struct CannedResponseReader {
    let file: FileReader
    /// Reads a file beside the test.
    let read: (String) -> [UInt8]?

    func response(_ node: Node) -> CannedResponse? {
        guard var reader = MappingReader(node, as: "a response", into: file.diagnostics) else { return nil }
        var response = CannedResponse(place: file.place(of: node))
        response.pattern = ExpectedValueReader(file: file).pattern(&reader)
        response.condition = reader.take("if").flatMap { file.expression($0, as: "`if`") }
        response.status = reader.int("status", in: 100...599)?.value ?? 200
        response.headers = file.members(reader.take("headers"), as: "`headers`")
        response.body = body(&reader)
        response.delay = file.duration(reader.take("delay"), as: "`delay`") ?? .zero
        response.failure = reader.choice("error", CannedResponse.Failure.self)?.value
        response.times = reader.int("times", in: 1...1_000_000)?.value
        response.isOptional = reader.bool("optional")?.value ?? false
        reader.finish()
        let names = VariableCheck(file: file, variables: ["request"])
        for expression in response.expressions { names.check(expression) }
        return response
    }

    private func body(_ reader: inout MappingReader) -> CannedResponse.Body {
        let present = ["json", "body", "file"].compactMap { key in reader.entries.first { $0.name == key } }
        if present.count > 1 {
            file.diagnostics.report(
                "test.two-bodies",
                "a response has one body, and this one has `\(present[0].name)` and `\(present[1].name)`",
                at: present[1].key.span,
                help: "remove one of them"
            )
        }
        let (json, text, path) = (reader.take("json"), reader.take("body"), reader.string("file"))
        if let json { return .json(file.valueTemplate(json)) }
        if let text { return file.template(text, as: "`body`").map(CannedResponse.Body.text) ?? .none }
        guard let path else { return .none }
        if let bytes = read(path.value) { return .bytes(bytes) }
        file.diagnostics.report(
            "test.file",
            "the file `\(path.value)` cannot be read",
            at: path.span,
            help: "its path begins at the test's own directory"
        )
        return .none
    }
}

extension CannedResponse {
    /// Every expression in it.
    var expressions: [Expression] {
        var all = headers?.expressions ?? []
        if let condition { all.append(condition) }
        switch body {
        case .json(let template): all += template.expressions
        case .text(let template): all += template.expressions
        case .none, .bytes: break
        }
        return all
    }
}
