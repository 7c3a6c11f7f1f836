import CEL
import Foundation
import Testing

/// The simple tests of cel-spec, as JSON, in the folder that `RUNNER_CONFORMANCE` names.
@Suite struct CELConformanceTests {
    static let folder = ProcessInfo.processInfo.environment["RUNNER_CONFORMANCE"].map {
        URL(fileURLWithPath: $0).appendingPathComponent("cel")
    }

    @Test func `passes the simple tests of cel-spec`() throws {
        guard let folder = Self.folder else {
            print("CEL conformance: skipped, RUNNER_CONFORMANCE is not set")
            return
        }
        let files = try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
            .filter { $0.pathExtension == "json" }
            .sorted { $0.path < $1.path }
        #expect(!files.isEmpty)
        var total = (passed: 0, failed: 0, notApplicable: 0)
        for file in files {
            let cases = try Value(json: Array(Data(contentsOf: file)))
            guard case .list(let cases) = cases else { continue }
            var passed = 0
            var notApplicable = 0
            var failures: [String] = []
            for value in cases {
                let test = ConformanceCase(value)
                guard !test.needsProto else {
                    notApplicable += 1
                    continue
                }
                if let failure = test.failure() { failures.append("\(test.id): \(failure)") } else { passed += 1 }
            }
            print(
                "CEL conformance \(file.lastPathComponent): \(passed) passed, \(failures.count) failed, "
                    + "\(notApplicable) not applicable"
            )
            for failure in failures { Issue.record("\(failure)") }
            total.passed += passed
            total.failed += failures.count
            total.notApplicable += notApplicable
        }
        print(
            "CEL conformance: \(total.passed) passed, \(total.failed) failed, \(total.notApplicable) not applicable"
        )
    }
}
