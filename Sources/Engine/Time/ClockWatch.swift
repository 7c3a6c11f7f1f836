import CLinux
@preconcurrency import Dispatch
import Glibc

/// Tells of steps of the wall clock through a timer descriptor that the kernel cancels when the clock is set (timerfd_create(2), `TFD_TIMER_CANCEL_ON_SET`).
final class ClockWatch: ClockWatching {
    // Sendable in fact: only cancelled, which any thread may do.
    private let source: any DispatchSourceRead

    /// Nil where the kernel gives no such descriptor: steps are then seen at the next alarm.
    init?(queue: DispatchQueue, react: @escaping @Sendable () -> Void) {
        let descriptor = clinux_clock_watch_open()
        guard descriptor >= 0 else { return nil }
        guard clinux_clock_watch_arm(descriptor) == 0 else {
            close(descriptor)
            return nil
        }
        source = DispatchSource.makeReadSource(fileDescriptor: descriptor, queue: queue)
        source.setEventHandler { @Sendable in
            // The read fails with ECANCELED and makes the descriptor quiet again; then it must be armed anew.
            var expirations: UInt64 = 0
            _ = read(descriptor, &expirations, MemoryLayout<UInt64>.size)
            _ = clinux_clock_watch_arm(descriptor)
            react()
        }
        source.setCancelHandler { @Sendable in close(descriptor) }
        source.activate()
    }

    deinit { source.cancel() }
}
