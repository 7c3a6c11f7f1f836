import Foundation
import Schedule

/// The folder of cases written by others; nil when the environment names none.
let conformanceFolder = ProcessInfo.processInfo.environment["RUNNER_CONFORMANCE"]

/// One case of another implementation's tests.
struct CronCase: Decodable {
    var id: String
    var dialect: String
    var layout: String
    var op: String
    var expr: String?
    var expr2: String?
    var tz: String?
    var from: String?
    var expected: [String]?
    var expected_fields: [[String: Int]]?
    var until: String?
    var inclusive: Bool?
    var match: Bool?
    var field: String?
    var values: [Int]?
    var features: [String]
    var implementation_specific: Bool?
    var known_limitation: Bool?
    var options: Options?
    var created: String?
    var last_schedule: String?
    var now: String?
    var expected_recent: String?
    var expected_due: String?
    var expected_seconds: Double?
    var expected_error: Bool?
    var expected_some: Bool?

    /// How the other implementation was set up, as far as it matters here.
    struct Options: Decodable {
        var day_or: Bool?
        var implement_cron_bug: Bool?
        var expand_from_start_time: Bool?
        var max_years_between_matches: Int?
        var strict: Bool?
        var hasYear: Bool
        var hasDST: Bool

        private enum CodingKeys: String, CodingKey {
            case day_or, implement_cron_bug, expand_from_start_time, max_years_between_matches, strict, strict_year, dst
        }

        init(from decoder: any Decoder) throws {
            let values = try decoder.container(keyedBy: CodingKeys.self)
            day_or = try values.decodeIfPresent(Bool.self, forKey: .day_or)
            implement_cron_bug = try values.decodeIfPresent(Bool.self, forKey: .implement_cron_bug)
            expand_from_start_time = try values.decodeIfPresent(Bool.self, forKey: .expand_from_start_time)
            max_years_between_matches = try values.decodeIfPresent(Int.self, forKey: .max_years_between_matches)
            strict = try values.decodeIfPresent(Bool.self, forKey: .strict)
            hasYear = values.contains(.strict_year)
            hasDST = values.contains(.dst)
        }
    }

    func has(_ feature: String) -> Bool { features.contains(feature) }

    /// The words of the expression.
    var words: [Substring] { (expr ?? "").split(whereSeparator: \.isWhitespace) }

    /// The zone that the case names.
    func zone() throws -> Zone {
        let name = tz ?? "UTC"
        guard name.hasPrefix("+") || name.hasPrefix("-") else { return try Zone(named: name) }
        let parts = name.dropFirst().split(separator: ":").compactMap { Int($0) }
        return Zone(secondsEast: (name.hasPrefix("-") ? -1 : 1) * (parts[0] * 3_600 + parts[1] * 60))
    }
}

/// Counts what became of the cases of a dialect.
struct ConformanceCount {
    var passed = 0
    var failed: [String] = []
    var notApplicable: [String: Int] = [:]

    mutating func note(_ outcome: Outcome, _ id: String) {
        switch outcome {
        case .passed: passed += 1
        case .failed(let reason): failed.append("\(id): \(reason)")
        case .notApplicable(let reason): notApplicable[reason, default: 0] += 1
        }
    }

    func line(_ name: String) -> String {
        let skipped = notApplicable.values.reduce(0, +)
        let reasons = notApplicable.sorted { $0.key < $1.key }.map { "\n      \($0.value) \($0.key)" }.joined()
        return "\(name): passed \(passed), failed \(failed.count), not applicable \(skipped)" + reasons
    }
}

/// What became of a case.
enum Outcome {
    case passed
    case failed(String)
    case notApplicable(String)
}
