/// The messages that were sent, and the idempotency keys they came under.
struct MessageBox: Sendable {
    private struct Message {
        let id: Int
        let key: String?
        let body: [UInt8]
    }

    /// What became of a message.
    enum Receipt: Sendable, Equatable {
        case accepted(id: Int)
        /// The key was used: `id` is the message that came first.
        case duplicate(id: Int)
    }

    /// How many messages are remembered: the oldest make room, and their keys are forgotten with them.
    static let capacity = 100_000

    private var kept: [Int: Message] = [:]
    private var idsByKey: [String: Int] = [:]
    /// Messages accepted; also the newest id.
    private(set) var received = 0
    private(set) var duplicates = 0

    mutating func receive(_ body: [UInt8], key: String?) -> Receipt {
        if let key, let id = idsByKey[key] {
            duplicates += 1
            return .duplicate(id: id)
        }
        received += 1
        kept[received] = Message(id: received, key: key, body: body)
        if let key { idsByKey[key] = received }
        if let forgotten = kept.removeValue(forKey: received - Self.capacity), let key = forgotten.key {
            idsByKey[key] = nil
        }
        return .accepted(id: received)
    }

    /// `{"data": […], "meta": {"total": n}}`, oldest first.
    var listing: JSONValue {
        let oldest = max(1, received - Self.capacity + 1)
        let messages: [JSONValue] = (oldest..<received + 1).compactMap { id in
            kept[id].map { message in
                [
                    "id": .int(message.id),
                    "idempotency_key": message.key.map { .string($0) } ?? .null,
                    "body": .raw(message.body),
                ]
            }
        }
        return ["data": .array(messages), "meta": ["total": .int(received)]]
    }
}
