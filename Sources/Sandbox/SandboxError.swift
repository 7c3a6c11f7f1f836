/// Why a sandbox cannot run.
public enum SandboxError: Error, Equatable, CustomStringConvertible {
    /// Another process listens on the port already.
    case portInUse(Int)
    /// This user may not listen on the port.
    case portNotPermitted(Int)
    /// A setting is outside of what it may be.
    case invalidSetting(name: String, allowed: String)

    /// One sentence for a person.
    public var description: String {
        switch self {
        case .portInUse(let port):
            "port \(port) on 127.0.0.1 is taken: choose another one, or 0 for any that is free"
        case .portNotPermitted(let port):
            "listening on port \(port) of 127.0.0.1 is not permitted: choose one from 1024 up, or 0 for any that is free"
        case .invalidSetting(let name, let allowed):
            "\(name) must be \(allowed)"
        }
    }
}
