/// An image of a pool and its squared distance to another one.
struct Neighbor: Sendable, Comparable {
    let distance: Double
    let index: Int32

    init(_ distance: Double, _ index: Int) {
        self.distance = distance
        self.index = Int32(index)
    }

    /// The image's place in the pool.
    var item: Int { Int(index) }

    /// Orders by distance, then the smaller (older) image first.
    static func < (left: Neighbor, right: Neighbor) -> Bool {
        left.distance != right.distance ? left.distance < right.distance : left.index < right.index
    }
}

/// One sorted list per row, each the exact beginning of what the full list would be, at most `capacity` long.
///
/// Exact beginning: every row that a list does not hold sorts after all that it holds.
struct NeighborTable: Sendable {
    let capacity: Int
    private(set) var count = 0
    private var lengths: [Int32] = []
    /// [count, capacity]; entries behind a list's length mean nothing.
    private var entries: [Neighbor] = []

    init(capacity: Int) {
        self.capacity = capacity
    }

    func length(_ row: Int) -> Int { Int(lengths[row]) }

    /// The list of a row, nearest first.
    subscript(row: Int) -> ArraySlice<Neighbor> {
        entries[row * capacity..<row * capacity + length(row)]
    }

    /// The entry at a place of a row's list.
    subscript(row: Int, place: Int) -> Neighbor { entries[row * capacity + place] }

    /// Adds the next row's list, which must be sorted.
    mutating func append(_ list: some Collection<Neighbor>) {
        precondition(list.count <= capacity, "a list of \(list.count) in a table for \(capacity)")
        entries.append(contentsOf: list)
        entries.append(contentsOf: repeatElement(Neighbor(.infinity, -1), count: capacity - list.count))
        lengths.append(Int32(list.count))
        count += 1
    }

    /// Replaces a row's list.
    mutating func replace(_ row: Int, with list: some Collection<Neighbor>) {
        precondition(list.count <= capacity, "a list of \(list.count) in a table for \(capacity)")
        for (place, entry) in list.enumerated() { entries[row * capacity + place] = entry }
        lengths[row] = Int32(list.count)
    }

    /// The distance beyond which a new neighbor cannot enter a row's list, given the number of others it has seen.
    func bound(_ row: Int, others: Int) -> Double {
        let length = length(row)
        if length == others, length < capacity { return .infinity }
        return length > 0 ? self[row, length - 1].distance : -.infinity
    }

    /// Takes a new neighbor into a row's list if it belongs there.
    ///
    /// - Parameters:
    ///   - neighbor: the newcomer.
    ///   - row: whose list it is.
    ///   - others: how many others the list was made from; if it holds all of them, it may grow.
    mutating func insert(_ neighbor: Neighbor, into row: Int, others: Int) {
        let length = length(row)
        let complete = length == others && length < capacity
        guard complete || (length > 0 && neighbor < self[row, length - 1]) else { return }
        var place = min(length, capacity - 1)
        while place > 0, neighbor < self[row, place - 1] {
            entries[row * capacity + place] = self[row, place - 1]
            place -= 1
        }
        entries[row * capacity + place] = neighbor
        lengths[row] = Int32(min(length + 1, capacity))
    }
}
