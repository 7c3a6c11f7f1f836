public import CEL

extension ValueMap {
    /// Header fields or form fields, in which a name may stand more than once: then it stands for a list.
    public init(fields: some Sequence<(String, String)>) {
        self.init()
        reserveCapacity(fields.underestimatedCount)
        for (name, text) in fields {
            switch self[name] {
            case nil: self[name] = .string(text)
            case .list(let items): self[name] = .list(items + [.string(text)])
            case .some(let first): self[name] = .list([first, .string(text)])
            }
        }
    }
}
