import Glibc
import Synchronization

/// The system's random numbers, fetched many at a time: each call of the system costs as much as sealing a small value.
///
/// A number is forgotten when it is given out.
enum StockedRandomNumbers {
    private struct Stock {
        var numbers: [UInt64] = Array(repeating: 0, count: 32)
        var left = 0

        mutating func refill() -> Bool {
            // At most 256 bytes: no signal interrupts that, and they come whole (getentropy(3)).
            let isFilled = numbers.withUnsafeMutableBytes { getentropy($0.baseAddress, $0.count) == 0 }
            left = isFilled ? numbers.count : 0
            return isFilled
        }
    }

    private static let stock = Mutex(Stock())

    static func next() -> UInt64 {
        let number = stock.withLock { stock -> UInt64? in
            guard stock.left > 0 || stock.refill() else { return nil }
            stock.left -= 1
            defer { stock.numbers[stock.left] = 0 }
            return stock.numbers[stock.left]
        }
        if let number { return number }
        var system = SystemRandomNumberGenerator()
        return system.next()
    }
}
