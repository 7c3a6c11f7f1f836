import HTTPTypes
import Hummingbird
import NIOCore

extension Response {
    /// An answer in JSON.
    static func json(_ value: JSONValue, status: HTTPResponse.Status = .ok, headers: HTTPFields = .init()) -> Response {
        .json(ByteBuffer(bytes: value.bytes), status: status, headers: headers)
    }

    /// An answer whose JSON is encoded already.
    static func json(_ body: ByteBuffer, status: HTTPResponse.Status = .ok, headers: HTTPFields = .init()) -> Response {
        var headers = headers
        headers[.contentType] = "application/json"
        return Response(status: status, headers: headers, body: ResponseBody(byteBuffer: body))
    }

    /// A refusal: `{"error": …, "message": …}`.
    static func refusal(
        _ status: HTTPResponse.Status,
        _ code: String,
        _ message: String,
        headers: HTTPFields = .init()
    ) -> Response {
        .json(["error": .string(code), "message": .string(message)], status: status, headers: headers)
    }
}

extension HTTPField.Name {
    // Each of these is a token of RFC 9110 section 5.6.2, so the initializer, which checks just that, cannot fail.
    // swift-format-ignore: NeverForceUnwrap
    static let idempotencyKey = HTTPField.Name("Idempotency-Key")!
    // swift-format-ignore: NeverForceUnwrap
    static let idempotentReplayed = HTTPField.Name("Idempotent-Replayed")!
    // swift-format-ignore: NeverForceUnwrap
    static let rateLimitReset = HTTPField.Name("RateLimit-Reset")!
    // swift-format-ignore: NeverForceUnwrap
    static let rateLimit = HTTPField.Name("RateLimit")!
    // swift-format-ignore: NeverForceUnwrap
    static let rateLimitMoment = HTTPField.Name("X-RateLimit-Reset")!
    // swift-format-ignore: NeverForceUnwrap
    static let apiKey = HTTPField.Name("X-API-Key")!
    // swift-format-ignore: NeverForceUnwrap
    static let sessionID = HTTPField.Name("X-Session-ID")!
    // swift-format-ignore: NeverForceUnwrap
    static let link = HTTPField.Name("Link")!
}
