/// A command's failure: one message and the exit code that it means.
struct Failure: Error {
    /// The exit codes of the command line.
    enum Code: Int32 {
        /// A run failed.
        case runFailed = 1
        /// Invalid input or usage.
        case invalid = 2
        /// Cannot work here: store locked, port taken.
        case unable = 3
        case interrupted = 130
    }

    let code: Code
    let message: String

    init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }
}
