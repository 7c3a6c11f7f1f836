@preconcurrency import Dispatch
import Glibc

extension HTTPTransport {
    /// Sends one request to a socket of this process, and waits for its answer.
    ///
    /// The runtime looks conformances up the first time that a type needs them, each time through all of the program. For a first
    /// request that is some two milliseconds, which this spends on another core while the recipe is loaded and the store opened. Nothing leaves the process.
    ///
    /// Gives whether the request was answered.
    @discardableResult
    public static func warmUp() async -> Bool {
        guard let listener = LoopbackAnswer() else { return false }
        let transport = HTTPTransport(userAgent: "", connectionsPerHost: 1)
        let request = OutgoingRequest(
            method: "GET",
            url: "http://127.0.0.1:\(listener.port)/",
            headers: [],
            body: nil,
            timeout: .seconds(LoopbackAnswer.patience),
            maxBytes: 1024,
            onSend: nil
        )
        // On a thread that may block; the tasks' own threads are few.
        DispatchQueue.global(qos: .utility).async { listener.answerOnce() }
        let response = try? await transport.send(request)
        await transport.shutdown()
        return response?.status == 200
    }
}

/// A listening socket on 127.0.0.1 that answers one HTTP request.
private final class LoopbackAnswer: Sendable {
    /// How long it waits for the request, in seconds.
    static let patience = 10

    let port: UInt16
    private let descriptor: Int32

    init?() {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { return nil }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let descriptor = descriptor
        let isListening = withUnsafeMutablePointer(to: &address) { address in
            address.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                bind(descriptor, address, size) == 0 && listen(descriptor, 1) == 0
                    && getsockname(descriptor, address, &size) == 0
            }
        }
        port = UInt16(bigEndian: address.sin_port)
        if !isListening { return nil }
    }

    deinit { close(descriptor) }

    /// Takes one connection, reads what comes first, and answers.
    func answerOnce() {
        var patience = timeval(tv_sec: Self.patience, tv_usec: 0)
        _ = setsockopt(
            descriptor,
            SOL_SOCKET,
            SO_RCVTIMEO,
            &patience,
            socklen_t(MemoryLayout<timeval>.size)
        )
        let connection = accept(descriptor, nil, nil)
        guard connection >= 0 else { return }
        defer { close(connection) }
        var buffer = [UInt8](repeating: 0, count: 1024)
        guard read(connection, &buffer, buffer.count) > 0 else { return }
        let answer = Array("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}".utf8)
        _ = send(connection, answer, answer.count, Int32(MSG_NOSIGNAL))
    }
}
