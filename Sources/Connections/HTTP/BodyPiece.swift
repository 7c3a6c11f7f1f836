import AsyncHTTPClient
import Glibc
import NIOCore
import NIOPosix

/// A file that is sent.
public struct UploadFile: Sendable, Hashable {
    /// Its absolute path.
    public let path: String
    /// Its size in bytes, when it was looked for.
    public let size: Int

    /// A file of that size.
    public init(path: String, size: Int) {
        self.path = path
        self.size = size
    }
}

/// A part of a body that is not sent from memory as a whole.
public enum BodyPiece: Sendable {
    case bytes([UInt8])
    case file(UploadFile)

    /// How many bytes are sent.
    var count: Int {
        switch self {
        case .bytes(let bytes): bytes.count
        case .file(let file): file.size
        }
    }
}

extension HTTPClient.Body {
    /// A body of pieces; a file is read as fast as the server takes it.
    static func pieces(_ pieces: [BodyPiece], on group: any EventLoopGroup) -> HTTPClient.Body {
        .stream(contentLength: Int64(pieces.reduce(0) { $0 + $1.count })) { writer in
            group.any().makeFutureWithTask {
                for piece in pieces {
                    switch piece {
                    case .bytes(let bytes): try await writer.write(.byteBuffer(ByteBuffer(bytes: bytes))).get()
                    case .file(let file): try await send(file, to: writer)
                    }
                }
            }
        }
    }

    private static let chunk = 128 * 1024

    private static func send(_ file: UploadFile, to writer: StreamWriter) async throws {
        let descriptor = try await NIOThreadPool.singleton.runIfActive { open(file.path, O_RDONLY | O_CLOEXEC) }
        guard descriptor >= 0 else { throw failure(file, String(cString: strerror(errno))) }
        defer { close(descriptor) }
        var rest = file.size
        while rest > 0 {
            let wanted = min(rest, chunk)
            // The disk may be slow: no event loop waits for it.
            let bytes = try await NIOThreadPool.singleton.runIfActive {
                [UInt8](unsafeUninitializedCapacity: wanted) { buffer, count in
                    count = max(0, read(descriptor, buffer.baseAddress, wanted))
                }
            }
            guard !bytes.isEmpty else { throw failure(file, "it became shorter while it was sent") }
            rest -= bytes.count
            try await writer.write(.byteBuffer(ByteBuffer(bytes: bytes))).get()
        }
    }

    private static func failure(_ file: UploadFile, _ reason: String) -> TransportError {
        TransportError(.file, "cannot read `\(file.path)`: \(reason)")
    }
}
