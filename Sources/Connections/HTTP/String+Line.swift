extension String {
    /// The text in one line, with a space in place of each control character: what a server says is shown on terminals, which obey some of them.
    var inOneLine: String {
        let isPlain = unicodeScalars.allSatisfy { !$0.isControl }
        guard !isPlain else { return self }
        var result = String.UnicodeScalarView()
        var isBehindReturn = false
        for scalar in unicodeScalars {
            // Both ends of a line are one.
            if isBehindReturn, scalar == "\n" {
                isBehindReturn = false
                continue
            }
            isBehindReturn = scalar == "\r"
            result.append(scalar.isControl ? " " : scalar)
        }
        return String(result)
    }
}

extension Unicode.Scalar {
    /// A control character (C0, C1, DEL), or one that breaks a line.
    fileprivate var isControl: Bool {
        value < 0x20 || (0x7F...0x9F).contains(value) || value == 0x2028 || value == 0x2029
    }
}
