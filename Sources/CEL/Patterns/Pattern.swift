internal import CRE2

/// A regular expression in RE2's syntax.
///
/// Matching takes time linear in the text, whatever the pattern.
public final class Pattern: Sendable {
    /// Why a text is no pattern.
    public struct PatternError: Error, Hashable, Sendable {
        /// RE2's explanation.
        public let message: String
    }

    /// As written.
    public let text: String
    /// The number of capturing groups.
    public let groupCount: Int
    /// The number of instructions of the compiled program.
    let size: Int
    // Proof that `nonisolated(unsafe)` is safe: the pointer is a `let`, set in `init` before anybody else can see the pattern, and freed in `deinit` only.
    // Whoever matches keeps the pattern alive until RE2 has returned (`withExtendedLifetime`), so no match meets a freed object. In between it is only
    // matched with, which re2.h says many threads may do at once with one compiled object.
    private nonisolated(unsafe) let handle: OpaquePointer

    /// The memory, in bytes, that a pattern's program and automata may take; larger patterns are refused.
    ///
    /// Also bounds the time: filling 8 MiB, RE2's default, takes a quarter of a second.
    private static let memoryLimit: Int64 = 2 << 20

    /// Compiles a pattern; `ignoreCase` by Unicode's simple case folding.
    ///
    /// Throws when it is malformed or too large.
    public init(_ pattern: String, ignoreCase: Bool = false) throws(PatternError) {
        var text = pattern
        var error = [CChar](repeating: 0, count: 256)
        let compiled = text.withUTF8 { utf8 in
            utf8.withMemoryRebound(to: CChar.self) { bytes in
                cre2_compile(bytes.baseAddress, bytes.count, ignoreCase, Self.memoryLimit, &error, error.count)
            }
        }
        guard let compiled else {
            let message = String(decoding: error.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
            throw PatternError(message: message)
        }
        handle = compiled
        groupCount = Int(cre2_group_count(compiled))
        size = Int(cre2_program_size(compiled))
        self.text = pattern
    }

    deinit {
        cre2_free(handle)
    }

    /// Whether the pattern matches any part of `text`.
    public func matches(anywhereIn text: String) -> Bool {
        CodePoints.withBytes(text) { matches(anywhereIn: $0) }
    }

    /// Whether the pattern matches any part of `text`, in UTF-8.
    public func matches(anywhereIn text: UnsafeBufferPointer<UInt8>) -> Bool {
        text.withMemoryRebound(to: CChar.self) { bytes in
            withExtendedLifetime(self) { cre2_find(handle, bytes.baseAddress, bytes.count, 0, nil, 0) }
        }
    }

    /// The leftmost match from byte `start` on: the whole, then its groups; nil for a group that took no part.
    func find(in text: UnsafeBufferPointer<UInt8>, from start: Int) -> [Range<Int>?]? {
        var spans = [cre2_span](repeating: cre2_span(start: -1, end: -1), count: groupCount + 1)
        let found = text.withMemoryRebound(to: CChar.self) { bytes in
            withExtendedLifetime(self) {
                cre2_find(handle, bytes.baseAddress, bytes.count, start, &spans, Int32(clamping: spans.count))
            }
        }
        guard found else { return nil }
        return spans.map { $0.start >= 0 ? Int($0.start)..<Int($0.end) : nil }
    }
}
