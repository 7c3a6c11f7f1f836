/// The lists of names beside the compiled zones, and what a person may have meant by a name that is not in them.
enum ZoneNames {
    /// From `tzdata.zi` (with links), else `zone1970.tab` or `zone.tab` (the zones where people live), else the
    /// directory itself.
    static func read(from directory: String) -> [String] {
        if let file = FileBytes.read(directory + "/tzdata.zi") {
            let names = lines(file.bytes).compactMap { line -> String? in
                let words = line.split(separator: " ")
                // "Z Europe/Paris 0:9:21 - LMT …" defines a zone, "L Europe/Paris Europe/Monaco" another name of it.
                if words.count > 1, words[0] == "Z" { return String(words[1]) }
                return words.count == 3 && words[0] == "L" ? String(words[2]) : nil
            }
            if !names.isEmpty { return names.sorted() }
        }
        for list in ["zone1970.tab", "zone.tab"] {
            guard let file = FileBytes.read(directory + "/" + list) else { continue }
            let names = lines(file.bytes).compactMap { line -> String? in
                let columns = line.split(separator: "\t", omittingEmptySubsequences: false)
                return line.hasPrefix("#") || columns.count < 3 ? nil : String(columns[2])
            }
            if !names.isEmpty { return (names + ["UTC"]).sorted() }
        }
        return walk(directory, prefix: "", depth: 0).sorted()
    }

    static func version(in directory: String) -> String? {
        guard let file = FileBytes.read(directory + "/tzdata.zi"), let first = lines(file.bytes).first else {
            return nil
        }
        return first.hasPrefix("# version ") ? String(first.dropFirst(10)) : nil
    }

    private static func lines(_ bytes: [UInt8]) -> [Substring] {
        String(decoding: bytes, as: UTF8.self).split(separator: "\n")
    }

    private static func walk(_ directory: String, prefix: String, depth: Int) -> [String] {
        // The deepest names have three parts: America/Argentina/Buenos_Aires.
        guard depth < 3 else { return [] }
        return FileBytes.names(in: directory).flatMap { name -> [String] in
            // Zones begin with a capital letter; posixrules, right/ and the tables do not.
            guard let first = name.utf8.first, (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(first) else {
                return []
            }
            let path = directory + "/" + name
            return FileBytes.isDirectory(path)
                ? walk(path, prefix: prefix + name + "/", depth: depth + 1) : [prefix + name]
        }
    }

    /// The name that was probably meant: other case, spaces for `_`, only the city, or a few slips of the finger.
    static func suggestion(for name: String, among names: [String]) -> String? {
        let wanted = name.lowercased().map { $0 == " " ? "_" : String($0) }.joined()
        if let same = names.first(where: { $0.lowercased() == wanted }) { return same }
        if let city = names.first(where: { city(of: $0).lowercased() == wanted }) { return city }
        let wantedCity = city(of: wanted)
        if wantedCity != wanted, let place = names.first(where: { city(of: $0).lowercased() == wantedCity }) {
            return place
        }
        if let near = NearestWord.among(names, to: wanted) { return near }
        guard let near = NearestWord.among(names.lazy.map(city), to: wantedCity) else { return nil }
        return names.first { city(of: $0) == near }
    }

    private static func city(of name: String) -> String {
        name.lastIndex(of: "/").map { String(name[name.index(after: $0)...]) } ?? name
    }
}
