/// The candidates for one row's nearest, or farthest, other rows, while all other rows are looked at.
///
/// Each row comes with an approximate distance that is wrong by at most `error`. The candidates always contain the true
/// list: a row is rejected only if it is more than 2 · `error` beyond the approximate distances of `capacity` others,
/// or more than `error` beyond their exact distances.
struct NeighborCandidates: Sendable {
    /// A row and its approximate distance, negated if the farthest rows are searched for.
    private struct Candidate {
        let distance: Float
        let index: Int32
    }

    private let capacity: Int
    private let error: Double
    /// 1 for the nearest, −1 for the farthest.
    private let sign: Float
    private var pending: [Candidate] = []
    /// The best candidates of those that were computed exactly early, because too many were almost equal.
    private var exact: [Neighbor] = []
    /// A row whose approximate distance, times `sign`, is beyond this bound cannot belong to the list.
    private var bound = Float.infinity

    init(capacity: Int, error: Double, farthest: Bool = false) {
        self.capacity = capacity
        self.error = error
        sign = farthest ? -1 : 1
    }

    /// The approximate distance beyond which the caller must reject a row: above it, or below it for the farthest.
    var limit: Float { sign * bound }

    /// Adds a row that `limit` lets through; `distances` computes exact distances to rows.
    mutating func insert(_ index: Int, _ distance: Float, _ distances: ([Int]) -> [Double]) {
        let room = max(64, 4 * capacity)
        if pending.isEmpty { pending.reserveCapacity(room) }
        pending.append(Candidate(distance: sign * distance, index: Int32(index)))
        guard pending.count >= room else { return }
        narrow()
        if pending.count > room / 2 { resolve(distances) }
    }

    /// The exact list after the last insertion, best first; distances of the farthest are negated.
    func list(_ distances: ([Int]) -> [Double]) -> [Neighbor] {
        var last = self
        last.narrow()
        last.resolve(distances)
        return last.exact
    }

    /// Drops candidates that are too far beyond `capacity` others.
    private mutating func narrow() {
        guard pending.count > capacity, capacity > 0 else { return }
        lowerBound(to: Double(pendingDistance(at: capacity - 1)) + 2 * error)
        pending.removeAll { $0.distance > bound }
    }

    /// The distance that would stand at `place` if the candidates were sorted; changes their order (Hoare's selection).
    private mutating func pendingDistance(at place: Int) -> Float {
        var (low, high) = (0, pending.count - 1)
        while low < high {
            let pivot = pending[(low + high) / 2].distance
            var (left, right) = (low, high)
            while left <= right {
                while pending[left].distance < pivot { left += 1 }
                while pending[right].distance > pivot { right -= 1 }
                guard left <= right else { break }
                pending.swapAt(left, right)
                left += 1
                right -= 1
            }
            if place <= right { high = right } else if place >= left { low = left } else { break }
        }
        return pending[place].distance
    }

    private mutating func lowerBound(to distance: Double) {
        bound = min(bound, Float(distance).nextUp)
    }

    private mutating func resolve(_ distances: ([Int]) -> [Double]) {
        let rows = pending.map { Int($0.index) }
        pending.removeAll(keepingCapacity: true)
        var best = SmallestHeap<Neighbor>(capacity: capacity)
        for neighbor in exact { best.insert(neighbor) }
        for (row, distance) in zip(rows, distances(rows)) { best.insert(Neighbor(Double(sign) * distance, row)) }
        if best.isFull, let largest = best.largest { lowerBound(to: largest.distance + error) }
        exact = best.sorted()
    }
}
