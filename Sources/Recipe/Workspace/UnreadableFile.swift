import Foundation

/// Why a file cannot be read.
public enum UnreadableFile: Sendable, Hashable {
    case missing
    /// A symbolic link that leads to nothing.
    case dangling
    /// Symbolic links that lead in a circle.
    case circle
    case directory
    /// A pipe, a socket or a device.
    case special
    /// The user may not read it.
    case forbidden
    case other

    /// What is wrong with the file at a path that could not be read.
    public init(at path: String) {
        var status = stat()
        guard stat(path, &status) == 0 else {
            switch errno {
            case ELOOP: self = .circle
            case EACCES: self = .forbidden
            default: self = lstat(path, &status) == 0 ? .dangling : .missing
            }
            return
        }
        switch status.st_mode & S_IFMT {
        case S_IFDIR: self = .directory
        case S_IFREG: self = access(path, R_OK) == 0 ? .other : .forbidden
        default: self = .special
        }
    }

    /// What is wrong, beside the path.
    public var message: String {
        switch self {
        case .missing: "the file does not exist"
        case .dangling: "the symbolic link leads to no file"
        case .circle: "the symbolic link leads back to itself"
        case .directory: "this is a directory, and a file is expected"
        case .special: "this is no ordinary file"
        case .forbidden: "this user may not read the file"
        case .other: "the file cannot be read"
        }
    }

    /// What to do about it.
    public var help: String? {
        switch self {
        case .missing, .other: nil
        case .dangling, .circle: "remove the link, or let it lead to a file"
        case .directory: "name a file in it"
        case .special: "copy what it gives into a file"
        case .forbidden: "change its mode or its owner, for example with `chmod u+r`"
        }
    }

    /// One sentence about the file at `path`, for a message that stands alone.
    public func sentence(_ path: String) -> String {
        guard self != .missing else { return "there is no file \(path) to read" }
        return "\(path) cannot be read: \(message)" + (help.map { "; \($0)" } ?? "")
    }
}
