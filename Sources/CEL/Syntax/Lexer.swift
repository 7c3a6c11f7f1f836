/// Cuts an expression into tokens (cel-spec, "Syntax": lexis).
struct Lexer {
    let bytes: [UInt8]
    var place = 0

    init(_ source: String) {
        bytes = Array(source.utf8)
    }

    /// All tokens; the last one is `.end`.
    static func tokens(of source: String) throws(SyntaxError) -> [Token] {
        var lexer = Lexer(source)
        var tokens: [Token] = []
        tokens.reserveCapacity(lexer.bytes.count / 3 + 2)
        while true {
            let token = try lexer.next()
            tokens.append(token)
            if token.kind == .end { return tokens }
        }
    }

    func byte(_ offset: Int) -> UInt8? { offset < bytes.count ? bytes[offset] : nil }

    private mutating func next() throws(SyntaxError) -> Token {
        skipSpaceAndComments()
        let start = place
        guard let first = byte(place) else { return Token(kind: .end, range: start..<start) }
        if first.isDigit || (first == UInt8(ascii: ".") && byte(place + 1)?.isDigit == true) { return try number() }
        if let token = try quoted() { return token }
        if first.isNameStart {
            while let byte = byte(place), byte.isNamePart { place += 1 }
            let name = String(decoding: bytes[start..<place], as: UTF8.self)
            return Token(kind: .identifier(name), range: start..<place)
        }
        if first == UInt8(ascii: "`") { return try escapedIdentifier() }
        return try symbol()
    }

    private mutating func skipSpaceAndComments() {
        while let byte = byte(place) {
            switch byte {
            case 0x20, 0x09, 0x0A, 0x0C, 0x0D:
                place += 1
            case UInt8(ascii: "/") where self.byte(place + 1) == UInt8(ascii: "/"):
                while let byte = self.byte(place), byte != 0x0A { place += 1 }
            default:
                return
            }
        }
    }

    private mutating func escapedIdentifier() throws(SyntaxError) -> Token {
        let start = place
        place += 1
        while let byte = byte(place), byte.isNamePart || " -./".utf8.contains(byte) { place += 1 }
        guard byte(place) == UInt8(ascii: "`"), place > start + 1 else {
            throw SyntaxError(
                "a name in backticks holds letters, digits, spaces and _ - . / and ends with a backtick",
                range: start..<min(place + 1, bytes.count)
            )
        }
        let name = String(decoding: bytes[start + 1..<place], as: UTF8.self)
        place += 1
        return Token(kind: .escapedIdentifier(name), range: start..<place)
    }

    private mutating func symbol() throws(SyntaxError) -> Token {
        let start = place
        let first = bytes[start]
        if let second = byte(start + 1), second < 0x80, first < 0x80,
            let symbol = Token.Symbol(rawValue: String(decoding: [first, second], as: UTF8.self))
        {
            place += 2
            return Token(kind: .symbol(symbol), range: start..<place)
        }
        if first < 0x80, let symbol = Token.Symbol(rawValue: String(UnicodeScalar(first))) {
            place += 1
            return Token(kind: .symbol(symbol), range: start..<place)
        }
        throw unexpectedCharacter()
    }

    private func unexpectedCharacter() -> SyntaxError {
        var end = place + 1
        while let byte = byte(end), byte & 0xC0 == 0x80 { end += 1 }
        let character = String(decoding: bytes[place..<end], as: UTF8.self)
        let help: String? =
            switch character {
            case "=" where byte(end) == UInt8(ascii: ">"):
                "name the element first, then say what is made of it: 'list.map(x, x + 1)'"
            case "=": "equality is written '=='"
            case "&": "'and' is written '&&'"
            case "|": "'or' is written '||', and a function is called on its value: 'text.trim()'"
            case "“", "”", "‘", "’": "strings stand in straight quotes"
            case "$": "an expression needs no '${{ }}' inside of it"
            case ";": "an expression has no ';'"
            default: nil
            }
        return SyntaxError("unexpected character '\(character)'", help: help, range: place..<end)
    }
}

extension UInt8 {
    var isNameStart: Bool { (self | 0x20) &- 97 < 26 || self == UInt8(ascii: "_") }
    var isNamePart: Bool { isNameStart || isDigit }
}
