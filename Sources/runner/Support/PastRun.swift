import Connections
import Engine
import Logging
import Recipe
import Store

/// A run of the past, with what this process needs to go on with it or to repeat it.
struct PastRun {
    let detail: RunDetail
    let plan: RecipePlan
    let runtime: Runtime
    let engine: Engine

    /// Finds the run whose id begins so, and the recipe as it was then.
    init(_ prefix: String, _ place: WorkspaceOptions) async throws {
        let location = try place.location()
        let loader = try location.loader()
        let workspace = loader.loadConnections()
        Report.show(workspace)
        runtime = try Runtime(
            location,
            loader: loader,
            workspace: workspace,
            store: place.store,
            lifetime: .brief,
            logger: Logger(label: "runner") { _ in SwiftLogNoOpLogHandler() }
        )
        engine = runtime.engine(observer: ProgressObserver())
        detail = try await StoreAccess.run(prefix, in: runtime.store)
        // What it was given, too, may hold secrets that this process never learns otherwise.
        runtime.redactor.add(detail.secrets, foundIn: "the run")
        let (engine, run) = (engine, detail.run)
        guard run.startedAt != nil || run.status.isLive || run.status == .cancelled else {
            throw Failure(.invalid, "\(run.id) is no run: its fire time was \(run.status.rawValue)")
        }
        let plan = try await StoreAccess.asking { () async throws(StoreError) in try await engine.plan(of: run) }
        guard let plan else {
            throw Failure(
                .invalid,
                "the text that run \(run.id) of \(run.fire.recipe) ran is not kept, or is no valid recipe any more; run what there is now with `runner once`"
            )
        }
        self.plan = plan
    }

    /// Runs `body` with a handle that SIGINT and SIGTERM cancel, and shows the end.
    func perform(_ body: @Sendable (Engine, RunHandle) async throws(StoreError) -> RunResult?) async throws {
        let handle = RunHandle()
        let signals = Signals { _ in handle.cancel(.person) }
        defer { signals.cancel() }
        let engine = engine
        let result = try await StoreAccess.asking { () async throws(StoreError) in try await body(engine, handle) }
        await runtime.close()
        guard let result else {
            throw Failure(.unable, "another process has taken run \(detail.run.id) meanwhile; `runner show` tells more")
        }
        try RunOutput.show(result, runtime.redactor)
    }
}
