/// An image of a pool, with its squared distance to another image.
struct Neighbor: Sendable, Comparable {
    let distance: Double
    let index: Int32

    init(_ distance: Double, _ index: Int) {
        self.distance = distance
        self.index = Int32(index)
    }

    /// The image's index in the pool.
    var item: Int { Int(index) }

    /// Orders by distance; of equal distances, the smaller (older) image comes first.
    static func < (left: Neighbor, right: Neighbor) -> Bool {
        left.distance != right.distance ? left.distance < right.distance : left.index < right.index
    }
}

/// One sorted list per row, of at most `capacity` entries; each is the exact beginning of the full list.
///
/// "Exact beginning" means: every row that is not in a list would come after all rows that are in it.
struct NeighborTable: Sendable {
    let capacity: Int
    private(set) var count = 0
    private var lengths: [Int32] = []
    /// [count, capacity]; entries after a list's end are undefined.
    private var entries: [Neighbor] = []

    init(capacity: Int) {
        self.capacity = capacity
    }

    func length(_ row: Int) -> Int { Int(lengths[row]) }

    /// The list of a row, nearest first.
    subscript(row: Int) -> ArraySlice<Neighbor> {
        entries[row * capacity..<row * capacity + length(row)]
    }

    /// One entry of a row's list.
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

    /// The distance beyond which a new neighbor cannot enter a row's list; `others` is the number of rows that the list
    /// was made from.
    func bound(_ row: Int, others: Int) -> Double {
        let length = length(row)
        if length == others, length < capacity { return .infinity }
        return length > 0 ? self[row, length - 1].distance : -.infinity
    }

    /// Inserts a new neighbor into a row's list if it belongs there.
    ///
    /// - Parameters:
    ///   - neighbor: the new neighbor.
    ///   - row: the row that the list belongs to.
    ///   - others: the number of rows that the list was made from; if it contains all of them, it may grow.
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
