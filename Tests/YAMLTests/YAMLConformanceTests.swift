import Foundation
import Testing
import YAML

private let conformance = ProcessInfo.processInfo.environment["RUNNER_CONFORMANCE"]

/// The cases of yaml-test-suite against the raw events, below every rule of the strict reader.
///
/// The cases are in `yaml/valid.json` and `yaml/invalid.json` of the directory that `RUNNER_CONFORMANCE` names.
@Suite struct YAMLConformanceTests {
    private struct Case: Decodable {
        var id: String
        var yaml: String
        var fail: Bool
        var events: [String]
    }

    @Test(arguments: ["valid", "invalid"])
    func `gives the events of yaml-test-suite except where libyaml itself differs`(file: String) throws {
        guard let conformance else {
            print("YAMLConformance \(file): skipped (RUNNER_CONFORMANCE is not set)")
            return
        }
        let data = try Data(contentsOf: URL(filePath: conformance).appending(path: "yaml/\(file).json"))
        let cases = try JSONDecoder().decode([Case].self, from: data)
        #expect(!cases.isEmpty)
        var passed = 0
        var failed: [String] = []
        var skipped = 0
        for item in cases {
            let events = try? notation(item.yaml)
            let isRight = item.fail ? events == nil : events == item.events
            switch (isRight, KnownDifferences.reason(for: item.id)) {
            case (true, nil): passed += 1
            case (false, .some): skipped += 1
            case (false, nil): failed.append("\(item.id): \(events.map { "\($0)" } ?? "refused")")
            case (true, .some): failed.append("\(item.id): passes, and is listed as a known difference")
            }
        }
        print("YAMLConformance \(file): passed \(passed), failed \(failed.count), skipped \(skipped)")
        #expect(failed.isEmpty, "\(failed.joined(separator: "\n"))")
    }

    private func notation(_ text: String) throws -> [String] {
        let stream = EventStream(text.utf8)
        var lines: [String] = []
        while let event = try stream.next() { lines.append(event.notation) }
        return lines
    }
}

/// Where libyaml 0.2.5 differs from the suite, by case and reason.
private enum KnownDifferences {
    static func reason(for id: String) -> String? {
        reasons.first { $0.ids.contains(id) }?.reason
    }

    private static let reasons: [(reason: String, ids: Set<String>)] = [
        ("anchors are letters, digits, - and _ only", ["2SXE", "8XYN", "Y2GN"]),
        ("a colon next to a flow value, or on the line after its key", ["4ABK", "4MUZ/02", "58MP", "5T43", "K3WX"]),
        ("empty keys and empty nodes in flow collections", ["CFD4", "FRK4", "S3PD"]),
        (
            "tabs where YAML 1.2 allows separation",
            ["6BCT", "6CA3", "96NN/00", "96NN/01", "DK95/00", "Y79Y/001", "Y79Y/010"]
        ),
        ("reserved directives, and versions after 1.2", ["6LVF", "BEC7"]),
        ("block scalars without indentation at the root", ["DK3J", "FP8R"]),
        ("plain scalars that begin with ? or - in flow collections", ["HM87/00"]),
        ("bare documents after a document end", ["HWV9", "M7A3", "NHX8", "W4TN"]),
        ("accepts flow collections and quoted scalars indented too little", ["9C9N", "QB6E"]),
        ("accepts a directive after a document that has no end marker", ["9HCY", "EB22", "MUS6/00"]),
        ("accepts a comment without white space before it", ["9JBA", "CVW2", "SU5Z", "X4QW"]),
        ("accepts plain dashes in flow sequences", ["G5U8", "YJV2"]),
        ("accepts leading lines with more spaces, or tabs, than the content", ["S98Z", "Y79Y/003"]),
    ]
}

extension Event {
    /// The event in the notation of yaml-test-suite.
    fileprivate var notation: String {
        let properties = (anchor.map { " &\($0)" } ?? "") + (tag.map { " <\($0)>" } ?? "")
        switch kind {
        case .streamStart: return "+STR"
        case .streamEnd: return "-STR"
        case .documentStart(let explicit): return explicit ? "+DOC ---" : "+DOC"
        case .documentEnd(let explicit): return explicit ? "-DOC ..." : "-DOC"
        case .alias(let name): return "=ALI *\(name)"
        case .scalar(let text, let style): return "=VAL\(properties) \(style.indicator)\(escaped(text))"
        case .sequenceStart(let style): return "+SEQ\(style == .flow ? " []" : "")\(properties)"
        case .sequenceEnd: return "-SEQ"
        case .mappingStart(let style): return "+MAP\(style == .flow ? " {}" : "")\(properties)"
        case .mappingEnd: return "-MAP"
        }
    }

    private func escaped(_ text: String) -> String {
        text.unicodeScalars.reduce(into: "") { result, scalar in
            switch scalar {
            case "\\": result += "\\\\"
            case "\0": result += "\\0"
            case "\u{8}": result += "\\b"
            case "\t": result += "\\t"
            case "\n": result += "\\n"
            case "\r": result += "\\r"
            default: result.unicodeScalars.append(scalar)
            }
        }
    }
}

extension Scalar.Style {
    fileprivate var indicator: String {
        switch self {
        case .plain: ":"
        case .singleQuoted: "'"
        case .doubleQuoted: "\""
        case .literal: "|"
        case .folded: ">"
        case .verbatim: ""
        }
    }
}
