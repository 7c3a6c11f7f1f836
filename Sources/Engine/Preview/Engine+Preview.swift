public import CEL
import Connections
import Recipe
public import Store

extension Engine {
    /// Works out what `once` would send; sends nothing, renews nothing and records nothing.
    ///
    /// Throws where the recipe's state cannot be read.
    public func preview(_ plan: RecipePlan, inputs: Value) async throws(StoreError) -> Preview {
        let now = configuration.clock.now()
        let run = RunRecord(
            fire: FireKey(recipe: plan.recipe.name, trigger: TriggerName.once, scheduledAt: now),
            status: .running,
            cause: .person,
            startedAt: now,
            node: configuration.node,
            version: plan.recipe.version
        )
        let order = RunOrder(
            run: run,
            plan: plan,
            inputs: inputs,
            connections: configuration.workspace.connections,
            recipes: callablePlans
        )
        let context = RunContext(order: order, services: executor.services, done: [], handle: RunHandle())
        return try await Previewer(context).preview()
    }
}
