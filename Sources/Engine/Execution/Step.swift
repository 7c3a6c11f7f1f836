import Connections
import Recipe

/// An action as all runs of a recipe share it.
///
/// `Action` is a large value. Ten thousand runs that each carry copies of it through their suspended calls would be mostly copies.
final class Step: Sendable {
    /// The action.
    let action: Action
    /// The lists of actions inside its verb.
    let branches: [[Step]]
    /// The actions of its `on_error`.
    let handlers: [Step]
    /// Whether items of it are done once only.
    let hasDedupe: Bool
    /// Its verb is performed once, with no limit but those that the verb keeps itself.
    let isPlain: Bool
    /// Of a request that always has the same URL.
    let memo: URLMemo?

    init(_ action: Action) {
        self.action = action
        hasDedupe = action.forEach?.dedupe != nil
        branches = action.verb.branches.map { $0.map(Step.init) }
        let hasOwnRule = action.retry != nil || action.ownTimeout != nil
        isPlain = action.polling == nil && !(action.verb.isComposite && hasOwnRule)
        memo = action.verb.hasConstantURL ? URLMemo() : nil
        handlers = if case .handle(let actions) = action.onError { actions.map(Step.init) } else { [] }
    }

    /// The actions of its `do`, or those that are done with each of its pages.
    var inner: [Step] { branches.first ?? [] }
}

extension Verb {
    fileprivate var hasConstantURL: Bool {
        guard case .http(let request) = self else { return false }
        return request.url.constant != nil && request.query == nil && request.pagination == nil
    }
}
