public import CEL
import Glibc
public import Recipe
import Subprocess
import SystemPackage

/// Finds the values that a connection's file only points to: environment variables, files, programs, systemd credentials.
public struct SecretResolver: Sendable {
    private let environment: [String: String]
    private let workspaceRoot: String
    private let commandLimit: Duration

    /// A resolver.
    ///
    /// - Parameters:
    ///   - environment: the real environment, with the workspace's `.env` below it.
    ///   - workspaceRoot: what relative `file:` paths are relative to.
    ///   - commandLimit: the longest that a `command:` may take.
    public init(environment: [String: String], workspaceRoot: String, commandLimit: Duration = .seconds(30)) {
        self.environment = environment
        self.workspaceRoot = workspaceRoot
        self.commandLimit = commandLimit
    }

    /// The value of a field.
    ///
    /// Throws `configuration` with the name of the field, the connection, and what to do.
    /// - Parameter isRequired: an empty text is no value.
    public func resolve(
        _ source: FieldSource,
        field: String,
        connection: String,
        isRequired: Bool = false
    ) async throws(ConnectionError) -> Value {
        let value = try await value(of: source, field: field, connection: connection)
        guard isRequired, value == "" else { return value }
        let origin: String
        switch source {
        case .env(let name, _):
            // An empty default is meant so.
            guard environment[name] != nil else { return value }
            origin = "the environment variable \(name)"
        case .file(let path): origin = path
        case .credential(let name): origin = "the systemd credential `\(name)`"
        case .literal, .command, .group: return value
        }
        throw ConnectionError(
            .configuration,
            "\(origin) is empty, and the field `\(field)` of the connection `\(connection)` needs it"
        )
    }

    private func value(
        of source: FieldSource,
        field: String,
        connection: String
    ) async throws(ConnectionError) -> Value {
        let what = "the field `\(field)` of the connection `\(connection)`"
        switch source {
        case .literal(let value):
            return value
        case .env(let name, let fallback):
            guard let value = environment[name] else {
                if let fallback { return fallback }
                throw ConnectionError(
                    .configuration,
                    "the environment variable \(name) is not set, and \(what) needs it; set it, or write it into the workspace's .env"
                )
            }
            return .string(Self.withoutLineEnds(value))
        case .file(let path):
            return .string(try contents(ofFile: path, for: what))
        case .credential(let name):
            guard let directory = environment["CREDENTIALS_DIRECTORY"] else {
                throw ConnectionError(
                    .configuration,
                    "\(what) is the systemd credential `\(name)`, but CREDENTIALS_DIRECTORY is not set; run it as a service with LoadCredential=\(name):…"
                )
            }
            guard !name.isEmpty, !name.contains("/"), name != ".." else {
                throw ConnectionError(.configuration, "\(what): `\(name)` is no name of a systemd credential")
            }
            return .string(try Self.read(directory + "/" + name, shown: "credential \(name)", for: what))
        case .group(let members):
            var values = ValueMap()
            for (name, source) in members {
                values[name] = try await resolve(source, field: "\(field).\(name)", connection: connection)
            }
            return .map(values)
        case .command(let words):
            return .string(try await run(words, for: what))
        }
    }

    /// The text of a file without the line breaks at its end; `path` is absolute or relative to the workspace.
    ///
    /// Throws `configuration` with the path, the reason, and `what` needs it.
    public func contents(ofFile path: String, for what: String) throws(ConnectionError) -> String {
        try Self.read(path.hasPrefix("/") ? path : workspaceRoot + "/" + path, shown: path, for: what)
    }

    private static func read(_ path: String, shown: String, for what: String) throws(ConnectionError) -> String {
        func failure(_ reason: String) -> ConnectionError {
            ConnectionError(.configuration, "\(shown) cannot be read: \(reason); \(what) needs it")
        }
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw failure(String(cString: strerror(errno))) }
        defer { close(descriptor) }
        var content: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = Glibc.read(descriptor, &buffer, buffer.count)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw failure(String(cString: strerror(errno))) }
            if count == 0 { break }
            content.append(contentsOf: buffer[..<count])
            guard content.count <= 1 << 20 else { throw failure("it is larger than 1 MiB") }
        }
        guard let text = String(validating: content, as: UTF8.self) else { throw failure("it is no UTF-8 text") }
        // Some editors begin a file with the mark of its byte order, which nobody sees.
        let isMarked = text.unicodeScalars.first == "\u{FEFF}"
        return withoutLineEnds(isMarked ? String(text.unicodeScalars.dropFirst()) : text)
    }

    /// The text without the line breaks at its end: who keeps a secret in a file or a variable mostly gets one too many, and no secret ends in one.
    private static func withoutLineEnds(_ text: String) -> String {
        var text = text
        while let last = text.last, last == "\n" || last == "\r\n" || last == "\r" { text.removeLast() }
        return text
    }

    /// The first line of a program's output.
    ///
    /// Its arguments and its errors are never shown: both may hold secrets.
    private func run(_ words: [String], for what: String) async throws(ConnectionError) -> String {
        guard let program = words.first else { throw ConnectionError(.configuration, "\(what): the command is empty") }
        let mend = "\(what) needs it; run it by hand to see why"
        let executable: Executable =
            program.contains("/")
            ? .path(FilePath(program.hasPrefix("/") ? program : workspaceRoot + "/" + program)) : .name(program)
        let outcome: CommandOutcome
        do {
            outcome = try await withThrowingTaskGroup(of: CommandOutcome.self) { [workspaceRoot, commandLimit] group in
                group.addTask {
                    var options = PlatformOptions()
                    options.teardownSequence = [.send(signal: .kill, allowedDurationToNextStep: .zero)]
                    let result = try await Subprocess.run(
                        executable,
                        arguments: Arguments(Array(words.dropFirst())),
                        workingDirectory: FilePath(workspaceRoot),
                        platformOptions: options,
                        output: .string(limit: 1 << 20)
                    )
                    return result.terminationStatus.isSuccess
                        ? .output(result.standardOutput) : .failed("\(result.terminationStatus)")
                }
                group.addTask {
                    try await Task.sleep(for: commandLimit, clock: .continuous)
                    return .timedOut
                }
                defer { group.cancelAll() }
                return try await group.next() ?? .timedOut
            }
        } catch is CancellationError {
            throw .cancelled
        } catch {
            throw ConnectionError(.configuration, "the command `\(program)` could not be run; \(mend)")
        }
        switch outcome {
        case .timedOut:
            throw ConnectionError(
                .configuration,
                "the command `\(program)` did not end within \(commandLimit.text); \(mend)"
            )
        case .failed(let status):
            throw ConnectionError(.configuration, "the command `\(program)` failed (\(status)); \(mend)")
        case .output(let text):
            // Not every character that breaks a line on paper ends one here: a secret may hold U+2028.
            let line = text.prefix { $0 != "\n" && $0 != "\r\n" && $0 != "\r" }
            guard !line.isEmpty else {
                throw ConnectionError(.configuration, "the command `\(program)` printed nothing; \(mend)")
            }
            return String(line)
        }
    }

    private enum CommandOutcome: Sendable {
        case output(String)
        case failed(String)
        case timedOut
    }
}

extension FieldSource {
    /// Reading it again costs next to nothing.
    var isCheap: Bool {
        switch self {
        case .literal, .env, .file, .credential: true
        case .command: false
        case .group(let members): members.allSatisfy(\.source.isCheap)
        }
    }

    /// What it gives stands in a file, or a part of it does, and no program must be run to read it again.
    var isFile: Bool {
        switch self {
        case .file, .credential: true
        case .literal, .env, .command: false
        case .group(let members): isCheap && members.contains(where: \.source.isFile)
        }
    }

    /// What of it can be read at next to no cost: of a group its cheap members.
    var cheapParts: [FieldSource] {
        if isCheap { return [self] }
        if case .group(let members) = self { return members.flatMap(\.source.cheapParts) }
        return []
    }
}
