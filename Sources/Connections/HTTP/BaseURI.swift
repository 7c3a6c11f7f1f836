/// What relative URLs are joined to: an absolute `http` or `https` URL.
struct BaseURI: Sendable, Hashable {
    let reference: URLReference
    let origin: Origin
    /// Nothing in the authority stands in the way of a request; `Target` says what does.
    let isRequestable: Bool

    /// Nil where the reference is no absolute `http` or `https` URL.
    init?(_ reference: URLReference) {
        guard let origin = Origin(reference) else { return nil }
        self.reference = reference
        self.origin = origin
        isRequestable = reference.authority?.contains("@") != true
    }
}
