import Foundation
public import YAML

/// The tests of one file, and the recipe that they test.
public struct TestFile: Sendable {
    /// The file's path, as it is shown.
    public let path: String
    /// The file's absolute path.
    public let absolutePath: String
    /// The recipe's workspace, with what it calls and the connections that it names.
    public var workspace: Workspace
    /// The recipe; nil when it is not valid, or not there.
    public var recipe: Recipe?
    /// The tests, in the order of the file; empty when something is wrong with it.
    public var tests: [RecipeTest] = []
    /// All that is wrong or worth saying of the file and of the recipe.
    public var diagnostics: [Diagnostic] = []
    /// The texts that the diagnostics speak of, by path.
    public var sources: [String: Source] = [:]
    /// The file's text; nil when it cannot be read.
    public var source: Source?
}

extension WorkspaceLoader {
    /// Reads the tests at a path, which is relative to the root or absolute, and the recipe that they test.
    ///
    /// Where the file says no `recipe:`, that is the one beside it with the same name without `.test`.
    public func loadTests(_ path: String) -> TestFile {
        let absolute = path.hasPrefix("/") ? path : root + "/" + path
        let relative = absolute.hasPrefix(root + "/") ? String(absolute.dropFirst(root.count + 1)) : absolute
        var result = TestFile(
            path: reader.display(relative),
            absolutePath: absolute,
            workspace: Workspace(root: root, settings: settings())
        )
        let source: Source
        switch reader.source(relative) {
        case .success(let found): source = found
        case .failure(let problem):
            result.diagnostics = [problem.diagnostic]
            return result
        }
        result.source = source
        let file = FileReader(source: source, settings: result.workspace.settings)
        let node = parse(source, into: file.diagnostics)
        read(node, file, into: &result)
        result.diagnostics += file.diagnostics.sorted
        result.sources[source.path] = source
        if file.diagnostics.hasErrors { result.tests = [] }
        return result
    }

    private func read(_ node: Node?, _ file: FileReader, into result: inout TestFile) {
        guard !file.diagnostics.hasErrors else { return }
        let absolute = result.absolutePath
        let directory = (absolute as NSString).deletingLastPathComponent
        let named = TestFileReader.recipePath(node, file.diagnostics)
        guard let recipePath = recipePath(of: absolute, in: directory, named) else {
            file.diagnostics.report(
                "test.no-recipe",
                named.map { "there is no recipe `\($0.value)`" }
                    ?? "there is no recipe `\(Self.likelyRecipe(of: absolute))` beside this test",
                at: named?.span ?? Span(Mark(line: 1, column: 1)),
                help: named == nil
                    ? "name the test like its recipe, or write `recipe: FILE`"
                    : "its path begins at the test's own directory"
            )
            return
        }
        let (workspace, recipe) = load(recipe: recipePath)
        result.workspace = workspace
        result.diagnostics = workspace.diagnostics.filter { $0.severity == .error }
        result.sources = workspace.sources
        guard workspace.isValid, let recipe else { return }
        result.recipe = recipe
        var connections = workspace.connections
        for case .inline(let connection)? in [recipe.connection] + recipe.allActions.map(\.connection) {
            connections[connection.name] = connection
        }
        result.tests = TestFileReader(file: file, recipe: recipe, connections: connections) { name in
            FileManager.default.contents(atPath: name.hasPrefix("/") ? name : directory + "/" + name).map {
                [UInt8]($0)
            }
        }.tests(node)
    }

    private func recipePath(of test: String, in directory: String, _ named: Located<String>?) -> String? {
        if let named {
            let path = named.value.hasPrefix("/") ? named.value : directory + "/" + named.value
            return access(path, R_OK) == 0 ? (path as NSString).standardizingPath : nil
        }
        let base = Self.base(of: test)
        return ["\(base).yml", "\(base).yaml"].first { access($0, R_OK) == 0 }
    }

    private static func base(of test: String) -> String {
        for ending in [".test.yml", ".test.yaml"] where test.hasSuffix(ending) {
            return String(test.dropLast(ending.count))
        }
        return test
    }

    private static func likelyRecipe(of test: String) -> String {
        (base(of: test) as NSString).lastPathComponent + ".yml"
    }
}
