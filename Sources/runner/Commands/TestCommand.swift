import ArgumentParser
import Engine
import Foundation
import Recipe
import Store
import YAML

/// `runner test`: the tests of recipes, offline.
struct TestCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "test",
        abstract: "Runs the tests of recipes (*.test.yml): offline, with the answers that they hold.",
        discussion: "Exit codes: 0 all passed, 1 one failed, 2 a file is wrong or there is no test."
    )

    @Argument(help: "Test files, recipes, or directories (default: the workspace).")
    var paths: [String] = []

    @Option(help: "Only tests whose name contains this text.")
    var name: String?

    @Flag(help: "The outcomes as JSON.")
    var json = false

    @Flag(help: "Run the tests against the real servers, and write the answers into the files, secrets hidden.")
    var record = false

    @OptionGroup var place: WorkspaceOptions

    func run() async throws {
        let files = try files()
        var loaded = try await load(files)
        if record {
            for (file, loader) in loaded { try await TestRecording(place: place, name: name).record(file, loader) }
            loaded = try await load(files)
        }
        var wrong = 0
        let colour = Terminal.allowsColour(2)
        for (file, _) in loaded {
            for diagnostic in file.diagnostics {
                Terminal.errorLine(diagnostic.rendered(in: file.sources[diagnostic.path], colour: colour))
            }
            if file.diagnostics.contains(where: { $0.severity == .error }) { wrong += 1 }
        }
        let begin = ContinuousClock.now
        let outcomes = try await perform(loaded)
        let report = TestReport(outcomes, duration: begin.duration(to: .now), colour: Terminal.allowsColour(1))
        if json {
            Terminal.out(report.json)
        } else {
            Terminal.out(report.text)
        }
        if wrong > 0 { throw ExitCode(Failure.Code.invalid.rawValue) }
        guard outcomes.contains(where: { !$0.outcomes.isEmpty }) else {
            throw Failure(
                .invalid,
                name.map { "there is no test whose name contains `\($0)`" }
                    ?? "there is no test here; write NAME.test.yml beside the recipe NAME.yml"
            )
        }
        if !report.isPassed { throw ExitCode(Failure.Code.runFailed.rawValue) }
    }

    // MARK: Finding

    /// The files that the arguments mean, each once.
    private func files() throws -> [String] {
        guard !paths.isEmpty else { return WorkspaceFiles.tests(below: try place.location().root) }
        var files: [String] = []
        for path in paths {
            for file in try self.files(path) where !files.contains(file) { files.append(file) }
        }
        return files
    }

    private func files(_ path: String) throws -> [String] {
        let absolute = WorkspaceLocation.absolute(path)
        var isDirectory: ObjCBool = false
        guard FileManager.default.fileExists(atPath: absolute, isDirectory: &isDirectory) else {
            throw Failure(.invalid, "there is no file \(path)")
        }
        if isDirectory.boolValue { return WorkspaceFiles.tests(below: absolute) }
        if WorkspaceFiles.isTest(absolute) { return [absolute] }
        let base = (absolute as NSString).deletingPathExtension
        let tests = [".test.yml", ".test.yaml"].map { base + $0 }.filter { access($0, R_OK) == 0 }
        guard !tests.isEmpty else {
            throw Failure(
                .invalid,
                "\(path) has no test; write \((base as NSString).lastPathComponent).test.yml beside it"
            )
        }
        return tests
    }

    private func load(_ files: [String]) async throws -> [(TestFile, WorkspaceLoader)] {
        var loaders: [String: WorkspaceLoader] = [:]
        var result: [(TestFile, WorkspaceLoader)] = []
        for file in files {
            let location = try place.location(ofFile: file)
            let loader = try loaders[location.root] ?? location.loader()
            loaders[location.root] = loader
            result.append((loader.loadTests(file), loader))
        }
        return result
    }

    // MARK: Running

    private func perform(_ loaded: [(TestFile, WorkspaceLoader)]) async throws -> [TestReport.File] {
        let jobs = loaded.enumerated().flatMap { number, pair in
            let runner = TestRunner(pair.0, loader: pair.1, userAgent: "runner/\(Version.text)")
            let tests = pair.0.tests.filter { test in name.map { test.name.contains($0) } ?? true }
            return tests.map { (number, runner, $0) }
        }
        var outcomes: [[TestOutcome]] = Array(repeating: [], count: loaded.count)
        var next = 0
        var all: [Int: TestOutcome] = [:]
        try await withThrowingTaskGroup(of: (Int, Result<TestOutcome, StoreError>).self) { group in
            func begin() {
                guard next < jobs.count else { return }
                let (job, number) = (jobs[next], next)
                next += 1
                group.addTask { (number, await Self.outcome(of: job.2, job.1)) }
            }
            for _ in 0..<Self.width { begin() }
            while let (number, result) = try await group.next() {
                switch result {
                case .success(let outcome): all[number] = outcome
                case .failure(let error): throw StoreAccess.failure(error)
                }
                begin()
            }
        }
        for (number, job) in jobs.enumerated() {
            if let outcome = all[number] { outcomes[job.0].append(outcome) }
        }
        return zip(loaded, outcomes).map { TestReport.File(path: $0.0.path, outcomes: $1) }
    }

    private static let width = max(2, ProcessInfo.processInfo.activeProcessorCount * 2)

    private static func outcome(of test: RecipeTest, _ runner: TestRunner) async -> Result<TestOutcome, StoreError> {
        do throws(StoreError) {
            return .success(try await runner.run(test))
        } catch {
            return .failure(error)
        }
    }
}
