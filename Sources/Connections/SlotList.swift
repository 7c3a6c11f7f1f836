/// Things that are kept under numbers, so that none has to be looked for to be taken out.
package struct SlotList<Element> {
    private var slots: [Element?] = []
    private var free: [Int] = []

    /// An empty list.
    package init() {}

    /// Keeps one more, and gives its number.
    package mutating func insert(_ element: Element) -> Int {
        guard let number = free.popLast() else {
            slots.append(element)
            return slots.count - 1
        }
        slots[number] = element
        return number
    }

    /// Takes one out; its number is another's from now on.
    package mutating func remove(_ number: Int) -> Element? {
        free.append(number)
        return slots[number].take()
    }

    /// Looks at each, and may change it.
    package mutating func updateEach(_ body: (inout Element) -> Void) {
        for number in slots.indices {
            guard var element = slots[number].take() else { continue }
            body(&element)
            slots[number] = element
        }
    }
}

extension SlotList: Sendable where Element: Sendable {}
