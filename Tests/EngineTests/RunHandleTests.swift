import Testing

@testable import Engine

/// What a handle cancels: the actions of its run, and nothing that follows them.
struct RunHandleTests {
    /// Whether the run's task was cancelled when its actions began, while they went on, and after them.
    private func cancellations(
        _ handle: RunHandle,
        during: @escaping @Sendable () -> Void = {},
        after: @escaping @Sendable () -> Void = {}
    ) async -> [Bool] {
        await withCheckedContinuation { continuation in
            handle.begin {
                handle.actionsBegin()
                var seen = [Task.isCancelled]
                during()
                seen.append(Task.isCancelled)
                handle.actionsEnded()
                after()
                continuation.resume(returning: seen + [Task.isCancelled])
            }
        }
    }

    @Test func `it cancels actions that go on, and those that have not begun`() async {
        let early = RunHandle()
        early.cancel(.person)
        #expect(await cancellations(early) == [true, true, true])
        let handle = RunHandle()
        #expect(await cancellations(handle, during: { handle.cancel(.shutdown) }) == [false, true, true])
        #expect(handle.reason == .shutdown && handle.isShutdown)
    }

    @Test func `what follows the actions is not cancelled, and the first reason counts`() async {
        let handle = RunHandle()
        #expect(await cancellations(handle, after: { handle.cancel(.person) }) == [false, false, false])
        handle.cancel(.shutdown)
        #expect(handle.reason == .person && handle.isShutdown)
    }
}
