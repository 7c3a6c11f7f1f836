import CEL
import Recipe
import Store

extension ConnectionSession {
    /// How the account behind the connection is called (`identity:`), kept in the store for listings.
    ///
    /// May send one request. Nil where the connector does not say, or the answer has no name; a failure here is nobody's business but the listing's.
    @discardableResult
    public func learnAccount() async throws(RequestFailure) -> String? {
        guard let authorization = definition.authorization, let source = authorization.identity else { return nil }
        let name: Value
        do {
            switch source {
            case .text(let template):
                let bag = try await credentials(FieldNeeds(template.expressions)).bag
                name = try template.evaluate(in: definition.scope(bag, environment: services.environment))
            case .request(let step):
                name = try await answer(to: step)
            }
            let text = name.isNull ? "" : String(redact(name.text).inOneLine.prefix(200))
            try await services.store.setAccount(text.isEmpty ? nil : text, of: try await identity())
            return text.isEmpty ? nil : text
        } catch let failure as RequestFailure {
            throw failure
        } catch let error as ConnectionError {
            throw RequestFailure(error, request: "`identity` of the connection `\(self.name)`")
        } catch {
            throw RequestFailure(.configuration, "`identity` of the connection `\(self.name)`: \(redact("\(error)"))")
        }
    }

    private func answer(to step: Exchange.Step) async throws -> Value {
        let needs = definition.sendNeeds.union(FieldNeeds(step.request.expressions))
            .union(FieldNeeds(step.output?.expressions ?? []))
        let bag = try await credentials(needs).bag
        let scope = definition.scope(bag, environment: services.environment)
        let response = try await send(try PreparedRequest(step.request, scope: scope))
        guard response.isSuccess else {
            throw RequestFailure(
                .response(response.status),
                "the request of `identity` was answered \(response.status)"
            )
        }
        return try step.output?.evaluate(in: scope.with("response", response.value)) ?? .null
    }
}
