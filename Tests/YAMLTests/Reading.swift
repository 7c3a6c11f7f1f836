import YAML

/// What came of reading a text.
struct Reading {
    var source: Source
    var diagnostics: Diagnostics
    var node: Node?

    /// The first line of each report, in the order of the file.
    var reports: [String] {
        diagnostics.sorted.map { diagnostic in
            let text = diagnostic.rendered(in: nil, colour: false)
            return String(text.prefix { $0 != "\n" })
        }
    }

    /// Every scalar of the tree, keys included.
    var scalars: [Node] {
        node.map(Self.scalars) ?? []
    }

    private static func scalars(_ node: Node) -> [Node] {
        switch node.content {
        case .scalar: [node]
        case .sequence(let items): items.flatMap(scalars)
        case .mapping(let entries): entries.flatMap { scalars($0.key) + scalars($0.value) }
        }
    }
}

func read(_ text: String, limits: Limits = .standard) -> Reading {
    read(Source(path: "f.yml", text: text), limits: limits)
}

func read(_ source: Source, limits: Limits = .standard) -> Reading {
    let diagnostics = Diagnostics(source)
    let node = parse(source, limits: limits, into: diagnostics)
    return Reading(source: source, diagnostics: diagnostics, node: node)
}

/// Numbers that are the same in every run (SplitMix64).
struct SeededGenerator: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
