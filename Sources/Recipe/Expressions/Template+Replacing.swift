extension Template {
    /// The template with a text in place of each expression that `replacement` gives one for.
    public func replacing(_ replacement: (Expression) -> String?) -> Template {
        guard expressions.contains(where: { replacement($0) != nil }) else { return self }
        let parts = parts.compactMap { part -> Part? in
            switch part {
            // Around an expression that is alone stands only white space, which is no part of its value.
            case .text: isAlone ? nil : part
            case .expression(let expression): replacement(expression).map(Part.text) ?? part
            }
        }
        return Template(parts: parts, isAlone: false)
    }
}

extension ValueTemplate {
    /// The tree with a text in place of each expression that `replacement` gives one for.
    public func replacing(_ replacement: (Expression) -> String?) -> ValueTemplate {
        switch self {
        case .literal: self
        case .template(let template): .template(template.replacing(replacement))
        case .list(let items): .list(items.map { $0.replacing(replacement) })
        case .map(let entries): .map(entries.map { ($0.key, $0.value.replacing(replacement)) })
        }
    }
}

extension HTTPAction {
    /// What is sent, with a text in place of each expression that `replacement` gives one for; what becomes of the answer is left out.
    public func replacing(_ replacement: (Expression) -> String?) -> HTTPAction {
        var result = HTTPAction(method: method, url: url.replacing(replacement))
        result.query = query?.replacing(replacement)
        result.headers = headers?.replacing(replacement)
        switch body {
        case .none: break
        case .json(let template): result.body = .json(template.replacing(replacement))
        case .form(let template): result.body = .form(template.replacing(replacement))
        case .text(let template): result.body = .text(template.replacing(replacement))
        case .multipart(let fields): result.body = .multipart(fields.map { $0.replacing(replacement) })
        }
        result.response = response
        return result
    }
}

extension MultipartField {
    /// The part with a text in place of each expression that `replacement` gives one for; a media type that is not known is left out.
    fileprivate func replacing(_ replacement: (Expression) -> String?) -> MultipartField {
        var result = MultipartField(name: name, content: content.replacing(replacement))
        result.isFile = isFile
        result.filename = filename?.replacing(replacement)
        let isKnown = contentType?.expressions.allSatisfy { replacement($0) == nil } ?? true
        result.contentType = isKnown ? contentType : nil
        return result
    }
}

extension Apply {
    /// The same with a text in place of each expression that `replacement` gives one for.
    ///
    /// A map that is one expression as a whole stays it.
    public func replacing(_ replacement: (Expression) -> String?) -> Apply {
        func members(_ template: ValueTemplate?) -> ValueTemplate? {
            if case .template? = template { template } else { template?.replacing(replacement) }
        }
        var result = self
        result.headers = members(headers)
        result.query = members(query)
        result.body = members(body)
        return result
    }
}
