import CEL
import Foundation
import TestSupport

/// The built executable, run as a user would.
struct Program {
    /// What a finished process left.
    struct Outcome: Sendable {
        let status: Int32
        let output: String
        let errors: String

        /// Standard output as JSON; null when it is none.
        var json: Value { (try? Value(json: output)) ?? .null }
    }

    /// `RUNNER_PROGRAM`, such as a release build, or what stands beside the tests' own executable.
    static let path: String = {
        if let given = ProcessInfo.processInfo.environment["RUNNER_PROGRAM"] { return given }
        let own =
            (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? CommandLine.arguments[0]
        return (own as NSString).deletingLastPathComponent + "/runner"
    }()

    let directory: String
    var environment: [String: String]

    /// A program that works in a directory of its own, with a key of its own and no other environment.
    init(in directory: String, _ environment: [String: String] = [:]) {
        self.directory = directory
        self.environment = ["PATH": "/usr/bin:/bin", "HOME": directory, "TZ": "UTC"].merging(environment) { _, new in
            new
        }
    }

    /// Runs it to its end.
    func run(_ arguments: String...) async throws -> Outcome {
        try await start(arguments).outcome()
    }

    /// Starts it and goes on.
    func start(_ arguments: [String]) async throws -> RunningProgram {
        try await RunningProgram(self, arguments)
    }
}

/// A process that is going on.
final class RunningProgram: Sendable {
    private let process: SpawnedProcess
    private let outputPath: String
    private let errorPath: String

    fileprivate init(_ program: Program, _ arguments: [String]) async throws {
        let base = NSTemporaryDirectory() + "runner-test-" + UUID().uuidString
        outputPath = base + ".out"
        errorPath = base + ".err"
        process = try await SpawnedProcess(
            Program.path,
            arguments,
            environment: program.environment,
            directory: program.directory,
            output: outputPath,
            errors: errorPath
        )
    }

    deinit {
        for path in [outputPath, errorPath] { try? FileManager.default.removeItem(atPath: path) }
    }

    /// The process number.
    var pid: Int32 { process.pid }

    /// Sends a signal.
    func send(_ signal: Int32) { process.send(signal) }

    /// What it has written to standard error so far.
    var errors: String { (try? String(contentsOfFile: errorPath, encoding: .utf8)) ?? "" }

    /// Waits for its end.
    func outcome() async throws -> Program.Outcome {
        let status = try await process.status()
        let output = (try? String(contentsOfFile: outputPath, encoding: .utf8)) ?? ""
        return Program.Outcome(status: status, output: output, errors: errors)
    }
}

/// A directory of files that is gone with the test.
final class TemporaryDirectory: Sendable {
    let path: String

    init(_ files: [String: String] = [:]) throws {
        path = NSTemporaryDirectory() + "runner-integration-" + UUID().uuidString
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        for (name, text) in files { try write(text, to: name) }
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    func write(_ text: String, to name: String) throws {
        let url = URL(fileURLWithPath: path + "/" + name)
        try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(text.utf8).write(to: url)
    }

    /// The bytes of every file below it, by path.
    func contents() -> [String: Data] {
        var contents: [String: Data] = [:]
        for case let name as String in FileManager.default.enumerator(atPath: path) ?? .init() {
            contents[name] = FileManager.default.contents(atPath: path + "/" + name)
        }
        return contents
    }
}

/// Waits until a condition holds; false when it does not within the time.
func eventually(within limit: Duration = .seconds(60), _ condition: () async throws -> Bool) async rethrows -> Bool {
    let end = ContinuousClock.now + limit
    while ContinuousClock.now < end {
        if try await condition() { return true }
        // Another process works on it; there is no event of ours to wait for.
        try? await Task.sleep(for: .milliseconds(200))
    }
    return false
}

extension Value {
    /// The items of a list; empty for anything else.
    var items: [Value] { if case .list(let items) = self { items } else { [] } }
    /// Text; empty for anything else.
    var string: String { if case .string(let text) = self { text } else { "" } }
}
