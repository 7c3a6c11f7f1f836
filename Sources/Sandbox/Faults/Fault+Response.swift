import HTTPTypes
import Hummingbird
import NIOCore

extension Fault {
    /// The fault's own answer.
    var response: Response {
        let code = status ?? 200
        var fields = HTTPFields()
        for header in headers {
            switch header {
            case .retryAfter(let value): fields[.retryAfter] = value
            case .rateLimitReset(let value): fields[.rateLimitReset] = value
            case .rateLimit(let value): fields[.rateLimit] = value
            case .rateLimitMoment(let value): fields[.rateLimitMoment] = value
            case .location(let value): fields[.location] = value
            }
        }
        if code == 401 {
            fields[.wwwAuthenticate] = #"Bearer realm="sandbox", error="invalid_token""#
        }
        let status = HTTPResponse.Status(code: code)
        switch body {
        case .standard:
            return .refusal(status, "fault", "the request asked for \(code)", headers: fields)
        case .invalidSession:
            return .json(SessionLedger.refusal("Invalid session"), status: status, headers: fields)
        case .text(let text):
            fields[.contentType] = text.first.map { "{[\"".contains($0) } == true ? "application/json" : "text/plain"
            return Response(status: status, headers: fields, body: ResponseBody(byteBuffer: ByteBuffer(string: text)))
        case .html:
            fields[.contentType] = "text/html; charset=utf-8"
            let page = "<!DOCTYPE html>\n<title>Sign in</title>\n<h1>Please sign in</h1>\n"
            return Response(status: status, headers: fields, body: ResponseBody(byteBuffer: ByteBuffer(string: page)))
        }
    }
}

extension Response {
    /// The same answer, whose connection is dropped after half of the body that its length promised.
    var truncated: Response {
        let whole = body
        return Response(
            status: status,
            headers: headers,
            body: ResponseBody(contentLength: whole.contentLength) { writer in
                try await whole.write(HalfWriter(parent: writer))
            }
        )
    }
}

/// Passes on half of what is written, then breaks off, which makes the server drop the connection.
private struct HalfWriter: ResponseBodyWriter {
    struct BrokenOff: Error {}

    var parent: any ResponseBodyWriter

    mutating func write(_ buffer: ByteBuffer) async throws {
        var buffer = buffer
        try await parent.write(buffer.readSlice(length: buffer.readableBytes / 2) ?? ByteBuffer())
    }

    consuming func finish(_ trailingHeaders: HTTPFields?) async throws {
        throw BrokenOff()
    }
}
