import Glibc

/// Gives memory that is not used any more back to the system.
public enum HeapTrim {
    private typealias Trim = @convention(c) (Int) -> Int32

    /// `malloc_trim(3)`, looked up because Swift's Glibc module leaves `<malloc.h>` out; nil with another C library.
    private static let trim: Trim? = dlsym(nil, "malloc_trim").map { symbol in
        // The signature is that of the manual page: int malloc_trim(size_t pad).
        unsafeBitCast(symbol, to: Trim.self)
    }

    /// Takes some milliseconds for a hundred megabytes.
    public static func run() {
        _ = trim?(0)
    }
}
