/// An IPv4 or IPv6 address (the network library's `net.IP`).
///
/// IPv4 addresses are held as IPv4-mapped IPv6 (RFC 4291 section 2.5.5.2), so `::ffff:c0a8:1` and `192.168.0.1` are equal.
public struct IPAddress: Sendable, Hashable {
    let high: UInt64
    let low: UInt64

    init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }

    init(v4 number: UInt32) {
        self.init(high: 0, low: 0xFFFF_0000_0000 | UInt64(number))
    }

    /// 4 or 6.
    public var family: Int { isV4 ? 4 : 6 }

    var isV4: Bool { high == 0 && low >> 32 == 0xFFFF }
    var v4: UInt32 { UInt32(truncatingIfNeeded: low) }
    /// The number of bits in an address of this family.
    var width: Int { isV4 ? 32 : 128 }

    var isUnspecified: Bool { isV4 ? v4 == 0 : high == 0 && low == 0 }
    var isLoopback: Bool { isV4 ? v4 >> 24 == 127 : high == 0 && low == 1 }
    var isLinkLocalUnicast: Bool { isV4 ? v4 >> 16 == 0xA9FE : high >> 54 == 0x3FA }
    var isMulticast: Bool { isV4 ? v4 >> 28 == 0xE : high >> 56 == 0xFF }
    var isLinkLocalMulticast: Bool {
        isV4 ? v4 >> 8 == 0xE00000 : high >> 56 == 0xFF && (high >> 48) & 0xF == 2
    }
    /// As Go's `netip`: any address that is no broadcast, unspecified, loopback, multicast or link-local one.
    var isGlobalUnicast: Bool {
        !(isV4 && v4 == 0xFFFF_FFFF) && !isUnspecified && !isLoopback && !isMulticast && !isLinkLocalUnicast
    }

    /// Keeps the first `prefix` bits (of its family's width) and clears the others.
    func masked(_ prefix: Int) -> IPAddress {
        if isV4 { return IPAddress(v4: prefix == 0 ? 0 : v4 & (UInt32.max << UInt32(32 - prefix))) }
        let keptHigh: UInt64 = prefix >= 64 ? .max : prefix == 0 ? 0 : .max << UInt64(64 - prefix)
        let keptLow: UInt64 = prefix <= 64 ? 0 : prefix == 128 ? .max : .max << UInt64(128 - prefix)
        return IPAddress(high: high & keptHigh, low: low & keptLow)
    }

    private var groups: [UInt16] {
        (0..<8).map { UInt16(truncatingIfNeeded: ($0 < 4 ? high : low) >> UInt64(48 - 16 * ($0 % 4))) }
    }

    /// The canonical text (RFC 5952 for IPv6).
    public var text: String {
        if isV4 {
            return [24, 16, 8, 0].map { String((v4 >> UInt32($0)) & 0xFF) }.joined(separator: ".")
        }
        let groups = groups
        var best = 0..<0
        var start = 0
        while start < 8 {
            var end = start
            while end < 8, groups[end] == 0 { end += 1 }
            if end - start > max(best.count, 1) { best = start..<end }
            start = max(end, start + 1)
        }
        let hex = { (range: Range<Int>) in groups[range].map { String($0, radix: 16) }.joined(separator: ":") }
        return best.isEmpty ? hex(0..<8) : hex(0..<best.lowerBound) + "::" + hex(best.upperBound..<8)
    }
}

extension IPAddress {
    /// Why a text is no address.
    enum Flaw: Error {
        case malformed
        case zone
        case mapped
    }

    /// Reads an address strictly: no zone, no leading zeros, no dotted IPv4 after `::ffff:`.
    init(parsing text: String) throws(Flaw) {
        guard text.utf8.count <= 64 else { throw .malformed }
        if text.utf8.contains(UInt8(ascii: "%")) { throw .zone }
        if !text.utf8.contains(UInt8(ascii: ":")) {
            guard let number = Self.dotted(text[...]) else { throw .malformed }
            self.init(v4: number)
            return
        }
        var dotted = false
        guard let groups = Self.groups(text, &dotted) else { throw .malformed }
        let high = groups[0..<4].reduce(0) { $0 << 16 | UInt64($1) }
        let low = groups[4..<8].reduce(0) { $0 << 16 | UInt64($1) }
        self.init(high: high, low: low)
        if dotted, isV4 { throw .mapped }
    }

    private static func dotted(_ text: Substring) -> UInt32? {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 4 else { return nil }
        var number: UInt32 = 0
        for part in parts {
            guard part.utf8.count <= 3, part.utf8.allSatisfy({ (48...57).contains($0) }), let octet = UInt8(part),
                part.utf8.count == 1 || part.utf8.first != UInt8(ascii: "0")
            else { return nil }
            number = number << 8 | UInt32(octet)
        }
        return number
    }

    private static func groups(_ text: String, _ dotted: inout Bool) -> [UInt16]? {
        var parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count >= 3 else { return nil }
        // A colon at either end is allowed only as a part of "::".
        if parts[0].isEmpty {
            guard parts[1].isEmpty else { return nil }
            parts.removeFirst()
        }
        if let last = parts.last, last.isEmpty, parts.count > 1 {
            guard parts[parts.count - 2].isEmpty else { return nil }
            parts.removeLast()
        }
        var groups: [UInt16] = []
        var gap: Int?
        for (number, part) in parts.enumerated() {
            if part.isEmpty {
                guard gap == nil else { return nil }
                gap = groups.count
            } else if number == parts.count - 1, part.utf8.contains(UInt8(ascii: ".")) {
                guard let value = Self.dotted(part) else { return nil }
                dotted = true
                groups += [UInt16(value >> 16), UInt16(truncatingIfNeeded: value)]
            } else {
                guard part.utf8.count <= 4, part.utf8.allSatisfy(\.isHexDigit), let value = UInt16(part, radix: 16)
                else {
                    return nil
                }
                groups.append(value)
            }
        }
        if let gap {
            guard groups.count <= 7 else { return nil }
            groups.insert(contentsOf: Array(repeating: 0, count: 8 - groups.count), at: gap)
        }
        return groups.count == 8 ? groups : nil
    }
}

extension UInt8 {
    var isDigit: Bool { self &- 48 < 10 }
    var isHexDigit: Bool { isDigit || (self | 0x20) &- 97 < 6 }
    /// The value of an ASCII hexadecimal digit, nil for other bytes.
    var hexValue: UInt32? {
        if isDigit { return UInt32(self - 48) }
        let letter = (self | 0x20) &- 97
        return letter < 6 ? UInt32(letter) + 10 : nil
    }
}
