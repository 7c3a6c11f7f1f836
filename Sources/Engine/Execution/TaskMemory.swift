import CLinux

/// The memory in which a task keeps the frames of its asynchronous functions, in bytes.
///
/// Left alone, a task takes it piece by piece as calls go deeper, and gives back pieces that are too small for the next call: in a run some forty calls of
/// the allocator. One piece that is there before the first call serves all of them; what goes deeper than it takes more as always.
enum TaskMemory {
    /// For a run that sends a request.
    static let run = 24_000
    /// For one item of a concurrent `foreach`, which has fewer calls below it.
    static let item = 12_000

    /// Takes one piece for the task that asks; to be called before it calls anything else.
    static func reserve(_ bytes: Int) { clinux_reserve_task_memory(bytes) }
}
