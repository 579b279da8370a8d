import Distances

// Distances are computed by `squaredDistances` of Distances, in double precision. Its relative error of 2⁻⁵⁰ is far below
// float32's rounding, so distances in float32 and re-ranking in double agree about which image is nearer.

/// The squared Euclidean distance of two vectors with the same number of values, as a search computes it.
public func squaredDistance(_ left: [Float], _ right: [Float]) -> Float {
    var row = EmbeddingMatrix(dimensions: right.count)
    row.append(right)
    return nearest(to: left, in: row, count: 1)[0].distance
}

extension EmbeddingMatrix {
    /// The number of rows whose distances to a vector are computed in one call.
    private static let rowsPerRun = 64

    /// Calls `body` with each row, ascending, and its squared distance to `query`.
    ///
    /// `query` has `dimensions` values; rows that `allowed` excludes are not visited. Every few rows it asks
    /// `isCancelled`; if that is true, it stops and returns false.
    @inline(__always)
    @discardableResult
    func forEachDistance(
        from query: [Float], where allowed: RowFilter? = nil, isCancelled: () -> Bool = { false },
        _ body: (Int, Double) -> Void
    ) -> Bool {
        precondition(query.count == dimensions, "a query of \(query.count) for rows of \(dimensions)")
        if let allowed { precondition(allowed.count == count, "a filter over \(allowed.count) of \(count) rows") }
        let wide = query.map(Double.init)
        var distances = [Double](repeating: 0, count: Self.rowsPerRun)
        for start in stride(from: 0, to: count, by: Self.rowsPerRun) {
            guard !isCancelled() else { return false }
            let end = min(start + Self.rowsPerRun, count)
            guard let allowed else {
                computeDistances(from: wide, to: start..<end, into: &distances)
                for row in start..<end { body(row, distances[row - start]) }
                continue
            }
            for row in start..<end where allowed[row] {
                computeDistances(from: wide, to: row..<row + 1, into: &distances)
                body(row, distances[0])
            }
        }
        return true
    }

    /// The squared distances from a row to the given rows, in their order.
    func squaredDistances(fromRow row: Int, to rows: some Collection<Int>) -> [Double] {
        let wide = widened(row)
        var distance = [0.0]
        return rows.map { row in
            computeDistances(from: wide, to: row..<row + 1, into: &distance)
            return distance[0]
        }
    }

    /// The squared distances from several queries to every row, an array for each query.
    ///
    /// A group of rows stays in the processor's cache while all queries are compared with it.
    func squaredDistances(from queries: [[Float]]) -> [[Double]] {
        let wide = queries.map { $0.map(Double.init) }
        var result = [[Double]](repeating: [], count: queries.count)
        for index in result.indices { result[index].reserveCapacity(count) }
        var distances = [Double](repeating: 0, count: Self.rowsPerRun)
        for start in stride(from: 0, to: count, by: Self.rowsPerRun) {
            let end = min(start + Self.rowsPerRun, count)
            for (index, query) in wide.enumerated() {
                computeDistances(from: query, to: start..<end, into: &distances)
                result[index] += distances[..<(end - start)]
            }
        }
        return result
    }

    /// Computes the distances to rows of one block.
    @inline(__always)
    private func computeDistances(from wide: [Double], to rows: Range<Int>, into distances: inout [Double]) {
        precondition(wide.count == dimensions && distances.count >= rows.count, "no room for the distances")
        let block = blocks[rows.lowerBound / Self.rowsPerBlock]
        let offset = rows.lowerBound % Self.rowsPerBlock * dimensions
        precondition(offset + rows.count * dimensions <= block.count, "rows \(rows) are not in one block")
        unsafe wide.withUnsafeBufferPointer { wide in
            unsafe block.withUnsafeBufferPointer { block in
                unsafe distances.withUnsafeMutableBufferPointer { distances in
                    guard let query = wide.baseAddress, let start = block.baseAddress,
                        let distances = distances.baseAddress
                    else { return }
                    unsafe Distances.squaredDistances(
                        from: query, to: start + offset, count: rows.count, dimensions: dimensions, into: distances)
                }
            }
        }
    }
}
