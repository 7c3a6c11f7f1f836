public import Recipe
public import Store

/// Performs a test against the real servers, so that their answers can be written into it.
public struct TestRecorder: Sendable {
    private let configuration: EngineConfiguration

    /// - Parameter configuration: a real clock, and connections that a `ResponseRecorder` listens to; its store is not used.
    public init(_ configuration: EngineConfiguration) {
        self.configuration = configuration
    }

    /// Runs the recipe as the test gives it; nothing is recorded in the history, no file is saved, and no program is run.
    public func run(_ test: RecipeTest, of recipe: Recipe, handle: RunHandle) async throws(StoreError) -> RunResult {
        let plan = RecipePlan(recipe)
        var configuration = configuration
        configuration.store = try SQLiteStore.inMemory()
        configuration.playback = RecordingStage(test, handle: handle)
        do {
            let inputs = try plan.inputs(given: test.inputs)
            return try await Engine(configuration).rehearse(test, plan, inputs: inputs, handle)
        } catch let error as StoreError {
            throw error
        } catch {
            throw .other(path: "", detail: "\(error)")
        }
    }
}

/// The programs of a recording: only those whose results the test says.
final class RecordingStage: ProgramPlayback {
    private let stage: TestStage

    init(_ test: RecipeTest, handle: RunHandle) {
        stage = TestStage(test, clock: TestClock(test.now), handle: handle)
    }

    func result(of call: ProgramCall) -> CannedProgram? { stage.result(of: call) }
}
