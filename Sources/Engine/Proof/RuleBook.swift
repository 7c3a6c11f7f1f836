public import Recipe
import Schedule
public import Store

/// Which rule a trigger followed when a record of it was written.
///
/// A record names the version of its recipe. Present versions are in the workspace; the text of earlier ones is in the store, and is read again here,
/// once for each.
public struct RuleBook: Sendable {
    private let workspace: Workspace
    private let store: any Store
    private let parse: @Sendable (_ text: String, _ recipe: String) -> Recipe?
    /// Read before; nil when there is no text, or it is no valid recipe any more.
    private var earlier: [TriggerKey: [String: Trigger?]] = [:]

    /// A book for a workspace and its store.
    public init(_ workspace: Workspace, loader: WorkspaceLoader, store: any Store) {
        self.workspace = workspace
        self.store = store
        parse = { text, recipe in loader.recipe(fromVersion: text, of: recipe, in: workspace) }
    }

    /// The trigger as the files now say; nil when it is not there any more.
    public func present(_ key: TriggerKey) -> Trigger? {
        workspace.recipes[key.recipe]?.triggers.first { $0.id == key.trigger }
    }

    /// Whether the files now ask for its fires: it is there, and neither it nor its recipe is disabled.
    public func isInForce(_ key: TriggerKey) -> Bool {
        guard let trigger = present(key) else { return false }
        return trigger.isEnabled && workspace.recipes[key.recipe]?.isEnabled ?? false
    }

    /// The trigger as a version of its recipe says, else as the files now do; nil when neither can be read.
    mutating func rule(_ key: TriggerKey, version: String?) async throws(StoreError) -> Trigger? {
        guard let version, workspace.recipes[key.recipe]?.version != version else { return present(key) }
        if let known = earlier[key]?[version] { return known ?? present(key) }
        var trigger: Trigger?
        if let text = try await store.version(version), let recipe = parse(text, key.recipe) {
            trigger = recipe.triggers.first { $0.id == key.trigger }
        }
        earlier[key, default: [:]][version] = .some(trigger)
        return trigger ?? present(key)
    }
}

extension Trigger {
    /// How many fire times lie after one moment and not after another, within `start` and `end`.
    func count(after first: Instant, through last: Instant) -> Int {
        schedule.count(after: first, through: last, in: bounds)
    }

    /// Whether this is one of its fire times.
    func asks(for time: Instant) -> Bool { next(after: time - .microseconds(1)) == time }
}
