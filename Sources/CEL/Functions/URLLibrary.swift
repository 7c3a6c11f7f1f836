enum URLLibrary {
    static let functions: [Function] = []
}
