/// Re-ranks many queries together, as in the literature: queries and gallery form one pool, and all of them can be
/// neighbors of each other.
///
/// Agrees with the algorithm of Zhong et al., "Re-ranking Person Re-identification with k-reciprocal Encoding", CVPR
/// 2017. Memory holds only neighbor lists and sparse encodings, never the matrix of all distances of the pool.
public struct PoolReRanking: Sendable {
    /// The weight of a gallery image in one column of the encodings.
    private struct Share: Sendable {
        let row: Int32
        let weight: Double
    }

    private let queries: EmbeddingMatrix
    private let gallery: EmbeddingMatrix
    private let options: ReRanking
    /// V' of the queries.
    private let encodings: [SparseRow]
    /// V' of the gallery, by column: the entries of column j are at `columns[j]..<columns[j + 1]`.
    private let columns: [Int]
    private let shares: [Share]
    /// m of the queries: the distance to each query's farthest image.
    private let farthest: [Double]

    /// Computes the neighbor lists and encodings of the pool; costs O(n²) inner products for a pool of n images.
    ///
    /// - Parameters:
    ///   - queries: The queries.
    ///   - gallery: The rows to rank.
    ///   - options: k₁, k₂, λ.
    ///   - isCancelled: Asked often, by any thread; true ends the work.
    /// - Throws: `RankingError.cancelled`.
    public init(
        queries: EmbeddingMatrix, gallery: EmbeddingMatrix, options: ReRanking,
        isCancelled: @Sendable () -> Bool = { false }
    ) throws(RankingError) {
        precondition(
            queries.dimensions == gallery.dimensions,
            "queries of \(queries.dimensions) values, gallery of \(gallery.dimensions)")
        self.queries = queries
        self.gallery = gallery
        self.options = options
        var pool = queries
        pool.append(contentsOf: gallery)
        let table = try NeighborTable(of: pool, length: options.depth, isCancelled: isCancelled)
        let lists = PoolNeighbors(table: table, matrix: pool)
        var encoder = ReciprocalEncoder(lists: lists, options: options)
        var scratch = [Double](repeating: 0, count: pool.count)
        var encodings: [SparseRow] = []
        for item in 0..<queries.count {
            guard !isCancelled() else { throw .cancelled }
            encodings.append(encoder.meanEncoding(item, scratch: &scratch))
        }
        self.encodings = encodings
        farthest = (0..<queries.count).map(lists.farthest)

        var rows: [SparseRow] = []
        rows.reserveCapacity(gallery.count)
        var next = [Int](repeating: 0, count: pool.count + 1)
        for item in queries.count..<pool.count {
            guard !isCancelled() else { throw .cancelled }
            let row = encoder.meanEncoding(item, scratch: &scratch)
            for column in row.items { next[column + 1] += 1 }
            rows.append(row)
        }
        for column in 0..<pool.count { next[column + 1] += next[column] }
        columns = next
        var shares = [Share](repeating: Share(row: 0, weight: 0), count: next[pool.count])
        for (index, row) in rows.enumerated() {
            for (column, weight) in zip(row.items, row.weights) {
                shares[next[column]] = Share(row: Int32(index), weight: weight)
                next[column] += 1
            }
        }
        self.shares = shares
    }

    /// The final distance d* from one query to every gallery row, in 0...1 up to rounding; smaller is more similar.
    public func distances(of query: Int) -> [Double] {
        precondition(query >= 0 && query < queries.count, "query \(query) of \(queries.count)")
        return distances(of: query, original: unroundedDistances(from: queries[query], to: gallery))
    }

    /// The same as `distances(of:)`, for a caller that already has the query's squared distances to every gallery row.
    public func distances(of query: Int, original: [Double]) -> [Double] {
        precondition(query >= 0 && query < queries.count, "query \(query) of \(queries.count)")
        precondition(original.count == gallery.count, "\(original.count) distances to a gallery of \(gallery.count)")
        var common = [Double](repeating: 0, count: gallery.count)
        let encoding = encodings[query]
        for (column, weight) in zip(encoding.items, encoding.weights) {
            for share in shares[columns[column]..<columns[column + 1]] {
                common[Int(share.row)] += min(weight, share.weight)
            }
        }
        let scale = farthest[query] > 0 ? 1 / farthest[query] : 0
        for row in common.indices {
            common[row] = options.finalDistance(jaccard: jaccardDistance(common[row]), original: original[row] * scale)
        }
        return common
    }
}

/// The Jaccard distance J = 1 − S / (2 − S) of two encodings of sum 1, where S is the sum of the smaller weights.
func jaccardDistance(_ common: Double) -> Double {
    1 - common / (2 - common)
}

/// The neighbor lists of a pool, all of them stored.
struct PoolNeighbors: NeighborLists {
    let table: NeighborTable
    let matrix: EmbeddingMatrix

    var count: Int { matrix.count }

    func list(of item: Int, depth: Int) -> [Neighbor] {
        merged(table[item].prefix(depth), with: Neighbor(0, item), depth: depth)
    }

    func farthest(from item: Int) -> Double { table.farthest[item] }

    func distances(from item: Int, to others: [Int]) -> [Double] {
        matrix.squaredDistances(fromRow: item, to: others)
    }
}

/// A sorted list with one more neighbor inserted in order, cut off after `depth` entries.
func merged(_ list: some Collection<Neighbor>, with extra: Neighbor, depth: Int) -> [Neighbor] {
    var result: [Neighbor] = []
    result.reserveCapacity(list.count + 1)
    var waiting = true
    for entry in list {
        if waiting, extra < entry {
            result.append(extra)
            waiting = false
        }
        result.append(entry)
    }
    if waiting { result.append(extra) }
    return result.count > depth ? Array(result.prefix(depth)) : result
}
