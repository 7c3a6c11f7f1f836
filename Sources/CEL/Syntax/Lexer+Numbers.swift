extension Lexer {
    /// INT_LIT, UINT_LIT or FLOAT_LIT, without a sign.
    mutating func number() throws(SyntaxError) -> Token {
        let start = place
        if bytes[place] == UInt8(ascii: "0"), let x = byte(place + 1), x | 0x20 == UInt8(ascii: "x") {
            place += 2
            let digits = place
            while let byte = byte(place), byte.isHexDigit { place += 1 }
            guard place > digits else {
                throw SyntaxError("expected hexadecimal digits after '0x'", range: start..<place)
            }
            return try integer(from: start, digits: digits, radix: 16)
        }
        let digits = place
        skipDigits()
        var isDouble = false
        if byte(place) == UInt8(ascii: "."), byte(place + 1)?.isDigit == true {
            isDouble = true
            place += 1
            skipDigits()
        }
        if let e = byte(place), e | 0x20 == UInt8(ascii: "e") {
            let signed = byte(place + 1) == UInt8(ascii: "+") || byte(place + 1) == UInt8(ascii: "-")
            if byte(place + (signed ? 2 : 1))?.isDigit == true {
                isDouble = true
                place += signed ? 2 : 1
                skipDigits()
            }
        }
        guard isDouble else { return try integer(from: start, digits: digits, radix: 10) }
        try endOfNumber(from: start)
        guard let value = Double(String(decoding: bytes[start..<place], as: UTF8.self)), value.isFinite else {
            throw SyntaxError("the number does not fit a double", range: start..<place)
        }
        return Token(kind: .double(value), range: start..<place)
    }

    private mutating func skipDigits() {
        while let byte = byte(place), byte.isDigit { place += 1 }
    }

    private mutating func integer(from start: Int, digits: Int, radix: Int) throws(SyntaxError) -> Token {
        let value = UInt64(String(decoding: bytes[digits..<place], as: UTF8.self), radix: radix)
        let isUnsigned = byte(place).map { $0 | 0x20 == UInt8(ascii: "u") } ?? false
        if isUnsigned { place += 1 }
        try endOfNumber(from: start)
        guard let value else {
            throw SyntaxError("the number does not fit 64 bits", range: start..<place)
        }
        return Token(kind: isUnsigned ? .uint(value) : .int(value), range: start..<place)
    }

    private func endOfNumber(from start: Int) throws(SyntaxError) {
        guard let next = byte(place), next.isNamePart else { return }
        var end = place
        while let byte = byte(end), byte.isNamePart { end += 1 }
        throw SyntaxError("a number may not run into a name", range: start..<end)
    }
}
