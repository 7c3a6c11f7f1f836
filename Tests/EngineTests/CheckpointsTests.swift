import CEL
import Connections
import Schedule
import Store
import Testing

@testable import Engine

/// What a run has done and not yet made durable.
struct CheckpointsTests {
    @Test func `marks are complete until a secret is learnt, or where nothing waits`() throws {
        let redactor = Redactor()
        let store = try SQLiteStore.inMemory()
        let checkpoints = Checkpoints(store: store, redactor: redactor, fence: 1, done: [])
        #expect(!checkpoints.areMarksComplete)
        redactor.add("secret-1")
        let record = ActionRecord(
            run: RunID(),
            path: "get",
            status: .succeeded,
            result: ["body": "secret-1, secret-2"],
            startedAt: .init(seconds: 0)
        )
        checkpoints.add(record)
        #expect(checkpoints.areMarksComplete)
        redactor.add("secret-1")
        #expect(checkpoints.areMarksComplete)
        redactor.add("secret-2")
        checkpoints.add(record)
        #expect(!checkpoints.areMarksComplete)
        #expect(checkpoints.takeWaiting().map(\.secrets) == [["secret-1"], ["secret-1", "secret-2"]])
        checkpoints.add(record)
        #expect(checkpoints.areMarksComplete)
    }
}
