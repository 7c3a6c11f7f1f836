/// One step of a YAML stream as libyaml reports it (YAML 1.2.2, section 3.1, "parse").
package struct Event: Sendable {
    /// What happened.
    package enum Kind: Sendable {
        case streamStart
        case streamEnd
        case documentStart(explicit: Bool)
        case documentEnd(explicit: Bool)
        case alias(String)
        case scalar(String, Scalar.Style)
        case sequenceStart(CollectionStyle)
        case sequenceEnd
        case mappingStart(CollectionStyle)
        case mappingEnd
    }

    /// How a sequence or mapping is written.
    package enum CollectionStyle: Sendable { case block, flow }

    /// A place as libyaml counts it: all three from 0, in code points, a leading byte order mark not counted.
    package struct Position: Sendable, Hashable {
        package var index: Int
        package var line: Int
        package var column: Int

        var mark: Mark { Mark(line: line + 1, column: column + 1) }
    }

    package let kind: Kind
    /// The `&name` of the node.
    package let anchor: String?
    /// The tag with its handle resolved, such as `tag:yaml.org,2002:str`.
    package let tag: String?
    package let start: Position
    package let end: Position
}

/// Why libyaml refused the stream, in its own words and places.
package struct SyntaxProblem: Error, Sendable {
    /// Which part of libyaml stopped.
    package enum Stage: Sendable { case memory, reader, scanner, parser }

    package let stage: Stage
    package let problem: String
    package let context: String
    package let position: Event.Position
    /// Where the construct named by `context` began.
    package let contextPosition: Event.Position
    /// For `.reader`: the offset of the byte after any byte order mark.
    package let offset: Int
    /// For `.reader`: the offending byte or code point.
    package let value: Int
}
