import Foundation

/// The neighbor lists of a pool of images.
///
/// There are three conforming types: `PoolNeighbors` stores every list; `QueryNeighbors` adds a query to stored lists;
/// `CandidateNeighbors` makes the lists of a query and its candidates when they are needed.
protocol NeighborLists {
    /// The number of images in the pool.
    var count: Int { get }
    /// The first `depth` images of an image's list, ordered by (distance, index), including the image itself; all if
    /// the pool is smaller.
    func list(of item: Int, depth: Int) -> [Neighbor]
    /// The largest distance from an image to an image of the pool.
    func farthest(from item: Int) -> Double
    /// The distances from an image to others.
    func distances(from item: Int, to others: [Int]) -> [Double]
}

/// A sparse row of an encoding: the weights of some images of the pool, in ascending order of the images.
struct SparseRow {
    var items: [Int] = []
    var weights: [Double] = []
}

/// Computes the paper's reciprocal sets and encodings; each is computed when it is first needed and then kept.
///
/// From Zhong et al., "Re-ranking Person Re-identification with k-reciprocal Encoding", CVPR 2017. N(i, k) is the first k + 1
/// entries of i's list, R(i, k) = { j in N(i, k) : i in N(j, k) }.
struct ReciprocalEncoder<Lists: NeighborLists> {
    private struct Known {
        var list: [Neighbor]?
        var reciprocal: [Int]?
        var halfReciprocal: [Int]?
        var encoding: SparseRow?
    }

    let lists: Lists
    let options: ReRanking
    private let half: Int
    private let depth: Int
    private var slots: [Int32]
    private var known: [Known] = []

    init(lists: Lists, options: ReRanking) {
        self.lists = lists
        self.options = options
        half = options.half
        depth = options.depth
        slots = Array(repeating: -1, count: lists.count)
    }

    private mutating func slot(_ item: Int) -> Int {
        if slots[item] < 0 {
            slots[item] = Int32(known.count)
            known.append(Known())
        }
        return Int(slots[item])
    }

    /// The beginning of an image's list, as long as the options need.
    mutating func list(_ item: Int) -> [Neighbor] {
        let slot = slot(item)
        if let list = known[slot].list { return list }
        let list = lists.list(of: item, depth: depth)
        known[slot].list = list
        return list
    }

    /// R(i, k₁), ascending.
    mutating func reciprocal(_ item: Int) -> [Int] {
        let slot = slot(item)
        if let set = known[slot].reciprocal { return set }
        let set = mutualNeighbors(item, options.k1)
        known[slot].reciprocal = set
        return set
    }

    /// R(i, k₁ / 2), ascending.
    mutating func halfReciprocal(_ item: Int) -> [Int] {
        let slot = slot(item)
        if let set = known[slot].halfReciprocal { return set }
        let set = mutualNeighbors(item, half)
        known[slot].halfReciprocal = set
        return set
    }

    /// R(i, k), ascending.
    ///
    /// Whether i is in N(j, k) takes one comparison with the last entry of N(j, k), because d(i, j) and d(j, i) have
    /// the same bits.
    private mutating func mutualNeighbors(_ item: Int, _ k: Int) -> [Int] {
        var set: [Int] = []
        for neighbor in list(item).prefix(k + 1) {
            let other = list(neighbor.item)
            if Neighbor(neighbor.distance, item) <= other[min(k, other.count - 1)] { set.append(neighbor.item) }
        }
        return set.sorted()
    }

    /// Whether R(c, k₁ / 2) joins R(i, k₁): true if more than two thirds of it are in R(i, k₁) already.
    mutating func accepts(_ candidate: Int, into item: Int) -> Bool {
        let small = halfReciprocal(candidate)
        return 3 * commonCount(small, reciprocal(item)) > 2 * small.count
    }

    /// V(i): exp(−d / m) over R*(i), scaled to sum 1.
    mutating func encoding(_ item: Int) -> SparseRow {
        let slot = slot(item)
        if let row = known[slot].encoding { return row }
        let row = makeEncoding(item)
        known[slot].encoding = row
        return row
    }

    private mutating func makeEncoding(_ item: Int) -> SparseRow {
        let items = expanded(item)
        let farthest = lists.farthest(from: item)
        var weights = distances(from: item, to: items)
        var sum = 0.0
        for place in weights.indices {
            // In a pool of identical images the largest distance is 0, and so are all others.
            weights[place] = farthest > 0 ? exp(-weights[place] / farthest) : 1
            sum += weights[place]
        }
        for place in weights.indices { weights[place] /= sum }
        return SparseRow(items: items, weights: weights)
    }

    /// The distances from an image to others, in ascending order; most of them stand in its list.
    private mutating func distances(from item: Int, to others: [Int]) -> [Double] {
        let near = list(item).sorted { $0.index < $1.index }
        var (result, missing, place) = ([Double](), [Int](), 0)
        result.reserveCapacity(others.count)
        for other in others {
            while place < near.count, near[place].item < other { place += 1 }
            if place < near.count, near[place].item == other {
                result.append(near[place].distance)
            } else {
                missing.append(result.count)
                result.append(0)
            }
        }
        guard !missing.isEmpty else { return result }
        let rest = lists.distances(from: item, to: missing.map { others[$0] })
        for (place, distance) in zip(missing, rest) { result[place] = distance }
        return result
    }

    /// R*(i), ascending: R(i, k₁), and every half set that it accepts, without recursion.
    private mutating func expanded(_ item: Int) -> [Int] {
        let set = reciprocal(item)
        var union = set
        for candidate in set where accepts(candidate, into: item) { union += halfReciprocal(candidate) }
        union.sort()
        var last = -1
        return union.filter { next in
            defer { last = next }
            return next != last
        }
    }

    /// The images whose encodings are averaged for an image: the first k₂ of its list, or only itself if k₂ = 1.
    mutating func averaged(_ item: Int) -> [Int] {
        options.k2 == 1 ? [item] : list(item).prefix(options.k2).map(\.item)
    }

    /// V'(i): the mean of V over the images that are averaged.
    ///
    /// `scratch` has one zero for each image of the pool before and after the call.
    mutating func meanEncoding(_ item: Int, scratch: inout [Double]) -> SparseRow {
        let members = averaged(item)
        var row = SparseRow()
        for member in members {
            let encoding = encoding(member)
            for (item, weight) in zip(encoding.items, encoding.weights) {
                if scratch[item] == 0 { row.items.append(item) }
                scratch[item] += weight
            }
        }
        row.items.sort()
        row.weights = row.items.map { item in
            defer { scratch[item] = 0 }
            return scratch[item] / Double(members.count)
        }
        return row
    }
}

/// The number of elements that two ascending arrays share.
func commonCount(_ left: [Int], _ right: [Int]) -> Int {
    var count = 0
    var i = 0
    var j = 0
    while i < left.count, j < right.count {
        if left[i] == right[j] { count += 1 }
        if left[i] <= right[j] { i += 1 } else { j += 1 }
    }
    return count
}
