import FoundationEssentials

/// Says whether bytes are a JSON text, without building a value from them.
enum JSONSyntax {
    /// `JSONDecoder` reads the whole text before it asks the type for anything, so a type that asks for nothing checks it.
    private struct Anything: Decodable {
        init(from decoder: any Decoder) {}
    }

    static func accepts(_ bytes: [UInt8]) -> Bool {
        do {
            _ = try JSONDecoder().decode(Anything.self, from: Data(bytes))
            return true
        } catch {
            return false
        }
    }
}
