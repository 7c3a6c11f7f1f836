/// What the events before a syntax error say about it: which brackets are open, and what was read last.
struct SyntaxTrail {
    private var open: [(style: Event.CollectionStyle, start: Event.Position)] = []
    /// The scalar that was read last, if nothing came after it.
    private(set) var lastScalar: (style: Scalar.Style, start: Event.Position, end: Event.Position)?
    /// The flow collection that was closed last, if nothing came after it.
    private(set) var lastFlow: (start: Event.Position, end: Event.Position)?

    /// Where the innermost `[` or `{` that is still open stands.
    var openFlow: Event.Position? { open.last { $0.style == .flow }?.start }

    mutating func note(_ event: Event) {
        lastScalar = nil
        lastFlow = nil
        switch event.kind {
        case .scalar(_, let style): lastScalar = (style, event.start, event.end)
        case .sequenceStart(let style), .mappingStart(let style): open.append((style, event.start))
        case .sequenceEnd, .mappingEnd:
            if let closed = open.popLast(), closed.style == .flow { lastFlow = (closed.start, event.end) }
        default: break
        }
    }
}
