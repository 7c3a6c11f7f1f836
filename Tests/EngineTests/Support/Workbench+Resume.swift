import CEL
import Connections
import Recipe
import Schedule
import Store
import Testing

@testable import Engine

extension Workbench {
    /// A run of the recipe `job` that this process begins, and what gives the same run to another one, as if this had died.
    func begun() async throws -> (order: RunOrder, takeOver: @Sendable () async throws -> RunOrder) {
        var order = try await abandoned { _ in [] }
        let fence = order.run.fence
        order = order.with(terms: RunOrder.Terms())
        return (
            order,
            { [order] in
                let run = try #require(try await self.store.takeOver(order.run.id, fence: fence, node: self.node))
                return order.with(run: run, terms: RunOrder.Terms(beginning: .resume))
            }
        )
    }

    /// A run of the recipe `job` that another process has begun; `done` are the records that it left.
    func abandoned(_ done: (RunID) -> [ActionRecord]) async throws -> RunOrder {
        let workspace = workspace()
        let plan = RecipePlan(try #require(workspace.recipes["job"]))
        let moment = clock.now()
        let wanted = RunRecord(
            fire: FireKey(recipe: "job", trigger: "t", scheduledAt: moment),
            status: .running,
            startedAt: moment,
            node: NodeID("dead")
        )
        _ = try await store.claim([ClaimRequest(run: wanted, overlap: .allow)])
        for record in done(wanted.id) { try await store.complete(record, fence: 1) }
        let run = try #require(try await store.takeOver(wanted.id, fence: 1, node: node))
        return RunOrder(
            run: run,
            plan: plan,
            inputs: try plan.inputs(given: [:]),
            connections: workspace.connections,
            recipes: workspace.recipes.mapValues(RecipePlan.init),
            terms: RunOrder.Terms(beginning: .resume)
        )
    }

    /// Goes on with a run that another process has begun.
    func resume(_ order: RunOrder) async -> RunResult {
        return await executor().run(order, handle: RunHandle())
    }

    /// Goes on with a run of this text of which these actions are recorded.
    func resume(
        _ text: String,
        _ done: [(path: String, index: String, status: ActionStatus, result: Value?)]
    ) async throws -> RunResult {
        try write("job.yml", text)
        let moment = clock.now()
        return await resume(
            try await abandoned { run in
                done.map { action in
                    ActionRecord(
                        run: run,
                        path: action.path,
                        index: action.index,
                        status: action.status,
                        result: action.result,
                        error: action.status == .failed
                            ? ErrorRecord(action: action.path, kind: "fail", message: "before") : nil,
                        startedAt: moment
                    )
                }
            }
        )
    }
}
