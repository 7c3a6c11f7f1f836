import NIOCore
import Synchronization

/// The places among the connections to one host, and those that requests have just left.
///
/// What is read at one go is answered at one go: the next requests are written together, after all answers that have come. One
/// written after each answer would wake the server each time.
final class HostGate: Sendable {
    let limiter: ConcurrencyLimiter
    private let left = Mutex<[Int]>([])

    init(_ limiter: ConcurrencyLimiter) { self.limiter = limiter }

    /// Gives a place back, when the event loop has done what it is at.
    func leave(_ bay: Int, on eventLoop: any EventLoop) {
        let isFirst = left.withLock { left in
            left.append(bay)
            return left.count == 1
        }
        if isFirst { eventLoop.execute { self.giveBack() } }
    }

    private func giveBack() {
        let bays = left.withLock { left in
            defer { left.removeAll(keepingCapacity: true) }
            return left
        }
        for bay in bays { limiter.leave(bay) }
    }
}
