/// A range of IP addresses in CIDR notation (the network library's `net.CIDR`).
public final class IPNetwork: Sendable, Hashable {
    /// The address before the slash, host bits included.
    public let address: IPAddress
    /// The number of leading bits that all addresses of the range share.
    public let prefixLength: Int

    init(address: IPAddress, prefixLength: Int) {
        self.address = address
        self.prefixLength = prefixLength
    }

    /// Reads `10.0.0.0/8` and `2001:db8::/32`; the length has no sign and no leading zeros.
    init(parsing text: String) throws(IPAddress.Flaw) {
        guard let slash = text.lastIndex(of: "/") else { throw .malformed }
        address = try IPAddress(parsing: String(text[..<slash]))
        let digits = text[text.index(after: slash)...]
        guard digits.utf8.count <= 3, digits.utf8.allSatisfy(\.isDigit), let length = Int(digits),
            length <= address.width, digits.utf8.count == 1 || digits.utf8.first != UInt8(ascii: "0")
        else { throw .malformed }
        prefixLength = length
    }

    /// The range with its host bits cleared.
    var masked: IPNetwork { IPNetwork(address: address.masked(prefixLength), prefixLength: prefixLength) }

    func contains(_ other: IPAddress) -> Bool {
        other.isV4 == address.isV4 && other.masked(prefixLength) == address.masked(prefixLength)
    }

    func contains(_ other: IPNetwork) -> Bool {
        other.prefixLength >= prefixLength && contains(other.address)
    }

    /// Address, slash, prefix length.
    public var text: String { "\(address.text)/\(prefixLength)" }

    /// Whether address and prefix length are the same.
    public static func == (lhs: IPNetwork, rhs: IPNetwork) -> Bool {
        lhs.address == rhs.address && lhs.prefixLength == rhs.prefixLength
    }

    /// Feeds address and prefix length to the hasher.
    public func hash(into hasher: inout Hasher) {
        hasher.combine(address)
        hasher.combine(prefixLength)
    }
}
