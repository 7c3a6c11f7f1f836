/// Builds the nodes of one document out of events, and reports what the strict reader refuses.
struct Composer {
    /// Reading cannot go on; the reason is reported already.
    struct Stop: Error {}

    let source: Source
    let limits: Limits
    let diagnostics: Diagnostics
    let stream: EventStream
    /// Bytes of the byte order mark, which the stream does not count.
    let base: Int
    let hasTabs: Bool
    private var locator: ByteLocator
    private var nodes = 0
    private var anchors: [String: Anchor] = [:]
    private var openAnchors: [String] = []
    /// Anchors that an alias inside their own value names: reported as that, and not as unused.
    private var recursive: Set<String> = []
    /// What has been seen, for the words of a syntax error.
    private var trail = SyntaxTrail()

    private struct Anchor {
        var node: Node
        var weight: Int
        var span: Span
        var isUsed = false
    }

    init(_ source: Source, limits: Limits, diagnostics: Diagnostics) {
        self.source = source
        self.limits = limits
        self.diagnostics = diagnostics
        stream = EventStream(source.text.utf8)
        base = source.byteOrderMark
        hasTabs = stream.bytes.contains(UInt8(ascii: "\t"))
        locator = ByteLocator(stream.bytes, isASCII: source.isASCII)
    }

    /// The document's root; nil when it is empty or cannot be read.
    mutating func document() -> Node? {
        do throws(Stop) {
            return try readDocument()
        } catch {
            return nil
        }
    }

    private mutating func readDocument() throws(Stop) -> Node? {
        var root: Node?
        var documents = 0
        while true {
            let event = try next()
            switch event.kind {
            case .streamStart, .documentEnd: continue
            case .streamEnd:
                reportUnusedAnchors()
                return root
            case .documentStart:
                documents += 1
                guard documents == 1 else {
                    diagnostics.report(
                        "yaml.several-documents",
                        "a second document begins here; a file holds one",
                        at: Span(event.start.mark, length: 3),
                        help: "remove the `---`, or move what follows into a file of its own"
                    )
                    throw Stop()
                }
            default:
                let node = try compose(event, depth: 1)
                let isNothing = node.isNull && node.bytes.isEmpty
                root = isNothing ? nil : node
            }
        }
    }

    private mutating func next() throws(Stop) -> Event {
        let event: Event?
        do throws(SyntaxProblem) {
            event = try stream.next()
        } catch {
            diagnostics.report(SyntaxExplanation(error, trail: trail, source: source).diagnostic)
            throw Stop()
        }
        guard let event else { throw Stop() }
        trail.note(event)
        return event
    }

    // MARK: Nodes

    private mutating func compose(_ event: Event, depth: Int) throws(Stop) -> Node {
        guard depth <= limits.depth else {
            diagnostics.report(
                "yaml.too-deep",
                "nested deeper than \(limits.depth) levels",
                at: Span(event.start.mark),
                help: "flatten the structure"
            )
            throw Stop()
        }
        if case .alias(let name) = event.kind { return try alias(name, event) }
        let before = nodes
        try count(1, at: event)
        if let anchor = event.anchor { openAnchors.append(anchor) }
        let node =
            switch event.kind {
            case .sequenceStart(let style): try sequence(event, style: style, depth: depth)
            case .mappingStart(let style): try mapping(event, style: style, depth: depth)
            case .scalar(let text, let style): scalar(text, style, event)
            default: throw Stop()
            }
        if let anchor = event.anchor {
            openAnchors.removeAll { $0 == anchor }
            let span = Span(event.start.mark, length: anchor.unicodeScalars.count + 1)
            anchors[anchor] = Anchor(node: node, weight: nodes - before, span: span)
        }
        return node
    }

    private mutating func count(_ more: Int, at event: Event) throws(Stop) {
        nodes += more
        guard nodes <= limits.nodes else {
            diagnostics.report(
                "yaml.too-many-nodes",
                "more than \(limits.nodes) values, counting each alias as all it stands for",
                at: Span(start: event.start.mark, end: event.end.mark),
                help: "use fewer aliases, or split the file"
            )
            throw Stop()
        }
    }

    private mutating func alias(_ name: String, _ event: Event) throws(Stop) -> Node {
        let span = Span(start: event.start.mark, end: event.end.mark)
        if !openAnchors.contains(name), let anchor = anchors[name] {
            anchors[name]?.isUsed = true
            try count(anchor.weight, at: event)
            return anchor.node
        }
        if openAnchors.contains(name) {
            recursive.insert(name)
            diagnostics.report(
                "yaml.recursive-alias",
                "`*\(name)` stands inside the value that `&\(name)` names",
                at: span,
                help: "a value cannot contain itself; write the part that is meant"
            )
        } else {
            let nearest = Suggestion.nearest(to: name, among: anchors.keys.sorted())
            let mend =
                nearest.map { "did you mean `*\($0)`?" } ?? "name the value that is meant with `&\(name)` further up"
            diagnostics.report(
                "yaml.unknown-anchor",
                "no value before this one is named `&\(name)`",
                at: span,
                help: "\(mend); if `*\(name)` is the text itself, put it in quotes: \"*\(name)\""
            )
        }
        let text = "*\(name)"
        let scalar = Scalar(text: text, style: .plain, value: .string(text))
        return Node(content: .scalar(scalar), span: span, bytes: bytes(event.start, event.end))
    }

    private mutating func sequence(_ event: Event, style: Event.CollectionStyle, depth: Int) throws(Stop) -> Node {
        refuseWrongTag(event, kind: "seq", found: "a list")
        var items: [Node] = []
        while true {
            let inner = try next()
            if case .sequenceEnd = inner.kind {
                let end = style == .flow ? nil : items.last
                return collection(.sequence(items), event, inner, last: end)
            }
            items.append(try compose(inner, depth: depth + 1))
        }
    }

    private mutating func mapping(_ event: Event, style: Event.CollectionStyle, depth: Int) throws(Stop) -> Node {
        refuseWrongTag(event, kind: "map", found: "a mapping")
        var entries = MappingEntries()
        while true {
            let inner = try next()
            if case .mappingEnd = inner.kind {
                let end = style == .flow ? nil : entries.lastValue
                return collection(.mapping(entries.kept), event, inner, last: end)
            }
            let key = try compose(inner, depth: depth + 1)
            let value = try compose(try next(), depth: depth + 1)
            if style == .block, hasTabs { refuseTab(before: key) }
            entries.add(key, value, composer: self)
        }
    }

    /// A block collection ends where its last child does: libyaml says so only at the next token, lines later.
    private mutating func collection(_ content: Node.Content, _ start: Event, _ end: Event, last: Node?) -> Node {
        let span = Span(start: start.start.mark, end: last?.span.end ?? end.end.mark)
        let from = base + locator.byte(at: start.start.index)
        let to = last?.bytes.upperBound ?? base + locator.byte(at: end.end.index)
        return Node(content: content, span: span, bytes: from..<max(from, to))
    }

    private mutating func scalar(_ text: String, _ style: Scalar.Style, _ event: Event) -> Node {
        var range = bytes(event.start, event.end)
        var span = Span(start: event.start.mark, end: event.end.mark)
        if event.anchor != nil || event.tag != nil {
            range = afterProperties(range)
            span.start = min(source.mark(atByte: range.lowerBound), span.end)
        }
        let value = value(text, style, tag: event.tag, at: span, event: event)
        if style == .plain, text.utf8.count > 2 { warnOfComment(after: range, text: text, span: span) }
        return Node(content: .scalar(Scalar(text: text, style: style, value: value)), span: span, bytes: range)
    }

    private mutating func bytes(_ start: Event.Position, _ end: Event.Position) -> Range<Int> {
        let from = base + locator.byte(at: start.index)
        return from..<max(from, base + locator.byte(at: end.index))
    }

    /// What is left of a node's range after `&anchor` and `!tag` and what separates them.
    private func afterProperties(_ range: Range<Int>) -> Range<Int> {
        var at = range.lowerBound - base
        let end = range.upperBound - base
        let file = stream.bytes
        while at < end, file[at] == UInt8(ascii: "&") || file[at] == UInt8(ascii: "!") {
            // A name ends where libyaml ends it: `&a?` is an anchor and the text `?`. A tag is followed by white space.
            let isAnchor = file[at] == UInt8(ascii: "&")
            at += 1
            while at < end, isAnchor ? file[at].isAnchorName : !file[at].isBlank && !file[at].isLineBreak { at += 1 }
            while at < end, file[at].isBlank || file[at].isLineBreak || file[at] == UInt8(ascii: "#") {
                if file[at] == UInt8(ascii: "#") {
                    while at < end, !file[at].isLineBreak { at += 1 }
                } else {
                    at += 1
                }
            }
        }
        return base + at..<range.upperBound
    }

    private func reportUnusedAnchors() {
        for (name, anchor) in anchors.sorted(by: { $0.value.span.start < $1.value.span.start })
        where !anchor.isUsed && !recursive.contains(name) {
            diagnostics.report(
                .warning,
                "yaml.unused-anchor",
                "`&\(name)` names this value, but nothing refers to it",
                at: anchor.span,
                help: "if `&\(name)` is part of the text, put the whole value in quotes; otherwise remove it"
            )
        }
    }
}
