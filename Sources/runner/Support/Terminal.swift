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
    static func out(_ text: String) { write(text + "\n", to: STDOUT_FILENO) }

    /// Writes a line to standard error.
    static func errorLine(_ text: String) { write(text + "\n", to: STDERR_FILENO) }

    /// Writes `runner: …` to standard error.
    static func error(_ message: String) {
        let name = allowsColour(STDERR_FILENO) ? "\u{1B}[31mrunner:\u{1B}[0m" : "runner:"
        errorLine("\(name) \(message)")
    }

    private static func write(_ text: String, to descriptor: Int32) {
        var text = text
        text.withUTF8 { bytes in
            var rest = UnsafeRawBufferPointer(bytes)
            while let base = rest.baseAddress, !rest.isEmpty {
                let written = Glibc.write(descriptor, base, rest.count)
                if written < 0 {
                    if errno == EINTR || errno == EAGAIN { continue }
                    return
                }
                rest = UnsafeRawBufferPointer(rebasing: rest[written...])
            }
        }
    }
}
