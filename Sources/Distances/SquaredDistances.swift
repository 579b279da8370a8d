internal import CDistance

/// The squared Euclidean distances Σ (aᵢ − bᵢ)² from one vector to rows, summed in double precision.
///
/// The order of summation depends only on `dimensions`: sixteen running sums over complete groups of sixteen values,
/// added pairwise, then the remaining values one by one. Since (a − b)² and (b − a)² have the same bits, d(a, b) ==
/// d(b, a) bit for bit, for every batch, thread and processor. Equal vectors have distance 0. Costs O(count ·
/// dimensions).
///
/// - Parameters:
///   - query: `dimensions` values, converted to double.
///   - rows: `count` rows of `dimensions` values.
///   - count: The number of rows.
///   - dimensions: The length of every row.
///   - distances: Receives `count` values.
package func squaredDistances(
    from query: UnsafePointer<Double>, to rows: UnsafePointer<Float>, count: Int, dimensions: Int,
    into distances: UnsafeMutablePointer<Double>
) {
    unsafe c_squared_distances(query, rows, count, dimensions, distances)
}
