/// Why a text is not a size in bytes.
public struct ByteSizeError: Error, Hashable {
    /// What is wrong, as a sentence without a full stop.
    public var message: String
    /// What to write instead.
    public var help: String?
    /// The part that is wrong, as UTF-8 offsets in the text.
    public var range: Range<Int>
}

/// Sizes in bytes as people write them: `64KiB 10MB 512B 4096`.
///
/// `kB MB GB TB` are powers of 1,000; `KiB MiB GiB TiB` are powers of 1,024 (IEC 80000-13). Case does not count; no
/// unit means bytes.
public enum ByteSizeText {
    /// Reads a size; a fraction of a byte is dropped.
    ///
    /// - Throws: `ByteSizeError` with the place and the mend.
    public static func parse(_ text: some StringProtocol) throws(ByteSizeError) -> Int {
        let bytes = Array(text.utf8)
        var reader = DurationReader(bytes)
        let whole = 0..<bytes.count
        let parsed: DecimalNumber?
        do {
            parsed = try reader.number(fractionMarks: [UInt8(ascii: ".")])
        } catch {
            throw ByteSizeError(message: "the size is too large", help: nil, range: whole)
        }
        guard let number = parsed else {
            throw ByteSizeError(message: "\"\(text)\" is not a size", help: examples, range: whole)
        }
        var start = reader.position
        while start < bytes.count, bytes[start] == UInt8(ascii: " ") { start += 1 }
        let unit = String(decoding: bytes[start...], as: UTF8.self)
        guard let size = units[unit.lowercased()] else {
            throw ByteSizeError(
                message: "unknown unit \"\(unit)\"",
                help: "the units are B, kB, MB, GB, TB and KiB, MiB, GiB, TiB",
                range: start..<bytes.count
            )
        }
        guard let total = number.amount(ofUnit: size), total <= UInt64(Int.max) else {
            throw ByteSizeError(message: "the size is too large", help: nil, range: whole)
        }
        return Int(total)
    }

    /// Writes a size with the greatest binary unit that divides it: `64KiB`, `10000000B`.
    public static func format(_ size: Int) -> String {
        let binary = [(1 << 40, "TiB"), (1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB")]
        for (factor, name) in binary where size != 0 && size % factor == 0 {
            return "\(size / factor)\(name)"
        }
        return "\(size)B"
    }

    private static let examples = "write a number and a unit, such as 64KiB or 10MB"

    private static let units: [String: UInt64] = [
        "": 1, "b": 1, "kb": 1_000, "mb": 1_000_000, "gb": 1_000_000_000, "tb": 1_000_000_000_000, "kib": 1 << 10,
        "mib": 1 << 20, "gib": 1 << 30, "tib": 1 << 40, "k": 1_000, "m": 1_000_000, "g": 1_000_000_000,
    ]
}
