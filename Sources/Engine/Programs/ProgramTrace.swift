import CEL
import Glibc
import Store

/// What a run notes of a program while it is under way, so that another process can find it: number and beginning of the process, and the machine's boot.
struct ProgramTrace: Sendable, Hashable {
    /// The process, which leads a group of its own.
    let pid: Int32
    /// When it began, in clock ticks since the boot (proc(5)).
    let start: UInt64
    /// The boot, and the name space that process numbers belong to.
    let boot: String

    /// The trace of a process of this machine; nil when it is not there.
    init?(of pid: Int32) {
        guard let start = NodeRecord.processStart(of: pid) else { return nil }
        self.pid = pid
        self.start = start
        boot = NodeRecord.bootIdentity()
    }

    /// What is kept in the action's record.
    var value: Value {
        .map(["pid": .int(Int64(pid)), "start": .int(Int64(bitPattern: start)), "boot": .string(boot)])
    }

    /// What an action's record kept; nil for one that is none.
    init?(_ value: Value?) {
        guard case .int(let pid) = value?["pid"], case .int(let start) = value?["start"],
            case .string(let boot) = value?["boot"]
        else { return nil }
        self.pid = Int32(truncatingIfNeeded: pid)
        self.start = UInt64(bitPattern: start)
        self.boot = boot
    }

    /// What stands in a record before there is a process.
    static let intent = Value.map(["pid": .null])
}

/// The programs that a process left behind when it was killed in the middle of a run.
struct Leftovers {
    /// The variable by which a program says which run it belongs to.
    static let variable = "RUNNER_RUN"

    private let traces: [ProgramTrace]
    private let mark: [UInt8]
    private let isAny: Bool

    /// Those of a run, by the records of its actions.
    init(of run: RunID, in records: [ActionRecord]) {
        let open = records.filter { $0.status == .started && $0.result?["pid"] != nil }
        isAny = !open.isEmpty
        traces = open.compactMap { ProgramTrace($0.result) }
        mark = Array("\(Self.variable)=\(run)".utf8)
    }

    /// Ends them all, and returns when they are gone.
    func end() async {
        guard isAny else { return }
        let boot = NodeRecord.bootIdentity()
        let own = traces.filter { $0.boot == boot }
        for _ in 0..<Self.looks {
            let found = members(of: own)
            guard !found.isEmpty else { return }
            for pid in found { kill(pid, SIGKILL) }
            // Processes end in their own time, and tell nobody but their parent.
            try? await Task.sleep(for: .milliseconds(10))
        }
    }

    /// A killed process is gone within a few of them.
    private static let looks = 200

    private func members(of traces: [ProgramTrace]) -> [Int32] {
        guard let directory = opendir("/proc") else { return [] }
        defer { closedir(directory) }
        // A group is known by its leader, or, where that is gone, by the mark of those that are left: the number alone may be another's by now.
        let led = Set(traces.filter { NodeRecord.processStart(of: $0.pid) == $0.start }.map(\.pid))
        var found: [Int32] = []
        while let entry = readdir(directory) {
            let name = withUnsafePointer(to: entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            guard let pid = Int32(name), pid != getpid(), NodeRecord.processStart(of: pid) != nil else { continue }
            if led.contains(getpgid(pid)) || hasMark(pid) { found.append(pid) }
        }
        return found
    }

    /// Whether the process was started for this run: its environment (proc(5)) says so.
    private func hasMark(_ pid: Int32) -> Bool {
        let file = open("/proc/\(pid)/environ", O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return false }
        defer { close(file) }
        var content: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = read(file, &buffer, buffer.count)
            guard count > 0 else { break }
            content.append(contentsOf: buffer[..<count])
        }
        return content.split(separator: 0).contains { $0.elementsEqual(mark) }
    }
}
