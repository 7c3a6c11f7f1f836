import Glibc
public import Schedule

extension NodeRecord {
    /// This process.
    public static func current(
        id: NodeID = NodeID(),
        role: NodeRole = .scheduler,
        leaseUntil: Instant
    ) -> NodeRecord {
        let pid = getpid()
        return NodeRecord(
            id: id,
            role: role,
            host: hostName(),
            boot: bootIdentity(),
            pid: pid,
            processStart: processStart(of: pid) ?? 0,
            leaseUntil: leaseUntil
        )
    }

    /// Whether the process is there, as far as this machine can tell; nil when it cannot, being another one.
    public var isProcessAlive: Bool? {
        guard host == Self.hostName(), boot == Self.bootIdentity() else { return nil }
        return Self.processStart(of: pid) == processStart
    }

    /// Whether the node is alive: its process, when it is one of this machine, says so at once; else its lease does.
    public func isAlive(now: Instant) -> Bool { isProcessAlive ?? (leaseUntil > now) }

    private static func hostName() -> String {
        withUnsafeTemporaryAllocation(of: CChar.self, capacity: 256) { name in
            name.initialize(repeating: 0)
            // The last byte stays zero, whatever the length.
            guard let base = name.baseAddress, gethostname(base, name.count - 1) == 0 else { return "localhost" }
            return String(cString: base)
        }
    }

    /// The machine's boot, and the name space that process numbers belong to: numbers of one say nothing in another.
    public static func bootIdentity() -> String {
        let boot = String(
            decoding: contents("/proc/sys/kernel/random/boot_id").prefix { $0 != UInt8(ascii: "\n") },
            as: UTF8.self
        )
        // Two containers share a boot, and perhaps a host name, but not their process numbers.
        var status = stat()
        guard stat("/proc/self/ns/pid", &status) == 0 else { return boot }
        return "\(boot)/\(status.st_ino)"
    }

    /// Field 22 of `/proc/PID/stat` (proc(5)); nil when there is no such process, or only its zombie.
    public static func processStart(of pid: Int32) -> UInt64? {
        let text = contents("/proc/\(pid)/stat")
        // Field 2 is the program's name in parentheses, and may hold anything, also parentheses and spaces.
        guard let end = text.lastIndex(of: UInt8(ascii: ")")) else { return nil }
        let fields = text[text.index(after: end)...].split(separator: UInt8(ascii: " "))
        guard fields.count > 19, fields[0] != [UInt8(ascii: "Z")] else { return nil }
        return UInt64(String(decoding: fields[19], as: UTF8.self))
    }

    /// The beginning of a small file of the kernel's; empty when it cannot be read.
    private static func contents(_ path: String) -> [UInt8] {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return [] }
        defer { close(file) }
        return [UInt8](unsafeUninitializedCapacity: 1024) { buffer, count in
            count = max(0, read(file, buffer.baseAddress, buffer.count))
        }
    }
}
