import Foundation
import Schedule
import Testing

/// Go's and isodate's cases, where our notation covers theirs.
@Suite("DurationConformance")
struct DurationConformanceTests {
    private struct Case: Decodable {
        var dialect: String
        var text: String
        var op: String?
        var nanoseconds: String?
        var error: Bool?

        func outcome() -> Outcome {
            if op == "add" { return .notApplicable("calendar arithmetic") }
            if op == "format" { return format() }
            let duration: Duration
            do {
                duration = try DurationText.parse(text)
            } catch {
                if self.error == true { return .passed }
                return nanoseconds == nil
                    ? .notApplicable("years and months have no fixed length") : .failed(error.message)
            }
            if error == true {
                return text.hasSuffix("d") ? .notApplicable("d is a unit of ours") : .failed("\(text) was read")
            }
            return "\(nanoseconds ?? "")" == DurationConformanceTests.nanoseconds(duration)
                ? .passed : .failed("read as \(duration)")
        }

        /// Ours leaves out units that are zero, and writes days.
        private func format() -> Outcome {
            guard let number = nanoseconds.flatMap(Int64.init) else { return .failed("no number") }
            let isLong = number.magnitude >= 86_400_000_000_000
            let endsInZeros = number != 0 && number % 60_000_000_000 == 0
            if isLong || endsInZeros { return .notApplicable("days, and units that are zero") }
            let written = DurationText.format(.nanoseconds(number))
            return written == text ? .passed : .failed("written as \(written)")
        }
    }

    private static func nanoseconds(_ duration: Duration) -> String {
        let parts = duration.components
        let total = Int128(parts.seconds) * 1_000_000_000 + Int128(parts.attoseconds / 1_000_000_000)
        return "\(total)"
    }

    @Test(arguments: ["go", "iso8601"])
    func `agrees with the cases of`(dialect: String) throws {
        guard let conformanceFolder else {
            print("DurationConformance \(dialect): skipped (RUNNER_CONFORMANCE is not set)")
            return
        }
        let file = URL(fileURLWithPath: conformanceFolder).appendingPathComponent("durations.json")
        let cases = try JSONDecoder().decode([Case].self, from: Data(contentsOf: file)).filter { $0.dialect == dialect }
        var count = ConformanceCount()
        for one in cases { count.note(one.outcome(), one.text) }
        print("DurationConformance \(count.line(dialect))")
        #expect(count.failed == [])
        #expect(count.passed > 0)
    }
}
