import Schedule
import Testing

struct CronErrorTests {
    /// Each row: the text, the part that is wrong, a piece of the reason, a piece of the mend.
    @Test(arguments: [
        ("61 * * * *", "61", "not a minute", "0 to 59"),
        ("* 24 * * *", "24", "not an hour", "0 to 23"),
        ("5-70 * * * *", "70", "not a minute", "0 to 59"),
        ("*/0 * * * *", "0", "never moves", "1 or more"),
        ("*/60 * * * *", "60", "longer than the minute field", "0 * * * *"),
        ("0 0 * * MON-", "MON-", "no end", "MON-FRI"),
        ("0 0 * * MOON", "MOON", "not a day of week", "MON"),
        ("0 0 * * SUNDAY", "SUNDAY", "not a day of week", "write SUN"),
        ("0 0 1 JUNN *", "JUNN", "not a month", "JUN"),
        ("0 0 * MON *", "MON", "not a month", "day of week"),
        ("0 0 * * L", "L", "not a day of week", "5L"),
        ("* * 31 2 *", "31 2", "never fires", "29 days"),
        ("* * * *", "* * * *", "has 4", "minute, hour"),
        ("* * * * * * *", "*", "has 7", "year"),
        ("@dialy", "@dialy", "unknown schedule", "@daily"),
        ("@every 5m", "@every 5m", "interval", "interval: 5m"),
        ("TZ=Europe/Paris 0 2 * * *", "TZ=Europe/Paris", "time zone", "timezone: Europe/Paris"),
        ("0 0 1,15W * *", "15W", "alone", "one trigger"),
        ("0 0 1-5W * *", "1-5W", "one day", "15W"),
        ("0 0 * * MON#6", "MON#6", "after #", "1 to 5"),
        ("0 0 L-31 * *", "L-31", "L-", "L-0 to L-30"),
        ("H(30-0) * * * *", "H(30-0)", "backwards", "H(0-30)"),
        ("1,,2 * * * *", ",", "empty", "0 to 59"),
        ("1;2 * * * *", ";2", "unexpected", "0 to 59"),
    ])
    func `says where, what and what instead`(text: String, part: String, reason: String, mend: String) throws {
        let error = try #require(throws: CronError.self) { try CronExpression(text) }
        let bytes = Array(text.utf8)
        #expect(String(decoding: bytes[error.range], as: UTF8.self) == part)
        #expect(error.message.contains(reason), "\(error.message)")
        #expect(error.help?.contains(mend) == true, "\(error.help ?? "")")
    }

    @Test func `a pair of days that never meet is refused only when both must match`() throws {
        _ = try CronExpression("0 0 30 2 MON")
        let error = try #require(throws: CronError.self) { try CronExpression("0 0 30 2 MON", dayMatch: .and) }
        #expect(error.kind == .neverFires)
        _ = try CronExpression("0 0 29 2 MON", dayMatch: .and)
    }

    @Test func `reading never traps, whatever the bytes`() {
        var random = SplitMix(seed: 7)
        let alphabet = Array("0123456789*/,-?#LWH()@ \tMONJAFRI\u{E9}=".unicodeScalars)
        for _ in 0..<5_000 {
            let length = Int.random(in: 0...24, using: &random)
            let text = String(
                String.UnicodeScalarView(
                    (0..<length).map { _ in alphabet[Int.random(in: 0..<alphabet.count, using: &random)] }
                )
            )
            do {
                _ = try CronExpression(text)
            } catch {
                #expect(error.range.lowerBound >= 0 && error.range.upperBound <= text.utf8.count)
            }
        }
    }
}

/// A generator whose numbers are the same in every run.
struct SplitMix: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) {
        state = seed
    }

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        return mixed ^ (mixed >> 31)
    }
}
