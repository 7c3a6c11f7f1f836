import Foundation
import Testing

@testable import Schedule

struct ZoneTests {
    @Test(arguments: [
        ("Europe/Pariss", "Europe/Paris"), ("europe/paris", "Europe/Paris"), ("New York", "America/New_York"),
        ("Tokyo", "Asia/Tokyo"),
        ("Europe/Tokyo", "Asia/Tokyo"), ("Amercia/Chicago", "America/Chicago"),
    ])
    func `names the zone that was meant`(typed: String, meant: String) throws {
        let error = try #require(throws: ZoneError.self) { try Zone(named: typed) }
        #expect(error.kind == .unknownName)
        #expect(error.suggestion == meant)
    }

    @Test(arguments: [
        "", "../../etc/passwd", "/etc/passwd", "right/Europe/Paris", "zone.tab", "Europe", "Nowhere/At_All",
    ])
    func `refuses what is no zone`(name: String) {
        #expect(throws: ZoneError.self) { try Zone(named: name) }
    }

    @Test func `knows offsets and abbreviations before, in and long after the table`() throws {
        let zone = try Zone(named: "Europe/Paris")
        let rows = [
            ("1900-01-01T00:00:00Z", 561, "LMT"), ("1950-06-01T00:00:00Z", 3_600, "CET"),
            ("2026-07-01T00:00:00Z", 7_200, "CEST"),
            ("2500-01-01T00:00:00Z", 3_600, "CET"), ("9000-07-01T00:00:00Z", 7_200, "CEST"),
        ]
        for (text, offset, abbreviation) in rows {
            let instant = try #require(Instant(rfc3339: text))
            // Paris kept its own time to the second until 1911, and tzdata calls it PMT from 1891 on.
            #expect(zone.offset(at: instant) == offset)
            if abbreviation != "LMT" { #expect(zone.abbreviation(at: instant) == abbreviation) }
        }
    }

    @Test func `says of a wall time whether it comes once, twice or never`() throws {
        let zone = try Zone(named: "Europe/Paris")
        let gap = try #require(WallTime("2026-03-29T02:30"))
        let twice = try #require(WallTime("2026-10-25T02:30"))
        let once = try #require(WallTime("2026-07-14 09:00:30"))
        #expect(zone.moments(of: gap) == .skipped(next: try #require(Instant(rfc3339: "2026-03-29T01:00:00Z"))))
        #expect(
            zone.moments(of: twice)
                == .repeated(
                    first: try #require(Instant(rfc3339: "2026-10-25T00:30:00Z")),
                    last: try #require(Instant(rfc3339: "2026-10-25T01:30:00Z"))
                )
        )
        #expect(zone.moments(of: once) == .once(try #require(Instant(rfc3339: "2026-07-14T07:00:30Z"))))
    }

    @Test func `every listed zone can be read, and its wall times lead back`() throws {
        for name in Zone.names() {
            let zone = try Zone(named: name)
            for year in stride(from: 1970, through: 2040, by: 7) {
                let instant = Instant(seconds: Int64(year - 1970) * 31_556_952)
                switch zone.moments(of: zone.wallTime(at: instant)) {
                case .once(let moment): #expect(moment == instant)
                case .repeated(let first, let last): #expect(first == instant || last == instant)
                case .skipped: Issue.record("\(name) does not know its own time in \(year)")
                }
            }
        }
    }

    @Test(arguments: [
        ("CET-1CEST,M3.5.0,M10.5.0/3", 7_200), ("<-03>3", -10_800), ("EST5EDT", -14_400),
        ("IST-1GMT0,M10.5.0,M3.5.0/1", 3_600),
        ("NZST-12NZDT,M9.5.0,M4.1.0/3", 43_200), ("AAA3EDT4,0/0,J365/23", -14_400),
    ])
    func `follows a POSIX rule`(text: String, summerOffset: Int) throws {
        let zone = try Zone.system(variable: text, localtime: "/nowhere", timezone: "/nowhere")
        #expect(zone.offset(at: try #require(Instant(rfc3339: "2026-07-01T00:00:00Z"))) == summerOffset)
    }

    @Test func `takes the machine's zone from TZ, then from localtime, then UTC`() throws {
        #expect(
            try Zone.system(variable: ":Asia/Tokyo", localtime: "/nowhere", timezone: "/nowhere").name == "Asia/Tokyo"
        )
        #expect(try Zone.system(variable: "", localtime: "/nowhere", timezone: "/nowhere") == .utc)
        #expect(try Zone.system(variable: nil, localtime: "/nowhere", timezone: "/nowhere") == .utc)
        let error = try #require(throws: ZoneError.self) {
            try Zone.system(variable: "Europe/Pariss", localtime: "/nowhere", timezone: "/nowhere")
        }
        #expect(error.message.contains("TZ") && error.suggestion == "Europe/Paris")
    }

    @Test func `a damaged file is no zone, whatever is cut off or changed`() throws {
        let file = try #require(FileBytes.read(ZoneDatabase.directory + "/Europe/Paris"))
        #expect(TZif(file.bytes) != nil)
        for length in stride(from: 0, to: file.bytes.count, by: 37) {
            #expect(TZif(Array(file.bytes.prefix(length))) == nil)
        }
        var random = SplitMix(seed: 5)
        for _ in 0..<500 {
            var bytes = file.bytes
            bytes[Int.random(in: 0..<bytes.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
            // What it says does not matter; it must answer.
            if let content = TZif(bytes) { _ = ZoneRules(content, fingerprint: 0).segment(at: 0) }
        }
    }

    @Test func `sees a zone that changes on disk, and keeps the last good rules of one that breaks`() throws {
        let directory = FileManager.default.temporaryDirectory.appendingPathComponent("zones-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: directory) }
        let path = directory + "/Here"
        func install(_ content: [UInt8]) throws {
            try Data(content).write(to: URL(fileURLWithPath: path), options: .atomic)
        }
        let paris = try #require(FileBytes.read(ZoneDatabase.directory + "/Europe/Paris")).bytes
        let tokyo = try #require(FileBytes.read(ZoneDatabase.directory + "/Asia/Tokyo")).bytes

        try install(paris)
        let before = Zone(name: "Here", rules: try ZoneDatabase.rules(named: "Here", in: directory))
        try install(paris)
        #expect(!ZoneDatabase.reload().contains(path))
        #expect(Zone(name: "Here", rules: try ZoneDatabase.rules(named: "Here", in: directory)) == before)

        try install(tokyo)
        #expect(ZoneDatabase.reload().contains(path))
        let after = Zone(name: "Here", rules: try ZoneDatabase.rules(named: "Here", in: directory))
        #expect(after != before)
        #expect(after.offset(at: Instant(seconds: 0)) == 32_400)

        try install(Array(tokyo.prefix(60)))
        #expect(!ZoneDatabase.reload().contains(path))
        #expect(Zone(name: "Here", rules: try ZoneDatabase.rules(named: "Here", in: directory)) == after)
    }

    @Test func `without a database it names the package, and UTC works`() throws {
        let error = try #require(throws: ZoneError.self) {
            try ZoneDatabase.rules(named: "Europe/Paris", in: "/nowhere/zoneinfo")
        }
        #expect(error.kind == .noDatabase)
        #expect(error.help?.contains("tzdata") == true)
        #expect(try ZoneDatabase.rules(named: "Etc/UTC", in: "/nowhere/zoneinfo") === ZoneRules.utc)
    }
}
