import CEL
import Connections
import Engine
import Foundation
import Logging
import Recipe
import Store

/// `runner test --record`: runs tests against the real servers, and writes what they answer into the file.
struct TestRecording {
    let place: WorkspaceOptions
    /// Only tests whose name contains this.
    let name: String?

    /// Records the tests of a file.
    func record(_ file: TestFile, _ loader: WorkspaceLoader) async throws {
        guard let recipe = file.recipe, let source = file.source, !file.tests.isEmpty else { return }
        var edit = TestFileEdit(source)
        // From below, so that those above keep their lines.
        for test in file.tests.reversed() where name.map({ test.name.contains($0) }) ?? true {
            let recorder = ResponseRecorder()
            let runtime = try Runtime(
                try place.location(ofFile: file.absolutePath),
                loader: loader,
                workspace: file.workspace,
                store: place.store,
                lifetime: .brief,
                logger: Logger(label: "runner") { _ in SwiftLogNoOpLogHandler() },
                interceptor: recorder
            )
            let handle = RunHandle()
            let signals = Signals { _ in handle.cancel(.person) }
            defer { signals.cancel() }
            let performer = TestRecorder(runtime.configuration(observer: ProgressObserver()))
            let result = try await StoreAccess.asking { () async throws(StoreError) in
                try await performer.run(test, of: recipe, handle: handle)
            }
            await runtime.close()
            if result.status == .cancelled {
                throw Failure(
                    .runFailed,
                    "\(file.path): `\(test.name)` is not recorded: \(result.reason ?? "cancelled")"
                )
            }
            let base = (file.absolutePath as NSString).lastPathComponent.components(separatedBy: ".test.")[0]
            let responses = RecordedResponses(recorder.exchanges, runtime.redactor, base: base)
            guard edit.replaceResponses(of: test, by: responses.lines) else {
                throw Failure(
                    .invalid,
                    "\(file.path): `\(test.name)` stands in braces, where nothing can be recorded; write its keys one below the other"
                )
            }
            for (name, bytes) in responses.files {
                let directory = (file.absolutePath as NSString).deletingLastPathComponent
                try Self.write(Data(bytes), to: directory + "/" + name)
            }
            let count = recorder.exchanges.count
            let end = result.error.map { "; the run failed: \($0.description)" } ?? ""
            Terminal.errorLine("recorded \(count) \(count == 1 ? "answer" : "answers") for `\(test.name)`\(end)")
        }
        try Self.write(Data(edit.text.utf8), to: file.absolutePath)
    }

    /// Replaces a file as a whole.
    static func write(_ data: Data, to path: String) throws {
        do {
            try data.write(to: URL(fileURLWithPath: path), options: .atomic)
        } catch {
            throw Failure(.unable, "\(path) cannot be written: \(error.localizedDescription)")
        }
    }
}

/// `runner once --record`: makes a test of a run.
struct RunRecording {
    let recorder = ResponseRecorder()

    /// Writes a test with what the run was given, what it met, and what came of it; gives its path.
    func write(
        _ recipe: Recipe,
        file: String,
        inputs: Value,
        state: Value,
        fields: ValueMap,
        _ result: RunResult,
        _ redactor: Redactor,
        into directory: String,
        at moment: String
    ) throws -> String {
        let base = recipe.name.replacing("/", with: "-")
        let folder = WorkspaceLocation.absolute(directory)
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        let responses = RecordedResponses(recorder.exchanges, redactor, base: base)
        var given: ValueMap = ["recipe": .string(Self.path(of: file, from: folder)), "now": .string(moment)]
        if case .map(let map) = redactor.redact(inputs), !map.isEmpty { given["inputs"] = .map(map) }
        if !state.isNull { given["state"] = redactor.redact(state) }
        if !fields.isEmpty { given["connections"] = redactor.redact(.map(fields)) }
        var expected = ValueMap()
        if result.status == .succeeded {
            expected["output"] = redactor.redact(result.output ?? .null)
        } else {
            expected["status"] = .string(result.status.rawValue)
            if let error = result.error {
                // Its message names the server, which is another one in a test.
                expected["error"] = .map([
                    "kind": .string(error.kind.rawValue), "status": error.status.map { .int(Int64($0)) } ?? .null,
                ])
            }
        }
        let requests = recorder.exchanges.map(\.request).map { request -> Value in
            .map([request.method.lowercased(): .string(redactor.redact(request.path))])
        }
        expected["requests"] = .list(requests)
        expected["order"] = "any"
        let lines =
            ["# recorded by `runner once --record`"] + YAMLText.lines(.map(given)) + responses.lines
            + YAMLText.lines(.map(["expect": .map(expected)]))
        let path = "\(folder)/\(base).test.yml"
        for (name, bytes) in responses.files { try TestRecording.write(Data(bytes), to: folder + "/" + name) }
        try TestRecording.write(Data((lines.joined(separator: "\n") + "\n").utf8), to: path)
        return path
    }

    /// The fields of the connections that are no secrets, where a test would make up something else.
    static func fields(of workspace: Workspace, _ connections: ConnectionManager) async -> ValueMap {
        var result = ValueMap()
        for connection in workspace.connections.values.sorted(by: { $0.name < $1.name }) {
            // Fields that cannot be read now could not be sent with either.
            guard let visible = try? await connections.session(for: connection).visible(), case .map(let map) = visible
            else { continue }
            let made = Dictionary(connection.forTest(ValueMap()).fields.map { ($0.name, $0.source) }) { $1 }
            var own = ValueMap()
            for entry in map where !entry.value.isNull {
                if case .literal(let value)? = made[entry.key.text], value.isEqual(to: entry.value) { continue }
                own[entry.key] = entry.value
            }
            if !own.isEmpty { result[connection.name] = .map(own) }
        }
        return result
    }

    /// How one file is reached from a directory; both are absolute.
    private static func path(of file: String, from directory: String) -> String {
        let (to, from) = (file.split(separator: "/"), directory.split(separator: "/"))
        let common = zip(to, from).prefix { $0 == $1 }.count
        return (Array(repeating: "..", count: from.count - common) + to.dropFirst(common).map(String.init))
            .joined(separator: "/")
    }
}
