import Recipe

/// An action as all runs of a recipe share it.
///
/// `Action` is a large value. Ten thousand runs that each carry copies of it through their suspended calls would be mostly copies.
final class Step: Sendable {
    /// The action.
    let action: Action
    /// The actions of its `do`, or those that are done with each of its pages.
    let inner: [Step]
    /// The actions of its `on_error`.
    let handlers: [Step]
    /// Whether items of it are done once only.
    let hasDedupe: Bool

    init(_ action: Action) {
        self.action = action
        hasDedupe = action.forEach?.dedupe != nil
        switch action.verb {
        case .block(let actions): inner = actions.map(Step.init)
        case .http(let request): inner = request.pagination?.actions?.map(Step.init) ?? []
        default: inner = []
        }
        handlers = if case .handle(let actions) = action.onError { actions.map(Step.init) } else { [] }
    }
}
