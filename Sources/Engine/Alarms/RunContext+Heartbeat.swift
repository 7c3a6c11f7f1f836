import CEL
import Connections
import Recipe
import Store

extension RunContext {
    /// Asks for the recipe's `heartbeat`, after a success.
    ///
    /// The run has ended: what goes wrong here is told, and changes nothing of it.
    func callHeartbeat() async {
        guard let heartbeat = plan.recipe.alarms.heartbeat else { return }
        let scope = Scope([
            "recipe": .map(["name": .string(plan.recipe.name), "version": .string(plan.recipe.version)]),
            "env": services.environment,
        ])
        var problem: String?
        do {
            var request = PreparedRequest(.get, try heartbeat.text(in: scope))
            request.timeout = Defaults.heartbeatTimeout
            let response = try await services.connections.directSession.send(request)
            if !(200...299).contains(response.status) { problem = "the server answered \(response.status)" }
        } catch let failure as RequestFailure {
            problem = failure.message
        } catch {
            problem = "\(error)"
        }
        if let problem { report(.heartbeatFailed(run: run, recipe: plan.recipe.name, redact(problem))) }
    }
}
