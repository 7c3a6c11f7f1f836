import CEL
import Connections
import Recipe

extension Performance {
    /// The verb `use`: an operation of the connection's connector.
    ///
    /// Its expressions see its inputs and the fields that are no secret, and nothing of the run. Its result is the operation's `output`, else that of the request.
    func use(_ call: OperationCall, in scope: Scope) async throws(Exit) -> VerbResult {
        let given = try evaluate { () throws(ExpressionError) in try call.arguments?.evaluate(in: scope) ?? .map([:]) }
        let owner = "the operation `\(call.name)`"
        let inputs = try inputs(given, key: "with", call.operation.inputs, of: owner)
        var inner = Scope(["inputs": inputs, "env": run.services.environment])
        try await run.addConnection(of: step, to: &inner)
        var result = try await HTTPSender(self, call.operation.request, in: inner).perform(in: &inner)
        guard let output = call.operation.output, let response = result.response else { return result }
        let visible = inner.with("response", response)
        result.value = try evaluate { () throws(ExpressionError) in try output.evaluate(in: visible).storable }
        result.stored = nil
        return result
    }
}
