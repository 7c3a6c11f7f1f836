import Glibc

/// Standard output and standard error.
enum Terminal {
    /// Whether standard error is a person's terminal.
    static let isInteractive = isatty(STDERR_FILENO) == 1

    /// Whether colour may be used on a stream: it is a terminal, and `NO_COLOR` (no-color.org) and a dumb terminal do not forbid it.
    static func allowsColour(_ descriptor: Int32) -> Bool {
        guard isatty(descriptor) == 1, getenv("NO_COLOR") == nil else { return false }
        guard let term = getenv("TERM") else { return false }
        return strcmp(term, "dumb") != 0
    }

    /// Writes a line to standard output.
    ///
    /// Where it does not get there, as on a full disk, the process says so and exits 3: whoever reads a file must not take it for the whole. A reader that
    /// went away has what it wanted.
    static func out(_ text: String) {
        let problem = write(text + "\n", to: STDOUT_FILENO)
        guard problem != 0, problem != EPIPE else { return }
        error("standard output cannot be written: \(String(cString: strerror(problem)))")
        exit(Failure.Code.unable.rawValue)
    }

    /// Writes a line to standard error.
    static func errorLine(_ text: String) { write(text + "\n", to: STDERR_FILENO) }

    /// Opens what is closed of the three standard streams.
    ///
    /// The next file or socket would take its number, and what is meant for people would go there.
    static func openStandardStreams() {
        for descriptor in STDIN_FILENO...STDERR_FILENO where fcntl(descriptor, F_GETFD) < 0 {
            // It gets the lowest number that is free, which is this one.
            _ = open("/dev/null", O_RDWR)
        }
    }

    /// Writes `runner: …` to standard error.
    static func error(_ message: String) {
        let name = allowsColour(STDERR_FILENO) ? "\u{1B}[31mrunner:\u{1B}[0m" : "runner:"
        errorLine("\(name) \(message)")
    }

    /// Gives the number of the error, 0 when all is written.
    @discardableResult
    private static func write(_ text: String, to descriptor: Int32) -> Int32 {
        var text = text
        return text.withUTF8 { bytes in
            var rest = UnsafeRawBufferPointer(bytes)
            while let base = rest.baseAddress, !rest.isEmpty {
                let written = Glibc.write(descriptor, base, rest.count)
                if written < 0 {
                    if errno == EINTR || errno == EAGAIN { continue }
                    return errno
                }
                rest = UnsafeRawBufferPointer(rebasing: rest[written...])
            }
            return 0
        }
    }
}
