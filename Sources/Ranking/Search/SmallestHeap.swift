import HeapModule

/// Keeps the smallest `capacity` of the elements that are inserted.
struct SmallestHeap<Element: Comparable> {
    let capacity: Int
    private var heap = Heap<Element>()

    /// A heap for `capacity` elements; nothing is kept when it is not positive.
    init(capacity: Int) {
        self.capacity = max(capacity, 0)
        heap.reserveCapacity(self.capacity)
    }

    var isFull: Bool { heap.count == capacity }

    /// The largest element kept, or nil when there is none.
    var largest: Element? { heap.max }

    /// Keeps `element` if it is among the smallest so far.
    @inline(__always)
    mutating func insert(_ element: Element) {
        if heap.count < capacity {
            heap.insert(element)
        } else if let largest = heap.max, element < largest {
            heap.replaceMax(with: element)
        }
    }

    /// The elements kept, in any order.
    var unordered: [Element] { heap.unordered }

    /// The elements kept, ascending.
    func sorted() -> [Element] { heap.unordered.sorted() }
}
