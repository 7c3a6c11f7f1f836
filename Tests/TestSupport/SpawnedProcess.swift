import Glibc
import Subprocess
import SystemPackage

/// A program that a test has started; killed when nobody holds it any more.
///
/// Foundation's `Process` is no choice here: its `run()` reads past the end of a directory entry of `/proc/self/fd`, which ends a test
/// process with many open files now and then (swift-corelibs-foundation, pull request 5472).
public final class SpawnedProcess: Sendable {
    /// The process number.
    public let pid: Int32
    private let end: Task<Int32, any Error>

    /// Starts a program, and returns once it is there.
    ///
    /// - Parameters:
    ///   - environment: all of its environment.
    ///   - directory: where it works; nil is this process's directory.
    ///   - output: the file that it writes standard output to; it is emptied first.
    ///   - errors: the file that it writes standard error to; it is emptied first.
    public init(
        _ path: String,
        _ arguments: [String] = [],
        environment: [String: String] = [:],
        directory: String? = nil,
        output: String = "/dev/null",
        errors: String = "/dev/null"
    ) async throws {
        let output = try Self.open(output)
        let errors = try Self.open(errors)
        let variables = Dictionary(
            uniqueKeysWithValues: environment.compactMap { name, value in
                Environment.Key(rawValue: name).map { ($0, value) }
            }
        )
        let (started, announce) = AsyncStream.makeStream(of: Int32.self)
        end = Task {
            defer { announce.finish() }
            var options = PlatformOptions()
            options.teardownSequence = [.send(signal: .kill, allowedDurationToNextStep: .zero)]
            let result = try await Subprocess.run(
                .path(FilePath(path)),
                arguments: Arguments(arguments),
                environment: .custom(variables),
                workingDirectory: directory.map { FilePath($0) },
                platformOptions: options,
                input: .none,
                output: .fileDescriptor(output, closeAfterSpawningProcess: true),
                error: .fileDescriptor(errors, closeAfterSpawningProcess: true)
            ) { process in
                announce.yield(process.processIdentifier.value)
            }
            switch result.terminationStatus {
            case .exited(let code): return code
            case .signaled(let signal): return signal
            }
        }
        var numbers = started.makeAsyncIterator()
        guard let pid = await numbers.next() else {
            // It was not started, and the task says why.
            _ = try await end.value
            throw CancellationError()
        }
        self.pid = pid
    }

    deinit { end.cancel() }

    /// Sends a signal.
    public func send(_ signal: Int32) { kill(pid, signal) }

    /// Waits for its end: its exit status, or the number of the signal that ended it.
    public func status() async throws -> Int32 { try await end.value }

    private static func open(_ path: String) throws -> FileDescriptor {
        try FileDescriptor.open(
            path,
            .writeOnly,
            options: [.create, .truncate, .closeOnExec],
            permissions: [.ownerReadWrite]
        )
    }
}
