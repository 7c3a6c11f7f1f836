extension Zone {
    /// The machine's zone: what `TZ` says, else where `/etc/localtime` points, else UTC.
    ///
    /// `TZ` may be a name (`Europe/Paris`, also after a colon), the path of a TZif file, or a POSIX rule
    /// (`CET-1CEST,M3.5.0,M10.5.0/3`); empty, it means UTC, as in the C library.
    ///
    /// - Throws: `ZoneError` when there is such a setting but it cannot be followed. A wrong `TZ` is an error here, not
    ///   UTC in silence.
    public static func system() throws(ZoneError) -> Zone {
        try system(variable: environmentVariable("TZ"), localtime: "/etc/localtime", timezone: "/etc/timezone")
    }

    static func system(variable: String?, localtime: String, timezone: String) throws(ZoneError) -> Zone {
        if let variable { return try zone(ofVariable: variable) }
        if let target = FileBytes.destination(ofLink: localtime), let name = name(inPath: target) {
            return try Zone(named: name)
        }
        guard FileBytes.stamp(of: localtime) != nil else { return .utc }
        let rules = try ZoneDatabase.rules(ofFile: localtime)
        // A copied file does not know its name; /etc/timezone usually does, and is believed when the rules agree.
        if let file = FileBytes.read(timezone),
            let zone = try? Zone(named: String(decoding: file.bytes.prefix { $0 > 0x20 }, as: UTF8.self)),
            zone.rules.fingerprint == rules.fingerprint
        {
            return zone
        }
        return Zone(name: "localtime", rules: rules)
    }

    private static func zone(ofVariable variable: String) throws(ZoneError) -> Zone {
        let text = variable.hasPrefix(":") ? String(variable.dropFirst()) : variable
        if text.isEmpty { return .utc }
        if text.hasPrefix("/") {
            if let name = name(inPath: text), let zone = try? Zone(named: name) { return zone }
            return Zone(name: text, rules: try ZoneDatabase.rules(ofFile: text))
        }
        do {
            return try Zone(named: text)
        } catch {
            if let rule = POSIXRule(text) {
                return Zone(name: text, rules: ZoneRules(rule: rule, fingerprint: StableHash.fnv1a64(text)))
            }
            var error = error
            error.message += " in the environment variable TZ"
            throw error
        }
    }

    /// `Europe/Paris` of `/usr/share/zoneinfo/Europe/Paris`, `../usr/share/zoneinfo/Europe/Paris`, or a path below
    /// `TZDIR`.
    private static func name(inPath path: String) -> String? {
        let parts = path.split(separator: "/")
        guard let index = parts.lastIndex(where: { $0 == "zoneinfo" }), index + 1 < parts.count else {
            let directory = ZoneDatabase.directory + "/"
            return path.hasPrefix(directory) ? String(path.dropFirst(directory.count)) : nil
        }
        return String(path[parts[index + 1].startIndex...])
    }
}
