/// The content of a compiled time zone file, RFC 9636.
struct TZif {
    /// One kind of local time.
    struct LocalType: Hashable {
        var offset: Int
        var isDaylight: Bool
        var abbreviation: String
    }

    /// Seconds since the epoch at which a new type begins, ascending, and the index of that type.
    var transitions: [(at: Int64, type: Int)]
    var types: [LocalType]
    /// What holds after the last transition; nil when the file does not say.
    var footer: POSIXRule?

    /// Nil when the bytes are no TZif of version 2 or later, or count leap seconds (the `right/` zones), which Unix
    /// time does not.
    init?(_ bytes: [UInt8]) {
        var reader = TZifReader(bytes)
        // The first block is for readers of version 1 with their 32-bit times: skip it.
        guard let first = reader.header(), first.version >= 2, reader.skip(first.size(ofTime: 4)),
            let header = reader.header(), header.leapCount == 0, header.typeCount > 0,
            reader.remaining >= header.size(ofTime: 8)
        else { return nil }
        let times = (0..<header.timeCount).map { _ in Int64(bitPattern: reader.big(8)) }
        let indices = (0..<header.timeCount).map { _ in Int(reader.big(1)) }
        let records = (0..<header.typeCount).map { _ in
            (
                offset: Int(Int32(truncatingIfNeeded: reader.big(4))), isDaylight: reader.big(1) != 0,
                name: Int(reader.big(1))
            )
        }
        let names = reader.take(header.characterCount)
        _ = reader.skip(header.standardCount + header.universalCount)
        guard indices.allSatisfy({ $0 < records.count }), records.allSatisfy({ $0.name < names.count }),
            // RFC 9636 section 3.2: an offset is more than -25 h and less than 26 h.
            records.allSatisfy({ -90_000 < $0.offset && $0.offset < 93_600 }),
            zip(times, times.dropFirst()).allSatisfy(<)
        else { return nil }
        types = records.map { record in
            LocalType(
                offset: record.offset,
                isDaylight: record.isDaylight,
                abbreviation: String(decoding: names[record.name...].prefix { $0 != 0 }, as: UTF8.self)
            )
        }
        transitions = zip(times, indices).map { (at: $0, type: $1) }
        footer = nil
        guard let text = reader.footer() else { return nil }
        if !text.isEmpty {
            guard let rule = POSIXRule(text) else { return nil }
            footer = rule
        }
    }
}

private struct TZifReader {
    struct Header {
        var version: Int
        var universalCount: Int
        var standardCount: Int
        var leapCount: Int
        var timeCount: Int
        var typeCount: Int
        var characterCount: Int

        /// The bytes of the data block when a time has so many.
        func size(ofTime time: Int) -> Int {
            timeCount * (time + 1) + typeCount * 6 + characterCount + leapCount * (time + 4) + standardCount
                + universalCount
        }
    }

    private let bytes: [UInt8]
    private var position = 0

    init(_ bytes: [UInt8]) {
        self.bytes = bytes
    }

    var remaining: Int { bytes.count - position }

    mutating func header() -> Header? {
        guard remaining >= 44, take(4).elementsEqual("TZif".utf8) else { return nil }
        let version = Int(big(1)) - Int(UInt8(ascii: "0"))
        _ = skip(15)
        let counts = (0..<6).map { _ in Int(big(4)) }
        return Header(
            version: version,
            universalCount: counts[0],
            standardCount: counts[1],
            leapCount: counts[2],
            timeCount: counts[3],
            typeCount: counts[4],
            characterCount: counts[5]
        )
    }

    mutating func skip(_ count: Int) -> Bool {
        guard remaining >= count else { return false }
        position += count
        return true
    }

    mutating func take(_ count: Int) -> [UInt8] {
        defer { position += count }
        return Array(bytes[position..<position + count])
    }

    /// An unsigned or, cast by the caller, signed number in network byte order.
    ///
    /// The caller has checked that it is there.
    mutating func big(_ count: Int) -> UInt64 {
        var value: UInt64 = 0
        for byte in bytes[position..<position + count] { value = value << 8 | UInt64(byte) }
        position += count
        return value
    }

    /// The text between the two line feeds that end the file.
    mutating func footer() -> String? {
        guard remaining >= 2, bytes[position] == 0x0A, let end = bytes[(position + 1)...].firstIndex(of: 0x0A) else {
            return nil
        }
        return String(decoding: bytes[(position + 1)..<end], as: UTF8.self)
    }
}
