internal import CDistance

/// The squared Euclidean distances Σ (aᵢ − bᵢ)² from one vector to rows, summed in double precision.
///
/// The order of summation depends on `dimensions` alone: sixteen running sums over whole groups of sixteen, added pairwise, then
/// the rest one by one. Since (a − b)² and (b − a)² have the same bits, d(a, b) == d(b, a) bit for bit, whatever the batch,
/// thread or processor; equal vectors have distance 0.
///
/// - Parameters:
///   - query: `dimensions` values, already widened.
///   - rows: `count` rows of `dimensions` values.
///   - count: The number of rows.
///   - dimensions: The length of every row.
///   - distances: Takes `count` values.
package func squaredDistances(
    from query: UnsafePointer<Double>, to rows: UnsafePointer<Float>, count: Int, dimensions: Int,
    into distances: UnsafeMutablePointer<Double>
) {
    unsafe c_squared_distances(query, rows, count, dimensions, distances)
}
