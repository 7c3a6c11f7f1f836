import CLinux
import Glibc
import Synchronization

/// A program that runs in a process group of its own, and whose output is read as it comes.
///
/// All that it leaves in its group ends with it. A thread of its own watches it: that is no more than what the kernel keeps for the program, and
/// sources of Dispatch are no choice, since its event loop has crashed when the other end of a pipe was closed (libdispatch of Swift 6.3.1).
final class ChildProcess: Sendable {
    /// How a program ended.
    enum End: Sendable, Hashable {
        case exited(Int)
        case killed(signal: Int)
    }

    /// The two outputs of a program.
    enum Stream: Int, Sendable, CaseIterable {
        case output, errors
    }

    /// What is known of a program when it is over.
    struct Outcome: Sendable {
        var end: End
        var output: [UInt8]
        var errors: [UInt8]
        /// The stream on which it wrote more than it may, and was killed for.
        var overflow: Stream?
        /// It was told to end before it had ended by itself.
        var isStopped: Bool
    }

    /// From the signal that asks a program to end (SIGTERM) to the one that ends it (SIGKILL); and from the end of a program to that of what it left behind.
    static let grace = Duration.seconds(3)

    private struct State {
        /// Where the watching thread is woken; nil when the program is over.
        var bell: Int32?
        var outcome: Outcome?
        var waiter: CheckedContinuation<Outcome, Never>?
    }

    /// The process, and the number of its group.
    let pid: Int32
    private let state = Mutex(State())

    /// Starts a program.
    ///
    /// - Parameters:
    ///   - limit: the most that it may write to each stream, in bytes.
    init(_ program: ProgramStart, limit: Int) throws(ProgramStart.Failure) {
        let (pid, streams) = try program.start()
        self.pid = pid
        let bell = clinux_bell_open()
        let exit = clinux_process_open(pid)
        let watch = ProgramWatch(pid: pid, exit: exit, bell: bell, streams: streams, limit: limit)
        state.withLock { $0.bell = bell }
        let isWatched =
            exit >= 0 && bell >= 0
            && Self.startThread {
                let outcome = watch.outcome { self.state.withLock { $0.bell = nil } }
                self.finish(outcome)
            }
        guard isWatched else {
            let reason = String(cString: strerror(errno))
            kill(-pid, SIGKILL)
            waitpid(pid, nil, 0)
            watch.close()
            throw ProgramStart.Failure(message: "a program cannot be watched here: \(reason)")
        }
    }

    /// Waits until the program is over, with all of its group.
    func outcome() async -> Outcome {
        await withCheckedContinuation { waiter in
            let outcome = state.withLock { state in
                if state.outcome == nil { state.waiter = waiter }
                return state.outcome
            }
            if let outcome { waiter.resume(returning: outcome) }
        }
    }

    /// Asks the program and all of its group to end, and ends them after a grace.
    func stop() {
        state.withLock { state in
            guard let bell = state.bell else { return }
            var one: UInt64 = 1
            // It can only be full when it has been rung before.
            _ = write(bell, &one, MemoryLayout<UInt64>.size)
        }
    }

    private func finish(_ outcome: Outcome) {
        let waiter = state.withLock { state in
            state.outcome = outcome
            return state.waiter
        }
        waiter?.resume(returning: outcome)
    }

    private final class Body: Sendable {
        let run: @Sendable () -> Void
        init(_ run: @escaping @Sendable () -> Void) { self.run = run }
    }

    private static let stackSize = 512 << 10

    /// Runs a body on a thread of its own; false, with errno, when there can be no more threads.
    private static func startThread(_ body: @escaping @Sendable () -> Void) -> Bool {
        var attributes = pthread_attr_t()
        pthread_attr_init(&attributes)
        defer { pthread_attr_destroy(&attributes) }
        pthread_attr_setdetachstate(&attributes, Int32(PTHREAD_CREATE_DETACHED))
        pthread_attr_setstacksize(&attributes, stackSize)
        let body = Unmanaged.passRetained(Body(body))
        var thread = pthread_t()
        let error = pthread_create(
            &thread,
            &attributes,
            { body in
                // It is what was retained below, and comes once.
                if let body { Unmanaged<Body>.fromOpaque(body).takeRetainedValue().run() }
                return nil
            },
            body.toOpaque()
        )
        guard error != 0 else { return true }
        body.release()
        errno = error
        return false
    }
}

/// What the thread that watches a program does: it reads, signals, and reaps.
///
/// The process is reaped last, so that its number, and that of its group, can be nobody else's before.
private struct ProgramWatch: Sendable {
    let pid: Int32
    /// Readable when the program has ended.
    let exit: Int32
    /// Readable when the program is to end.
    let bell: Int32
    /// Standard output and errors.
    let streams: [Int32]
    let limit: Int

    /// Watches until the program and its group are over; `willClose` is called before the bell is.
    func outcome(_ willClose: () -> Void) -> ChildProcess.Outcome {
        var content: [[UInt8]] = [[], []]
        var isOpen = [true, true]
        var overflow: ChildProcess.Stream?
        var hasEnded = false
        var isStopped = false
        var killTime: Duration?
        var lastTime: Duration?
        var buffer = [UInt8](repeating: 0, count: 65_536)

        /// Takes what has been written.
        func take(_ stream: ChildProcess.Stream) {
            let number = stream.rawValue
            while true {
                let count = read(streams[number], &buffer, buffer.count)
                if count < 0, errno == EINTR { continue }
                if count < 0, errno == EAGAIN { return }
                guard count > 0 else {
                    isOpen[number] = false
                    return
                }
                guard overflow == nil else { continue }
                content[number].append(contentsOf: buffer[..<count])
                guard content[number].count > limit else { continue }
                overflow = stream
                content[number].removeAll()
                kill(-pid, SIGKILL)
            }
        }

        while !hasEnded || isOpen.contains(true) {
            let now = Self.now()
            if let time = lastTime, time <= now { break }
            if let time = killTime, time <= now {
                kill(-pid, SIGKILL)
                killTime = nil
            }
            // A negative descriptor is left out (poll(2)).
            var watched = [
                pollfd(fd: hasEnded ? -1 : exit, events: Int16(POLLIN), revents: 0),
                pollfd(fd: isStopped || hasEnded ? -1 : bell, events: Int16(POLLIN), revents: 0),
                pollfd(fd: isOpen[0] ? streams[0] : -1, events: Int16(POLLIN), revents: 0),
                pollfd(fd: isOpen[1] ? streams[1] : -1, events: Int16(POLLIN), revents: 0),
            ]
            let next = [killTime, lastTime].compactMap { $0 }.min()
            let count = poll(&watched, nfds_t(watched.count), next.map { Self.milliseconds($0 - now) } ?? -1)
            guard count > 0 else { continue }
            for stream in ChildProcess.Stream.allCases where watched[2 + stream.rawValue].revents != 0 { take(stream) }
            if watched[0].revents != 0 {
                hasEnded = true
                // Whom it left behind may have the streams, and may have them for ever.
                lastTime = Self.now() + ChildProcess.grace
            } else if watched[1].revents != 0 {
                isStopped = true
                kill(-pid, SIGTERM)
                killTime = Self.now() + ChildProcess.grace
            }
        }
        kill(-pid, SIGKILL)
        for stream in ChildProcess.Stream.allCases where isOpen[stream.rawValue] { take(stream) }
        var status: Int32 = 0
        while waitpid(pid, &status, 0) < 0, errno == EINTR {}
        willClose()
        close()
        return ChildProcess.Outcome(
            end: ChildProcess.End(status),
            output: content[0],
            errors: content[1],
            overflow: overflow,
            isStopped: isStopped
        )
    }

    func close() {
        for descriptor in streams + [exit, bell] where descriptor >= 0 { Glibc.close(descriptor) }
    }

    private static func now() -> Duration {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return .seconds(time.tv_sec) + .nanoseconds(time.tv_nsec)
    }

    /// Rounded up, so that the time has come when the wait is over.
    private static func milliseconds(_ duration: Duration) -> Int32 {
        let (seconds, attoseconds) = duration.components
        return Int32(clamping: max(0, seconds * 1_000 + attoseconds / 1_000_000_000_000_000 + 1))
    }
}

extension ChildProcess.End {
    /// A status of waitpid(2): the signal in the low seven bits, else the exit code above them.
    fileprivate init(_ status: Int32) {
        let signal = Int(status & 0x7F)
        self = signal == 0 ? .exited(Int((status >> 8) & 0xFF)) : .killed(signal: signal)
    }
}
