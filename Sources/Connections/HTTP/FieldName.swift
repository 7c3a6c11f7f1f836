extension String {
    /// Whether two texts are the same name of a header field: case counts only outside ASCII letters (RFC 9110 section 5.1).
    func isFieldName(_ other: String) -> Bool {
        utf8.count == other.utf8.count
            && utf8.elementsEqual(other.utf8) { one, two in
                one == two || (one.isASCIILetter && one | 0x20 == two | 0x20)
            }
    }
}
