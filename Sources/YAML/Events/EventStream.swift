import CLibYAML

/// The events of one YAML stream, straight from libyaml and below every rule of the strict reader.
package final class EventStream {
    private let parser: UnsafeMutablePointer<yaml_parser_t>
    private let isReady: Bool
    /// A copy of the text after its byte order mark; libyaml reads it in place for as long as this object lives.
    let bytes: UnsafeBufferPointer<UInt8>

    /// Starts reading UTF-8 bytes; a leading byte order mark is skipped.
    package init(_ utf8: some Collection<UInt8>) {
        let input = utf8.dropFirst(utf8.starts(with: [0xEF, 0xBB, 0xBF]) ? 3 : 0)
        // One byte more than needed, since libyaml asserts that the pointer is not null even for an empty text.
        let copy = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: input.count + 1)
        _ = copy.initialize(fromContentsOf: Array(input) + [0])
        bytes = UnsafeBufferPointer(rebasing: UnsafeBufferPointer(copy).dropLast())
        parser = .allocate(capacity: 1)
        isReady = yaml_parser_initialize(parser) == 1
        if isReady {
            yaml_parser_set_encoding(parser, YAML_UTF8_ENCODING)
            yaml_parser_set_input_string(parser, bytes.baseAddress, bytes.count)
        }
    }

    deinit {
        if isReady { yaml_parser_delete(parser) }
        parser.deallocate()
        bytes.deallocate()
    }

    /// The next event; nil after the end of the stream.
    ///
    /// Throws when libyaml refuses the text. It must not be asked again after that.
    package func next() throws(SyntaxProblem) -> Event? {
        guard isReady else { throw problem(stage: .memory) }
        var event = yaml_event_t()
        guard yaml_parser_parse(parser, &event) == 1 else { throw problem(stage: stage) }
        defer { yaml_event_delete(&event) }
        return Event(event)
    }

    private var stage: SyntaxProblem.Stage {
        switch parser.pointee.error {
        case YAML_MEMORY_ERROR: .memory
        case YAML_READER_ERROR: .reader
        case YAML_SCANNER_ERROR: .scanner
        default: .parser
        }
    }

    private func problem(stage: SyntaxProblem.Stage) -> SyntaxProblem {
        let state = parser.pointee
        return SyntaxProblem(
            stage: stage,
            problem: isReady ? state.problem.map { String(cString: $0) } ?? "" : "",
            context: isReady ? state.context.map { String(cString: $0) } ?? "" : "",
            position: Event.Position(state.problem_mark),
            contextPosition: Event.Position(state.context_mark),
            offset: state.problem_offset,
            value: Int(state.problem_value)
        )
    }
}

extension Event.Position {
    fileprivate init(_ mark: yaml_mark_t) {
        self.init(index: mark.index, line: mark.line, column: mark.column)
    }
}

extension Event {
    /// Nil for the empty event that libyaml gives after the end of the stream.
    fileprivate init?(_ event: yaml_event_t) {
        var anchor: UnsafeMutablePointer<yaml_char_t>?
        var tag: UnsafeMutablePointer<yaml_char_t>?
        switch event.type {
        case YAML_STREAM_START_EVENT: kind = .streamStart
        case YAML_STREAM_END_EVENT: kind = .streamEnd
        case YAML_DOCUMENT_START_EVENT: kind = .documentStart(explicit: event.data.document_start.implicit == 0)
        case YAML_DOCUMENT_END_EVENT: kind = .documentEnd(explicit: event.data.document_end.implicit == 0)
        case YAML_ALIAS_EVENT: kind = .alias(text(event.data.alias.anchor) ?? "")
        case YAML_SCALAR_EVENT:
            let scalar = event.data.scalar
            anchor = scalar.anchor
            tag = scalar.tag
            let content = UnsafeBufferPointer(start: scalar.value, count: scalar.length)
            kind = .scalar(String(decoding: content, as: UTF8.self), Scalar.Style(scalar.style))
        case YAML_SEQUENCE_START_EVENT:
            let sequence = event.data.sequence_start
            anchor = sequence.anchor
            tag = sequence.tag
            kind = .sequenceStart(sequence.style == YAML_FLOW_SEQUENCE_STYLE ? .flow : .block)
        case YAML_SEQUENCE_END_EVENT: kind = .sequenceEnd
        case YAML_MAPPING_START_EVENT:
            let mapping = event.data.mapping_start
            anchor = mapping.anchor
            tag = mapping.tag
            kind = .mappingStart(mapping.style == YAML_FLOW_MAPPING_STYLE ? .flow : .block)
        case YAML_MAPPING_END_EVENT: kind = .mappingEnd
        default: return nil
        }
        self.anchor = text(anchor)
        self.tag = text(tag)
        start = Position(event.start_mark)
        end = Position(event.end_mark)
    }
}

extension Scalar.Style {
    fileprivate init(_ style: yaml_scalar_style_t) {
        switch style {
        case YAML_SINGLE_QUOTED_SCALAR_STYLE: self = .singleQuoted
        case YAML_DOUBLE_QUOTED_SCALAR_STYLE: self = .doubleQuoted
        case YAML_LITERAL_SCALAR_STYLE: self = .literal
        case YAML_FOLDED_SCALAR_STYLE: self = .folded
        default: self = .plain
        }
    }
}

private func text(_ characters: UnsafeMutablePointer<yaml_char_t>?) -> String? {
    characters.map { String(cString: $0) }
}
