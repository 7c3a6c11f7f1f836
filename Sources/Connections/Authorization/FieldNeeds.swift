import CEL
import Recipe

/// Which members of `connection` some expressions read; only these are resolved.
struct FieldNeeds: Sendable, Hashable {
    private(set) var names: Set<String> = []
    /// An expression takes the whole bag, or a member by a computed name.
    private(set) var isAll = false

    /// The whole bag.
    static let everything: FieldNeeds = {
        var needs = FieldNeeds()
        needs.isAll = true
        return needs
    }()

    init() {}

    init(_ names: some Sequence<String>) {
        self.names = Set(names)
    }

    init(_ expressions: [Expression]) {
        for reference in expressions.flatMap(\.program.references)
        where ["connection", "endpoints"].contains(reference.path.first) {
            if reference.path.count > 1 { names.insert(reference.path[1]) } else { isAll = true }
        }
    }

    /// The needs of both.
    func union(_ other: FieldNeeds) -> FieldNeeds {
        var result = self
        result.names.formUnion(other.names)
        result.isAll = isAll || other.isAll
        return result
    }

    func contains(_ name: String) -> Bool { isAll || names.contains(name) }
}

extension HTTPAction {
    /// Every expression of the request.
    var expressions: [Expression] {
        url.expressions + (query?.expressions ?? []) + (headers?.expressions ?? []) + body.expressions
    }
}

extension SignIn {
    /// Every expression of what comes before `acquire`.
    var expressions: [Expression] {
        switch self {
        case .browser(let browser):
            browser.url.expressions + (browser.query?.expressions ?? []) + (browser.redirectURI?.expressions ?? [])
        case .device(let step): Exchange(steps: [step]).expressions
        }
    }
}

extension Exchange {
    /// Every expression of its steps.
    var expressions: [Expression] {
        steps.flatMap { $0.request.expressions + ($0.output?.expressions ?? []) }
    }
}
