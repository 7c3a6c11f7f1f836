/// What was asked and answered, counted.
struct RequestLog: Sendable {
    /// Requests by the index of their endpoint.
    private(set) var requests: [Int]
    /// Answers by their status.
    private(set) var statuses: [Int: Int] = [:]
    /// Connections that were dropped on request.
    private(set) var drops = 0
    private(set) var arrivals = Arrivals()

    init(endpoints: Int) {
        requests = Array(repeating: 0, count: endpoints)
    }

    mutating func arrived(at endpoint: Int, microseconds: Int64) {
        requests[endpoint] += 1
        arrivals.append(endpoint: endpoint, microseconds: microseconds)
    }

    mutating func answered(_ status: Int) {
        statuses[status, default: 0] += 1
    }

    mutating func dropped() {
        drops += 1
    }
}

/// When the last requests arrived, so that lateness can be measured from outside.
struct Arrivals: Sendable {
    private struct Arrival {
        let endpoint: Int
        let microseconds: Int64
    }

    /// How many are remembered: the oldest make room.
    static let capacity = 100_000

    private var ring: [Arrival] = []
    private var oldest = 0

    mutating func append(endpoint: Int, microseconds: Int64) {
        let arrival = Arrival(endpoint: endpoint, microseconds: microseconds)
        if ring.count < Self.capacity {
            ring.append(arrival)
        } else {
            ring[oldest] = arrival
            oldest = (oldest + 1) % Self.capacity
        }
    }

    /// Seconds since 1970 with six decimals, under the name of each endpoint, oldest first.
    var json: JSONValue {
        var texts: [Int: [JSONValue]] = [:]
        for arrival in ring[oldest...] + ring[..<oldest] {
            let fraction = String(arrival.microseconds % 1_000_000)
            let padding = String(repeating: "0", count: 6 - fraction.count)
            let seconds = "\(arrival.microseconds / 1_000_000).\(padding)\(fraction)"
            texts[arrival.endpoint, default: []].append(.raw(Array(seconds.utf8)))
        }
        return .object(texts.sorted { $0.key < $1.key }.map { (Endpoint.all[$0.key].name, .array($0.value)) })
    }
}
