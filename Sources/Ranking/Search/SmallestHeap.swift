/// Keeps the smallest `capacity` of the elements that are inserted, in a binary heap with the largest of them on top.
struct SmallestHeap<Element: Comparable> {
    let capacity: Int
    private var elements: [Element] = []

    /// A heap for `capacity` elements; nothing is kept when it is not positive.
    init(capacity: Int) {
        self.capacity = max(capacity, 0)
        elements.reserveCapacity(self.capacity)
    }

    var isFull: Bool { elements.count == capacity }

    /// The largest element kept, or nil when there is none.
    var largest: Element? { elements.first }

    /// Keeps `element` if it is among the smallest so far.
    @inline(__always)
    mutating func insert(_ element: Element) {
        if elements.count < capacity {
            elements.append(element)
            siftUp()
        } else if capacity > 0, element < elements[0] {
            elements[0] = element
            siftDown()
        }
    }

    /// The elements kept, ascending.
    func sorted() -> [Element] { elements.sorted() }

    private mutating func siftUp() {
        var child = elements.count - 1
        while child > 0, elements[(child - 1) / 2] < elements[child] {
            elements.swapAt(child, (child - 1) / 2)
            child = (child - 1) / 2
        }
    }

    private mutating func siftDown() {
        var parent = 0
        while true {
            var child = 2 * parent + 1
            guard child < elements.count else { return }
            if child + 1 < elements.count, elements[child] < elements[child + 1] { child += 1 }
            guard elements[parent] < elements[child] else { return }
            elements.swapAt(parent, child)
            parent = child
        }
    }
}
