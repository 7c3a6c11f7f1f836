import CEL
import Foundation
import Testing

@testable import Recipe

/// `time.format` and `time.parse`.
@Suite struct TimeFunctionTests {
    private func evaluate(_ source: String) throws -> Value { try Environment.recipes.compile(source).evaluate([:]) }

    private func failure(_ source: String) -> String {
        do {
            return "no error: \(try evaluate(source))"
        } catch {
            return (error as? EvaluationError)?.message ?? "\(error)"
        }
    }

    @Test(arguments: [
        ("%Y %C %y|%m %B %b %h|%d %e %j", "2026 20 26|03 March Mar Mar|09  9 068"),
        ("%A %a %u %w|%G %V %U %W", "Monday Mon 1 1|2026 11 10 10"),
        ("%H %I %p %P|%M %S|%L %f %N", "15 03 PM pm|04 05|012 012345 012345678"),
        (
            "%F %T %R %D %r|%s|%z %:z %Z|%n%t%%",
            "2026-03-09 15:04:05 15:04 03/09/26 03:04:05 PM|1773068645|+0000 +00:00 UTC|\n\t%"
        ),
        ("%-d %_d %0e %-H:%-M %-j", "9  9 09 15:4 68"),
        ("café: %Y", "café: 2026"),
    ])
    func `writes what strftime writes`(_ pattern: String, _ text: String) throws {
        let program = try Environment.recipes.compile("time.format(timestamp('2026-03-09T15:04:05.012345678Z'), p)")
        #expect(try program.evaluate(["p": .string(pattern)]) == .string(text))
    }

    @Test(arguments: [
        ("2024-12-30", "2025 01"), ("2027-01-01", "2026 53"), ("2021-01-03", "2020 53"), ("0001-01-01", "0001 01"),
    ])
    func `knows the weeks of ISO 8601`(_ day: String, _ week: String) throws {
        #expect(try evaluate("time.format(timestamp('\(day)T00:00:00Z'), '%G %V')") == .string(week))
    }

    @Test(arguments: [
        ("'2026-07-01T12:00:00Z', '%H:%M %Z %z', 'Europe/Paris'", "14:00 CEST +0200"),
        ("'2026-01-01T12:00:00Z', '%H:%M %Z %z', 'America/St_Johns'", "08:30 NST -0330"),
        ("'2026-01-01T12:00:00Z', '%F %H:%M %:z', '-12:30'", "2025-12-31 23:30 -12:30"),
        ("'1969-12-31T23:59:59.5Z', '%T.%L %s', 'UTC'", "23:59:59.500 -1"),
    ])
    func `writes in a zone`(_ arguments: String, _ text: String) throws {
        #expect(
            try evaluate("time.format(timestamp(\(arguments.replacing("Z', '%", with: "Z'), '%")))") == .string(text)
        )
    }

    @Test(arguments: [
        ("'29/Mar/2026:12:05:09 -0330', '%d/%b/%Y:%H:%M:%S %z'", "2026-03-29T15:35:09Z"),
        ("'Sun, 29 Mar 2026 12:05:09 GMT', '%a, %d %b %Y %T %Z'", "2026-03-29T12:05:09Z"),
        ("'sunday  29 MARCH 26', '%A %d %B %y'", "2026-03-29T00:00:00Z"),
        ("'3/9/69 12:05 am', '%m/%d/%y %I:%M %p'", "1969-03-09T00:05:00Z"),
        ("'20260329120509', '%Y%m%d%H%M%S'", "2026-03-29T12:05:09Z"),
        ("'2026-03-29 12:05:09.25', '%F %T.%f'", "2026-03-29T12:05:09.25Z"),
        ("'1700000000', '%s'", "2023-11-14T22:13:20Z"),
        ("'-1.5', '%s.%L'", "1969-12-31T23:59:59.5Z"),
        ("'2024-060', '%Y-%j'", "2024-02-29T00:00:00Z"),
        ("'2026', '%Y'", "2026-01-01T00:00:00Z"),
        ("'2026-07-01 12:00', '%F %R', 'Europe/Paris'", "2026-07-01T10:00:00Z"),
        // The offset in the text wins.
        ("'2026-07-01 12:00 Z', '%F %R %z', 'Europe/Paris'", "2026-07-01T12:00:00Z"),
        // The clocks skip from 2 to 3, and show 2:30 twice.
        ("'2026-03-29 02:30', '%F %R', 'Europe/Paris'", "2026-03-29T01:30:00Z"),
        ("'2026-10-25 02:30', '%F %R', 'Europe/Paris'", "2026-10-25T00:30:00Z"),
    ])
    func `reads a time`(_ arguments: String, _ moment: String) throws {
        #expect(try evaluate("string(time.parse(\(arguments)))") == .string(moment))
    }

    @Test(arguments: [
        ("'2026-13-29', '%F'", "expected a month, 1 to 12 at character 6, found '13-29'"),
        ("'2026-02-29', '%F'", "February 2026 has no day 29"),
        ("'2026-366', '%Y-%j'", "the year 2026 has no day 366"),
        ("'Mon 2026-03-29', '%a %F'", "the text says Monday, but that date is a Sunday"),
        ("'2026-03-29T', '%F'", "the text goes on at character 11, found 'T'"),
        ("'2026-03', '%F'", "expected '-' at the end of the text"),
        ("'3:05 PM', '%I:%M %p'", "the pattern has no year"),
        ("'2026 3', '%Y %I'", "'%I' needs '%p'"),
        ("'2026 CEST', '%Y %Z'", "use %z"),
        ("'2026 +2', '%Y %z'", "expected an offset such as +02:00"),
        ("'2026 +02:', '%Y %z'", "expected an offset such as +02:00"),
        ("'12', '%V'", "'%V' is for time.format() only"),
        ("'12', '%Q'", "there is no directive '%Q'"),
        ("'12', '%'", "the pattern ends after '%'"),
        ("'2026', '%Y', 'Europe/Pariss'", "'Europe/Paris' was probably meant"),
        ("'0001-01-01 00:00', '%F %R', '+02:00'", "outside the years 1 to 9999"),
        ("'999999999999', '%s'", "outside the years 1 to 9999"),
    ])
    func `says what does not fit`(_ arguments: String, _ message: String) {
        #expect(failure("time.parse(\(arguments))").contains(message), "\(failure("time.parse(\(arguments))"))")
    }

    /// What is written can be read: for every pattern that holds the whole time, in every kind of zone.
    @Test func `reads what it wrote`() throws {
        let patterns = ["%F %T.%N %z", "%s.%N", "%A, %e %B %Y %I:%M:%S.%N %p %:z", "%Y%j%H%M%S%N%z"]
        let program = try Environment.recipes.compile("time.parse(time.format(t, p, z), p)")
        for step in 0..<400 {
            let seconds = -60_000_000_000 + Int64(step) * 777_777_777
            let moment = Value.timestamp(
                try #require(Timestamp(seconds: seconds, nanoseconds: Int64(step) * 2_345_678))
            )
            for pattern in patterns {
                // Before 1900 offsets have seconds, which the patterns cannot say.
                for zone in seconds > -2_000_000_000 ? ["UTC", "Europe/Paris", "+05:45"] : ["UTC", "-08:00"] {
                    let read = try program.evaluate(["t": moment, "p": .string(pattern), "z": .string(zone)])
                    #expect(read == moment, "\(moment.text) \(pattern) \(zone): \(read.text)")
                }
            }
        }
    }
}
