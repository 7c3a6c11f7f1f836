import CLinux
import Glibc

/// What is needed to start a program.
struct ProgramStart: Sendable {
    /// Why a program could not be started; names it, and says what to do.
    struct Failure: Error {
        let message: String
    }

    /// The program and its arguments.
    var words: [String]
    /// All of its environment.
    var environment: [String: String]
    /// Where it works.
    var directory: String
    /// What it reads; nil for nothing.
    var input: [UInt8]?

    /// What people see of the program: its name without the way to it, and without its arguments, which may hold what is nobody's business.
    var name: String { words.first?.split(separator: "/").last.map(String.init) ?? "" }

    /// Starts it: the number of the process, which is also that of its group, and where its standard output and errors are read.
    func start() throws(Failure) -> (pid: Int32, streams: [Int32]) {
        try check()
        let path = try executable()
        let reader = try openInput()
        defer { close(reader) }
        let output = try pipe()
        defer { close(output.writer) }
        let errors: (reader: Int32, writer: Int32)
        do {
            errors = try pipe()
        } catch {
            close(output.reader)
            throw error
        }
        defer { close(errors.writer) }
        var pid: Int32 = 0
        let variables = environment.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
        let error = withStrings(words) { words in
            withStrings(variables) { variables in
                path.withCString { path in
                    directory.withCString { directory in
                        var program = clinux_program(
                            path: path,
                            arguments: words,
                            environment: variables,
                            directory: directory,
                            input: reader,
                            output: output.writer,
                            errors: errors.writer
                        )
                        return clinux_program_start(&program, &pid)
                    }
                }
            }
        }
        guard error == 0 else {
            close(output.reader)
            close(errors.reader)
            throw failure(error)
        }
        return (pid, [output.reader, errors.reader])
    }

    /// A zero byte would end the text for the program.
    private func check() throws(Failure) {
        let texts = words + environment.flatMap { [$0.key, $0.value] } + [directory]
        guard texts.allSatisfy({ !$0.utf8.contains(0) }) else {
            throw Failure(
                message: "an argument or a variable for `\(name)` holds a zero byte, which no program can be given"
            )
        }
        var status = stat()
        guard stat(directory, &status) == 0, status.st_mode & S_IFMT == S_IFDIR else {
            throw Failure(message: "there is no directory `\(directory)` for `\(name)` to work in; see `cwd`")
        }
    }

    /// The file of the program: a name with a slash is a path, any other is looked for in the directories of its `PATH`.
    private func executable() throws(Failure) -> String {
        let word = words.first ?? ""
        guard !word.isEmpty else { throw Failure(message: "the program has no name") }
        if word.contains("/") {
            let path = word.hasPrefix("/") ? word : "\(directory)/\(word)"
            var status = stat()
            guard stat(path, &status) == 0 else {
                throw Failure(message: "there is no program `\(path)`; install it, or correct the path")
            }
            guard status.st_mode & S_IFMT != S_IFDIR else {
                throw Failure(message: "`\(path)` is a directory, not a program; write the path of a file in it")
            }
            // The program is started from the directory.
            return word
        }
        let places = environment["PATH"] ?? ""
        for place in places.split(separator: ":") {
            let path = "\(place)/\(word)"
            var status = stat()
            let isFile = stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFREG
            if isFile, access(path, X_OK) == 0 { return path }
        }
        throw Failure(
            message:
                "there is no program `\(word)` in the directories of PATH (\(places)); install it, or write the whole path"
        )
    }

    private func openInput() throws(Failure) -> Int32 {
        let descriptor =
            input.map { content in content.withUnsafeBytes { clinux_memory_file($0.baseAddress, UInt($0.count)) } }
            ?? open("/dev/null", O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw failure(errno) }
        return descriptor
    }

    /// A pipe whose end for reading does not block.
    private func pipe() throws(Failure) -> (reader: Int32, writer: Int32) {
        var ends: [Int32] = [0, 0]
        guard clinux_pipe(&ends) == 0 else { throw failure(errno) }
        _ = fcntl(ends[0], F_SETFL, O_NONBLOCK)
        return (ends[0], ends[1])
    }

    private func failure(_ error: Int32) -> Failure {
        switch error {
        case EACCES: Failure(message: "`\(name)` may not be executed; run `chmod +x` on it")
        case ENOEXEC: Failure(message: "`\(name)` is no program; a script begins with a line such as `#!/bin/sh`")
        case ENOENT: Failure(message: "`\(name)` cannot be started: the interpreter that it names is not there")
        default: Failure(message: "`\(name)` cannot be started: \(String(cString: strerror(error)))")
        }
    }

    /// Calls `body` with a list of C strings that ends with NULL.
    private func withStrings<Result>(
        _ strings: [String],
        _ body: (UnsafePointer<UnsafeMutablePointer<CChar>?>?) -> Result
    ) -> Result {
        var pointers = strings.map { strdup($0) }
        pointers.append(nil)
        defer { for pointer in pointers { free(pointer) } }
        return pointers.withUnsafeBufferPointer { body($0.baseAddress) }
    }
}
