/// A gallery row after re-ranking.
public struct ReRankedMatch: Sendable, Equatable {
    /// The row in the gallery's matrix.
    public let row: Int
    /// The squared Euclidean distance to the query, 0...4 between unit vectors.
    public let distance: Float
    /// The final distance d*, in 0...1; smaller is more similar.
    public let reRankedDistance: Double
}

/// The final distance d* from one query to every gallery row, exactly as if the pool of the query and the gallery were
/// re-ranked.
///
/// From Zhong et al., "Re-ranking Person Re-identification with k-reciprocal Encoding", CVPR 2017. With a filter, the
/// pool is the query and the allowed rows, as if no other rows existed; the lists are reduced to these rows first,
/// which costs more.
///
/// - Parameters:
///   - query: a vector of the gallery's dimensions.
///   - gallery: the rows to rank.
///   - graph: the lists of exactly these rows. If the options need more than its `depth`, deeper lists are made for
///     this call, which costs as much as making the graph.
///   - options: k₁, k₂, λ.
///   - allowed: the rows to rank; nil for all.
/// - Returns: a value per row, in 0...1 up to rounding, smaller is more similar; infinity for a row that is not
///   allowed.
public func rerank(
    query: [Float], gallery: EmbeddingMatrix, graph: NeighborGraph, options: ReRanking, where allowed: RowFilter? = nil
) -> [Double] {
    reRank(query: query, gallery: gallery, graph: graph, options: options, allowed: allowed).final
}

/// The same as `rerank` for all rows, for a caller that already has the query's squared distances to every row.
///
/// - Parameters:
///   - distances: the result of `unroundedDistances`.
///   - gallery: the rows to rank.
///   - graph: the lists of exactly these rows, at least as deep as the options need.
///   - options: k₁, k₂, λ.
/// - Returns: a value per row, in 0...1 up to rounding; smaller is more similar.
public func rerank(
    distances: [Double], gallery: EmbeddingMatrix, graph: NeighborGraph, options: ReRanking
) -> [Double] {
    precondition(distances.count == gallery.count, "\(distances.count) distances to a gallery of \(gallery.count)")
    precondition(graph.count == gallery.count, "lists of \(graph.count) rows for a gallery of \(gallery.count)")
    precondition(
        options.depth <= graph.depth || graph.depth >= gallery.count,
        "lists \(graph.depth) deep for options that look \(options.depth) deep")
    var work = QueryReRanking(
        lists: QueryNeighbors(original: distances, gallery: gallery, graph: graph), options: options)
    return work.finalDistances()
}

/// The `count` gallery rows that are nearest to `query` after re-ranking, best first; of equal distances, the smaller
/// (older) row comes first.
///
/// - Parameters:
///   - query: a vector of the gallery's dimensions.
///   - gallery: the rows to rank.
///   - graph: the lists of exactly these rows.
///   - options: k₁, k₂, λ.
///   - count: how many to return.
///   - allowed: the rows to rank; nil for all.
/// - Returns: `count` matches, or fewer if fewer rows are allowed.
public func nearestReRanked(
    to query: [Float], in gallery: EmbeddingMatrix, graph: NeighborGraph, options: ReRanking, count: Int,
    where allowed: RowFilter? = nil
) -> [ReRankedMatch] {
    let result = reRank(query: query, gallery: gallery, graph: graph, options: options, allowed: allowed)
    var best = SmallestHeap<Neighbor>(capacity: min(count, allowed?.allowedCount ?? gallery.count))
    for (row, distance) in result.final.enumerated() where distance < .infinity {
        best.insert(Neighbor(distance, row))
    }
    return best.sorted().map {
        ReRankedMatch(row: $0.item, distance: Float(result.original[$0.item]), reRankedDistance: $0.distance)
    }
}

private typealias Distances = (final: [Double], original: [Double])

private func reRank(
    query: [Float], gallery: EmbeddingMatrix, graph: NeighborGraph, options: ReRanking, allowed: RowFilter?
) -> Distances {
    precondition(graph.count == gallery.count, "lists of \(graph.count) rows for a gallery of \(gallery.count)")
    if let allowed, allowed.allowedCount < gallery.count {
        let rows = allowed.rows
        let selected = gallery.selecting(rows)
        let found = reRank(
            query: query, gallery: selected, graph: graph.selecting(rows, of: selected), options: options, allowed: nil)
        var result = Distances(
            final: Array(repeating: .infinity, count: gallery.count),
            original: Array(repeating: .infinity, count: gallery.count))
        for (index, row) in rows.enumerated() {
            result.final[row] = found.final[index]
            result.original[row] = found.original[index]
        }
        return result
    }
    guard options.depth <= graph.depth || graph.depth >= gallery.count else {
        let deep = NeighborGraph(of: gallery, depth: min(options.depth, gallery.count))
        return reRank(query: query, gallery: gallery, graph: deep, options: options, allowed: nil)
    }
    let original = unroundedDistances(from: query, to: gallery)
    return (rerank(distances: original, gallery: gallery, graph: graph, options: options), original)
}

/// The neighbor lists of a pool of one query (item 0) and a gallery (row r is item r + 1) whose lists are stored.
struct QueryNeighbors: NeighborLists {
    /// The query's distance to every row.
    let original: [Double]
    let gallery: EmbeddingMatrix
    let graph: NeighborGraph

    var count: Int { original.count + 1 }

    func list(of item: Int, depth: Int) -> [Neighbor] {
        guard item > 0 else {
            var best = SmallestHeap<Neighbor>(capacity: min(depth - 1, original.count))
            for (row, distance) in original.enumerated() { best.insert(Neighbor(distance, row + 1)) }
            return [Neighbor(0, 0)] + best.sorted()
        }
        let stored = graph.nearest[item - 1].prefix(depth).lazy.map { Neighbor($0.distance, $0.item + 1) }
        let withItself = merged(stored, with: Neighbor(0, item), depth: depth)
        return merged(withItself, with: Neighbor(original[item - 1], 0), depth: depth)
    }

    func farthest(from item: Int) -> Double {
        guard item > 0 else { return original.max() ?? 0 }
        let among = graph.farthest.length(item - 1) > 0 ? -graph.farthest[item - 1, 0].distance : 0
        return max(among, original[item - 1])
    }

    func distances(from item: Int, to others: [Int]) -> [Double] {
        guard item > 0 else { return others.map { $0 == 0 ? 0 : original[$0 - 1] } }
        let rows = others.map { max($0 - 1, 0) }
        var result = gallery.squaredDistances(from: gallery[item - 1], to: rows)
        if let place = others.firstIndex(of: 0) { result[place] = original[item - 1] }
        return result
    }
}

/// Re-ranks a gallery for one query; looks only at images whose encodings can share an image with the query's encoding.
struct QueryReRanking {
    private let lists: QueryNeighbors
    private let options: ReRanking
    private var encoder: ReciprocalEncoder<QueryNeighbors>

    init(lists: QueryNeighbors, options: ReRanking) {
        self.lists = lists
        self.options = options
        encoder = ReciprocalEncoder(lists: lists, options: options)
    }

    /// d* of every gallery row.
    mutating func finalDistances() -> [Double] {
        guard lists.count > 1 else { return [] }
        var scratch = [Double](repeating: 0, count: lists.count)
        let query = encoder.meanEncoding(0, scratch: &scratch)
        let farthest = lists.farthest(from: 0)
        let scale = farthest > 0 ? 1 / farthest : 0
        // An image whose encoding shares no image with the query's encoding has J = 1.
        var result = lists.original.map { options.finalDistance(jaccard: 1, original: $0 * scale) }
        let meeting = itemsMeeting(query.items)
        var isMeeting = [Bool](repeating: false, count: lists.count)
        for item in meeting { isMeeting[item] = true }
        for row in lists.original.indices where mayAverage(row, isMeeting) {
            let members = encoder.averaged(row + 1)
            var touched = false
            for member in members where isMeeting[member] {
                touched = true
                let encoding = encoder.encoding(member)
                for (item, weight) in zip(encoding.items, encoding.weights) { scratch[item] += weight }
            }
            guard touched else { continue }
            var common = 0.0
            for (item, weight) in zip(query.items, query.weights) {
                common += min(weight, scratch[item] / Double(members.count))
            }
            for member in members where isMeeting[member] {
                for item in encoder.encoding(member).items { scratch[item] = 0 }
            }
            result[row] = options.finalDistance(
                jaccard: jaccardDistance(common), original: lists.original[row] * scale)
        }
        return result
    }

    /// The images h whose R*(h) contains an image of `support`.
    ///
    /// R is symmetric: j in R(i, k) exactly when i in R(j, k). So l in R*(h) means h in R(l, k₁), or h in R(c, k₁) for some c in
    /// R(l, k₁ / 2) that h accepts; no inverted index is needed.
    private mutating func itemsMeeting(_ support: [Int]) -> Set<Int> {
        var meeting: Set<Int> = []
        var carriers: Set<Int> = []
        for item in support {
            meeting.formUnion(encoder.reciprocal(item))
            carriers.formUnion(encoder.halfReciprocal(item))
        }
        for carrier in carriers {
            for item in encoder.reciprocal(carrier) where !meeting.contains(item) {
                if encoder.accepts(carrier, into: item) { meeting.insert(item) }
            }
        }
        return meeting
    }

    /// Whether an image of `isMeeting` may be among the images averaged for a row; a quick test that is never wrong
    /// when it says no.
    private func mayAverage(_ row: Int, _ isMeeting: [Bool]) -> Bool {
        if isMeeting[row + 1] { return true }
        guard options.k2 > 1 else { return false }
        let length = min(options.k2, lists.graph.nearest.length(row))
        for place in 0..<length where isMeeting[lists.graph.nearest[row, place].item + 1] { return true }
        guard isMeeting[0] else { return false }
        return length < options.k2 || lists.original[row] <= lists.graph.nearest[row, length - 1].distance
    }
}
