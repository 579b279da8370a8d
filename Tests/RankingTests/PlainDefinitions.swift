import Foundation
import Randomness
import Ranking

/// The plain definition of k-reciprocal re-ranking: every distance, every set, straight from the paper.
struct PlainReRanking {
    let k1: Int
    let k2: Int
    let lambda: Double

    init(_ options: ReRanking) {
        k1 = options.k1
        k2 = options.k2
        lambda = options.lambda
    }

    /// d*(q, g) for the first `queries` rows of the pool against the rest.
    func distances(pool: [[Float]], queries: Int) -> [[Double]] {
        let n = pool.count
        let d = pool.map { a in pool.map { plainSquaredDistance(a, $0) } }
        let ranks = d.map { row in row.indices.sorted { (row[$0], $0) < (row[$1], $1) } }
        let farthest = d.map { $0.max() ?? 0 }
        let half = Int((Double(k1) / 2).rounded(.toNearestOrEven))

        func neighbors(_ i: Int, _ k: Int) -> Set<Int> { Set(ranks[i].prefix(k + 1)) }
        func reciprocal(_ k: Int) -> [Set<Int>] {
            let all = (0..<n).map { neighbors($0, k) }
            return (0..<n).map { i in all[i].filter { all[$0].contains(i) } }
        }
        let r1 = reciprocal(k1)
        let rHalf = reciprocal(half)
        let v = (0..<n).map { i in
            var expanded = r1[i]
            for c in r1[i] where 3 * rHalf[c].intersection(r1[i]).count > 2 * rHalf[c].count {
                expanded.formUnion(rHalf[c])
            }
            var row = [Double](repeating: 0, count: n)
            for j in expanded { row[j] = exp(farthest[i] > 0 ? -d[i][j] / farthest[i] : 0) }
            let sum = row.reduce(0, +)
            return sum > 0 ? row.map { $0 / sum } : row
        }
        let mean = (0..<n).map { i in
            guard k2 > 1 else { return v[i] }
            let members = ranks[i].prefix(k2)
            return (0..<n).map { j in members.reduce(0) { $0 + v[$1][j] } / Double(members.count) }
        }
        return (0..<queries).map { q in
            (queries..<n).map { g in
                let common = (0..<n).reduce(0) { $0 + min(mean[q][$1], mean[g][$1]) }
                let jaccard = 1 - common / (2 - common)
                return (1 - lambda) * jaccard + lambda * (farthest[q] > 0 ? d[q][g] / farthest[q] : 0)
            }
        }
    }
}

/// The nearest rows re-ranked, and then the others: the definition, from the distances of all allowed rows.
///
/// - Returns: The allowed rows in their new order; the final distance is nil past the candidates.
func plainReRanked(
    _ query: [Float], gallery: [[Float]], options: ReRanking, candidates: Int, isAllowed: (Int) -> Bool = { _ in true }
) -> [(row: Int, final: Double?)] {
    let allowed = gallery.indices.filter(isAllowed)
    let distances = gallery.map { Float(plainSquaredDistance(query, $0)) }
    let order = allowed.sorted { (distances[$0], $0) < (distances[$1], $1) }
    let pool = order.prefix(candidates).sorted()
    let final = PlainReRanking(options).distances(pool: [query] + pool.map { gallery[$0] }, queries: 1)[0]
    let ranked = pool.indices.sorted { (final[$0], $0) < (final[$1], $1) }
    return ranked.map { (pool[$0], final[$0]) } + order.dropFirst(candidates).map { ($0, nil) }
}

/// A search and the re-ranking of its candidates, as the service does them; all allowed rows are returned.
func reRanked(
    _ query: [Float], in gallery: EmbeddingMatrix, options: ReRanking, candidates: Int, where allowed: RowFilter? = nil,
    isCancelled: @Sendable () -> Bool = { false }
) throws -> [ReRankedMatch] {
    let matches = try nearest(
        to: query, in: gallery, count: gallery.count, where: allowed, isCancelled: isCancelled)
    return try reRank(
        matches, for: query, in: gallery, options: options, candidates: candidates, isCancelled: isCancelled)
}

/// Σ (aᵢ − bᵢ)² one by one in double precision.
func plainSquaredDistance(_ a: [Float], _ b: [Float]) -> Double {
    zip(a, b).reduce(0) { sum, pair in
        let difference = Double(pair.0) - Double(pair.1)
        return sum + difference * difference
    }
}

/// How test galleries are laid out.
enum Layout: String, CaseIterable {
    /// Unit vectors around a few centers, as embeddings are.
    case clustered
    /// Small integers: exact distances, many of them equal.
    case integers
    /// Few different vectors, each many times.
    case duplicates
    /// Unit vectors that differ only in their last bits.
    case nearlyEqual
}

/// The vector of length 1 in the same direction; zero stays zero.
func unit(_ values: [Float]) -> [Float] {
    let length = values.reduce(0) { $0 + $1 * $1 }.squareRoot()
    return length > 0 ? values.map { $0 / length } : values
}

/// `count` rows of a layout.
func rows(_ layout: Layout, count: Int, dimensions: Int, seed: UInt64) -> [[Float]] {
    var generator = SeededGenerator(seed: seed)
    func random(_ range: ClosedRange<Float>) -> [Float] {
        (0..<dimensions).map { _ in .random(in: range, using: &generator) }
    }
    switch layout {
    case .clustered:
        let centers = (0..<max(1, count / 9)).map { _ in unit(random(-1...1)) }
        return (0..<count).map { _ in
            let center = centers.randomElement(using: &generator) ?? []
            return unit(zip(center, random(-0.2...0.2)).map { $0 + $1 })
        }
    case .integers:
        return (0..<count).map { _ in random(-2...2).map { $0.rounded() } }
    case .duplicates:
        let originals = (0..<3).map { _ in random(-3...3).map { $0.rounded() } }
        return (0..<count).map { _ in originals.randomElement(using: &generator) ?? [] }
    case .nearlyEqual:
        let center = unit(random(-1...1))
        return (0..<count).map { _ in zip(center, random(-1e-6...1e-6)).map { $0 + $1 } }
    }
}

/// The rows as a matrix.
func matrix(_ rows: [[Float]], dimensions: Int) -> EmbeddingMatrix {
    var matrix = EmbeddingMatrix(dimensions: dimensions)
    for row in rows { matrix.append(row) }
    return matrix
}
