import FoundationEssentials
import HTTPTypes
import Hummingbird
import NIOCore

extension SandboxResponder {
    /// `/echo`: what arrived, as JSON; a name that came once has a text, one that came more often a list of texts.
    func echo(_ call: Call, query: FormFields) async -> Response {
        let request = call.request
        guard let body = await call.body() else {
            return .refusal(.contentTooLarge, "too_large", "a body is at most \(Self.maximumBody) bytes")
        }
        var members: [(String, JSONValue)] = [
            ("method", .string(request.method.rawValue)),
            ("path", .string(request.uri.path)),
            ("query", Self.grouped(query.fields.map { ($0.name, $0.value) })),
            ("headers", Self.grouped(Self.fields(of: request))),
        ]
        let bytes = Array(body.readableBytesView)
        if let text = String(validating: bytes, as: UTF8.self) {
            members.append(("body", .string(text)))
        } else {
            members.append(("body_base64", .string(Data(bytes).base64EncodedString())))
        }
        let contentType = request.headers[.contentType]?.lowercased() ?? ""
        if let form = MultipartBody(bytes, contentType: request.headers[.contentType] ?? "") {
            members.append(("parts", form.json))
        } else if contentType.hasPrefix("application/x-www-form-urlencoded"),
            let form = FormFields(String(buffer: body))
        {
            members.append(("form", Self.grouped(form.fields.map { ($0.name, $0.value) })))
        } else if !bytes.isEmpty, JSONSyntax.accepts(bytes) {
            members.append(("json", .raw(bytes)))
        }
        return .json(.object(members))
    }

    /// The header fields by lower-case name; the server has taken `Host` out of them already.
    private static func fields(of request: Request) -> [(String, String)] {
        let host = request.head.authority.map { [("host", $0)] } ?? []
        return host + request.headers.map { ($0.name.canonicalName, $0.value) }
    }

    private static func grouped(_ pairs: [(String, String)]) -> JSONValue {
        var names: [String] = []
        var values: [String: [JSONValue]] = [:]
        for (name, value) in pairs {
            if values[name] == nil { names.append(name) }
            values[name, default: []].append(.string(value))
        }
        return .object(
            names.map { name in
                let all = values[name] ?? []
                return (name, all.count == 1 ? all[0] : .array(all))
            }
        )
    }
}
