public import Schedule

/// The name of one process that works on the store.
public struct NodeID: Hashable, Sendable, CustomStringConvertible {
    /// Any text that no other process has.
    public let text: String

    /// A new name.
    public init() { text = RunID().text }

    /// The node of that name.
    public init(_ text: String) { self.text = text }

    /// See ``Store/description``.
    public var description: String { text }
}

/// What a process does on a store.
public enum NodeRole: String, Sendable, Hashable, CaseIterable {
    /// It serves fires, and whatever others leave to it: `runner start`.
    case scheduler
    /// It does one run and ends: `runner once`.
    case single
}

/// A process that works on the store, with what others need to tell whether it still lives.
public struct NodeRecord: Sendable, Hashable {
    /// Its name.
    public var id: NodeID
    /// What it does.
    public var role: NodeRole
    /// Host name.
    public var host: String
    /// Which boot of which kernel, and which process namespace: only inside the same one do process numbers mean anything.
    public var boot: String
    /// Process number.
    public var pid: Int32
    /// When the process started, in clock ticks since boot (field 22 of `/proc/PID/stat`); tells a reused number from the same process.
    public var processStart: UInt64
    /// How long others, who cannot see the process, take it for alive.
    public var leaseUntil: Instant

    /// A node.
    public init(
        id: NodeID,
        role: NodeRole = .scheduler,
        host: String,
        boot: String,
        pid: Int32,
        processStart: UInt64,
        leaseUntil: Instant
    ) {
        self.id = id
        self.role = role
        self.host = host
        self.boot = boot
        self.pid = pid
        self.processStart = processStart
        self.leaseUntil = leaseUntil
    }
}
