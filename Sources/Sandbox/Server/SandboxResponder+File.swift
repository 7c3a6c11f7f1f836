import HTTPTypes
import Hummingbird
import NIOCore

extension SandboxResponder {
    /// `GET /file`: `size` bytes (1,024) that are no text, the same each time; with `chunked=1` without their length.
    func file(query: FormFields) -> Response {
        let size = query["size"].map { Int($0) ?? -1 } ?? 1_024
        guard (0...Self.largestFile).contains(size) else {
            return .refusal(.badRequest, "bad_size", "size must be a number from 0 to \(Self.largestFile)")
        }
        let headers: HTTPFields = [.contentType: "application/octet-stream"]
        let length = query["chunked"] == "1" ? nil : size
        let body = ResponseBody(contentLength: length) { writer in
            var sent = 0
            while sent < size {
                let piece = Self.pattern.prefix(size - sent)
                try await writer.write(ByteBuffer(bytes: piece))
                sent += piece.count
            }
            try await writer.finish(nil)
        }
        return Response(status: .ok, headers: headers, body: body)
    }

    private static let largestFile = 1 << 30
    /// No UTF-8: its first byte continues nothing.
    private static let pattern = (0..<65_536).map { UInt8(truncatingIfNeeded: 0x80 &+ $0 &* 7) }
}
