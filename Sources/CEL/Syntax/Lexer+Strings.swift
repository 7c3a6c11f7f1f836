extension Lexer {
    /// STRING_LIT or BYTES_LIT with its prefix; nil when no quote follows.
    mutating func quoted() throws(SyntaxError) -> Token? {
        let start = place
        var isRaw = false
        var isBytes = false
        var opening = place
        // The prefixes r and b stand in any order and case, each once.
        while let letter = byte(opening), opening - start < 2 {
            if letter | 0x20 == UInt8(ascii: "r"), !isRaw {
                isRaw = true
            } else if letter | 0x20 == UInt8(ascii: "b"), !isBytes {
                isBytes = true
            } else {
                break
            }
            opening += 1
        }
        guard let quote = byte(opening), quote == UInt8(ascii: "'") || quote == UInt8(ascii: "\"") else { return nil }
        let isTriple = byte(opening + 1) == quote && byte(opening + 2) == quote
        place = opening + (isTriple ? 3 : 1)
        let content = try content(quote: quote, isTriple: isTriple, isRaw: isRaw, isBytes: isBytes, from: start)
        let range = start..<place
        return Token(kind: isBytes ? .bytes(content) : .string(String(decoding: content, as: UTF8.self)), range: range)
    }

    private mutating func content(
        quote: UInt8,
        isTriple: Bool,
        isRaw: Bool,
        isBytes: Bool,
        from start: Int
    ) throws(SyntaxError) -> [UInt8] {
        var content: [UInt8] = []
        while let byte = byte(place) {
            switch byte {
            case quote where !isTriple:
                place += 1
                return content
            case quote where self.byte(place + 1) == quote && self.byte(place + 2) == quote:
                place += 3
                return content
            case 0x0A where !isTriple, 0x0D where !isTriple:
                throw SyntaxError(
                    "the string has no end on its line",
                    help: "close it with \(String(UnicodeScalar(quote))), or use three quotes for several lines",
                    range: start..<place
                )
            case UInt8(ascii: "\\") where !isRaw:
                try escape(into: &content, isBytes: isBytes)
            default:
                content.append(byte)
                place += 1
            }
        }
        throw SyntaxError(
            "the string has no end",
            help: "close it with \(String(repeating: String(UnicodeScalar(quote)), count: isTriple ? 3 : 1))",
            range: start..<place
        )
    }

    private mutating func escape(into content: inout [UInt8], isBytes: Bool) throws(SyntaxError) {
        let start = place
        guard let letter = byte(place + 1) else {
            throw SyntaxError("the string has no end", range: start..<start + 1)
        }
        place += 2
        switch letter {
        case UInt8(ascii: "\\"), UInt8(ascii: "?"), UInt8(ascii: "\""), UInt8(ascii: "'"), UInt8(ascii: "`"):
            content.append(letter)
        case UInt8(ascii: "a"): content.append(0x07)
        case UInt8(ascii: "b"): content.append(0x08)
        case UInt8(ascii: "f"): content.append(0x0C)
        case UInt8(ascii: "n"): content.append(0x0A)
        case UInt8(ascii: "r"): content.append(0x0D)
        case UInt8(ascii: "t"): content.append(0x09)
        case UInt8(ascii: "v"): content.append(0x0B)
        case UInt8(ascii: "x"), UInt8(ascii: "X"):
            try append(digits: 2, radix: 16, to: &content, isBytes: isBytes, from: start)
        case UInt8(ascii: "0")...UInt8(ascii: "3"):
            place -= 1
            try append(digits: 3, radix: 8, to: &content, isBytes: isBytes, from: start)
        case UInt8(ascii: "u") where !isBytes:
            try append(digits: 4, radix: 16, to: &content, isBytes: false, from: start)
        case UInt8(ascii: "U") where !isBytes:
            try append(digits: 8, radix: 16, to: &content, isBytes: false, from: start)
        default:
            var end = place
            while let byte = byte(end), byte & 0xC0 == 0x80 { end += 1 }
            let text = String(decoding: bytes[start..<end], as: UTF8.self)
            let help = "write \\\\ for a backslash, or put r before the quote: r'…'"
            throw SyntaxError("unknown escape '\(text)'", help: help, range: start..<end)
        }
    }

    private mutating func digits(_ count: Int, radix: UInt32, from start: Int) throws(SyntaxError) -> UInt32 {
        var number: UInt32 = 0
        for _ in 0..<count {
            guard let digit = byte(place)?.hexValue, digit < radix else {
                let kind = radix == 8 ? "octal" : "hexadecimal"
                throw SyntaxError("this escape needs \(count) \(kind) digits", range: start..<place)
            }
            number = number &* radix &+ digit
            place += 1
        }
        return number
    }

    /// Reads a number and appends it: as a code point of a string in UTF-8, or as an octet of bytes.
    private mutating func append(
        digits count: Int,
        radix: UInt32,
        to content: inout [UInt8],
        isBytes: Bool,
        from start: Int
    ) throws(SyntaxError) {
        let number = try digits(count, radix: radix, from: start)
        if isBytes {
            content.append(UInt8(truncatingIfNeeded: number))
        } else if let scalar = Unicode.Scalar(number) {
            content.append(contentsOf: String(scalar).utf8)
        } else {
            throw SyntaxError("this escape names no Unicode code point", range: start..<place)
        }
    }
}
