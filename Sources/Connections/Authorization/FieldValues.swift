import CEL
import Recipe
import Synchronization

/// The values of a connection's fields, each resolved when an expression first reads it.
final class FieldValues: Sendable {
    private struct State {
        /// Every field of the connector; what is not resolved yet stands as null.
        var values: ValueMap
        var unresolved: Set<String>
        /// Counted up with each change of the two.
        var revision = 0
        var running: [String: Task<Result<Value, ConnectionError>, Never>] = [:]
    }

    private let connection: String
    private let sources: [String: FieldSource]
    private let secretNames: Set<String>
    /// Fields that must have a value.
    private let requiredNames: Set<String>
    private let resolver: SecretResolver
    private let redactor: Redactor
    private let state: Mutex<State>

    init(_ definition: Definition, resolver: SecretResolver, redactor: Redactor) {
        connection = definition.name
        self.resolver = resolver
        self.redactor = redactor
        let fields = definition.connector?.fields ?? []
        secretNames = Set(fields.filter(\.isSecret).map(\.name))
        requiredNames = Set(fields.filter { !$0.isOptional && $0.defaultValue == nil }.map(\.name))
        sources = Dictionary(definition.fields.map { ($0.name, $0.source) }) { _, last in last }
        var values = ValueMap()
        var unresolved: Set<String> = []
        for field in fields {
            values[field.name] = field.standardValue
            if field.isSecret { redactor.add(field.standardValue) }
        }
        for (name, source) in sources {
            guard case .literal(let value) = source else {
                unresolved.insert(name)
                continue
            }
            values[name] = value
            if secretNames.contains(name) { redactor.add(value) }
        }
        state = Mutex(State(values: values, unresolved: unresolved))
    }

    /// Differs from what it was before as soon as a field has another value, or is to be asked for again.
    var revision: Int { state.withLock { $0.revision } }

    private func known(_ needs: FieldNeeds) -> (values: ValueMap, revision: Int)? {
        state.withLock { $0.unresolved.contains(where: needs.contains) ? nil : ($0.values, $0.revision) }
    }

    /// The fields; resolves what is needed.
    ///
    /// A field that several ask for at once is resolved once.
    func values(for needs: FieldNeeds) async throws(ConnectionError) -> ValueMap {
        try await revised(needs).values
    }

    /// The fields with their `revision`; resolves what is needed.
    func revised(_ needs: FieldNeeds) async throws(ConnectionError) -> (values: ValueMap, revision: Int) {
        while true {
            if let known = known(needs) { return known }
            let missing = state.withLock { $0.unresolved.filter(needs.contains) }
            for name in missing.sorted() { try await resolve(name) }
        }
    }

    /// Asks the sources of these fields again at the next need.
    func forget(_ needs: FieldNeeds) {
        state.withLock { state in
            for (name, source) in sources where needs.contains(name) {
                if case .literal = source { continue }
                state.unresolved.insert(name)
                state.revision += 1
            }
        }
    }

    /// Reads secrets again that stand in files: they are renewed in place, as a workload's own token is each hour.
    ///
    /// One that cannot be read now stays what it was.
    ///
    /// - Parameter owner: a connection's identity; of what was read again only the newest stay hidden, as of tokens.
    func rereadFiles(_ needs: FieldNeeds, owner: String) async {
        let names = state.withLock { state in
            sources.filter { name, source in
                source.isFile && secretNames.contains(name) && needs.contains(name) && !state.unresolved.contains(name)
            }.map(\.key)
        }
        for name in names {
            guard let source = sources[name],
                let value = try? await resolver.resolve(
                    source,
                    field: name,
                    connection: connection,
                    isRequired: requiredNames.contains(name)
                )
            else { continue }
            let isKnown = state.withLock { $0.values[name] == value }
            if isKnown { continue }
            redactor.add([value], issuedTo: "\(owner)/\(name)")
            state.withLock { state in
                // Who asked for all of them again reads the file, too.
                guard !state.unresolved.contains(name) else { return }
                state.values[name] = value
                state.revision += 1
            }
        }
    }

    /// The secret fields among `needs` whose sources cost next to nothing, as they are now; those that cannot be read are left out.
    func cheapSecrets(_ needs: FieldNeeds) async -> [String: Value] {
        var result: [String: Value] = [:]
        for (name, source) in sources where secretNames.contains(name) && needs.contains(name) {
            for part in source.cheapParts {
                guard let value = try? await resolver.resolve(part, field: name, connection: connection) else {
                    continue
                }
                // With a stored token nothing else may read it in this process, and a server could still repeat it.
                redactor.add(value)
                if source.isCheap { result[name] = value }
            }
        }
        return result
    }

    /// Whether reading a secret among `needs` runs a program.
    func runsProgram(_ needs: FieldNeeds) -> Bool { !programSecrets(needs).isEmpty }

    /// The names of the secrets among `needs` that a program gives, wholly or in part.
    func programSecrets(_ needs: FieldNeeds) -> [String] {
        sources.filter { secretNames.contains($0.key) && needs.contains($0.key) && !$0.value.isCheap }.map(\.key)
    }

    /// Whether every field among `needs` can be read at next to no cost: nothing is run for it.
    func isCheap(_ needs: FieldNeeds) -> Bool {
        sources.allSatisfy { !needs.contains($0.key) || $0.value.isCheap }
    }

    /// Whether the connection or the connector says where a field's value comes from.
    func isGiven(_ name: String) -> Bool {
        sources[name] != nil || state.withLock { ($0.values[name] ?? .null) != .null }
    }

    /// Whether a field is a secret.
    func isSecret(_ name: String) -> Bool { secretNames.contains(name) }

    private func resolve(_ name: String) async throws(ConnectionError) {
        guard let source = sources[name] else { return }
        let task = state.withLock { state -> Task<Result<Value, ConnectionError>, Never> in
            if let running = state.running[name] { return running }
            let isRequired = requiredNames.contains(name)
            let task = Task { [resolver, connection] () -> Result<Value, ConnectionError> in
                do throws(ConnectionError) {
                    return .success(
                        try await resolver.resolve(source, field: name, connection: connection, isRequired: isRequired)
                    )
                } catch {
                    return .failure(error)
                }
            }
            state.running[name] = task
            return task
        }
        let result = await task.value
        if case .success(let value) = result, secretNames.contains(name) { redactor.add(value) }
        state.withLock { state in
            state.running[name] = nil
            if case .success(let value) = result {
                state.values[name] = value
                state.unresolved.remove(name)
                state.revision += 1
            }
        }
        _ = try result.get()
    }
}
