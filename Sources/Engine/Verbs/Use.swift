import CEL
import Connections
import Recipe

extension Performance {
    /// The verb `use`: an operation of the connection's connector.
    ///
    /// Its expressions see its inputs and the fields that are no secret, and nothing of the run. Its result is the operation's `output`, else that of the request.
    func use(_ call: OperationCall, in scope: Scope) async throws(Exit) -> VerbResult {
        let given = try evaluate { () throws(ExpressionError) in try call.arguments?.evaluate(in: scope) ?? .map([:]) }
        var inner = Scope(["inputs": try inputs(given, for: call), "env": run.services.environment])
        try await run.addConnection(of: step, to: &inner)
        var result = try await HTTPSender(self, call.operation.request, in: inner).perform(in: &inner)
        guard let output = call.operation.output, let response = result.response else { return result }
        let visible = inner.with("response", response)
        result.value = try evaluate { () throws(ExpressionError) in try output.evaluate(in: visible).storable }
        result.stored = nil
        return result
    }

    /// What is given, and the defaults of the rest.
    private func inputs(_ given: Value, for call: OperationCall) throws(Exit) -> Value {
        guard case .map(let given) = given else {
            throw failure(.type, "`with` of the operation `\(call.name)` must be a map, and is \(given.typeName.name)")
        }
        let definitions = call.operation.inputs
        if let unknown = given.first(where: { entry in !definitions.contains { $0.name == entry.key.text } }) {
            throw failure(.type, "the operation `\(call.name)` has no input `\(unknown.key.text)`")
        }
        var inputs = ValueMap()
        for definition in definitions {
            guard let value = given[definition.name] ?? definition.defaultValue ?? (definition.isOptional ? .null : nil)
            else { throw failure(.type, "the operation `\(call.name)` needs the input `\(definition.name)`") }
            if let problem = definition.problem(with: value) {
                throw failure(.type, "the input `\(definition.name)` of the operation `\(call.name)` \(problem)")
            }
            inputs[definition.name] = value
        }
        return .map(inputs)
    }
}
