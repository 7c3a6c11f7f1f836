@preconcurrency import Dispatch
import Glibc

/// Signals that end a process, delivered as calls instead.
struct Signals {
    private let sources: [any DispatchSourceSignal]

    /// Calls `receive` on a queue of its own, with the signal's number, for as long as this value lives.
    init(_ numbers: [Int32] = [SIGINT, SIGTERM], _ receive: @escaping @Sendable (Int32) -> Void) {
        let queue = DispatchQueue(label: "runner.signals")
        sources = numbers.map { number in
            // The default would end the process before the source hears of it.
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: queue)
            source.setEventHandler { receive(number) }
            source.activate()
            return source
        }
    }

    /// Gives the signals their default meaning again.
    func cancel() {
        for source in sources { source.cancel() }
    }
}
