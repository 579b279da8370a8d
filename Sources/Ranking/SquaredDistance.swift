/// The squared Euclidean distance Σ (aᵢ − bᵢ)², summed in double precision.
///
/// The order of summation depends on `count` alone: sixteen running sums over whole groups of sixteen, added pairwise, then
/// the rest one by one. Since (a − b)² and (b − a)² have the same bits, d(a, b) == d(b, a) bit for bit, whatever the batch,
/// thread or filter; equal vectors have distance 0. A relative error of 2⁻⁵⁰ is far below float32's own rounding, so float32
/// distances and double-precision re-ranking agree about who is nearer.
///
/// `a` holds `count` values, already widened; `b` holds `count` values.
@inline(__always)
func squaredDistance(_ a: UnsafePointer<Double>, _ b: UnsafePointer<Float>, count: Int) -> Double {
    var low = SIMD8<Double>()
    var high = SIMD8<Double>()
    let wideA = unsafe UnsafeRawPointer(a)
    let wideB = unsafe UnsafeRawPointer(b)
    let grouped = count & ~15
    var index = 0
    while index < grouped {
        let a0 = unsafe wideA.loadUnaligned(fromByteOffset: index * 8, as: SIMD8<Double>.self)
        let a1 = unsafe wideA.loadUnaligned(fromByteOffset: index * 8 + 64, as: SIMD8<Double>.self)
        let b0 = unsafe wideB.loadUnaligned(fromByteOffset: index * 4, as: SIMD8<Float>.self)
        let b1 = unsafe wideB.loadUnaligned(fromByteOffset: index * 4 + 32, as: SIMD8<Float>.self)
        let d0 = a0 - widened(b0)
        let d1 = a1 - widened(b1)
        low += d0 * d0
        high += d1 * d1
        index += 16
    }
    let eight = low + high
    let four = eight.lowHalf + eight.highHalf
    let two = four.lowHalf + four.highHalf
    var sum = two.x + two.y
    while index < count {
        let difference = unsafe a[index] - Double(b[index])
        sum += difference * difference
        index += 1
    }
    return sum
}

/// Eight floats as doubles; written out, since the generic conversion is very slow in a debug build.
@inline(__always)
private func widened(_ x: SIMD8<Float>) -> SIMD8<Double> {
    SIMD8(
        Double(x[0]), Double(x[1]), Double(x[2]), Double(x[3]), Double(x[4]), Double(x[5]), Double(x[6]), Double(x[7]))
}

extension EmbeddingMatrix {
    /// Calls `body` with each row, ascending, and its squared distance to `query`.
    ///
    /// `query` has `dimensions` values; rows that `allowed` excludes are not visited.
    @inline(__always)
    func forEachDistance(from query: [Float], where allowed: RowFilter? = nil, _ body: (Int, Double) -> Void) {
        precondition(query.count == dimensions, "a query of \(query.count) for rows of \(dimensions)")
        if let allowed { precondition(allowed.count == count, "a filter over \(allowed.count) of \(count) rows") }
        let wide = query.map(Double.init)
        unsafe wide.withUnsafeBufferPointer { wide in
            guard let wide = wide.baseAddress else { return }
            for (index, block) in blocks.enumerated() {
                let first = index * Self.rowsPerBlock
                unsafe block.withUnsafeBufferPointer { block in
                    guard let start = block.baseAddress else { return }
                    for offset in 0..<block.count / dimensions {
                        if let allowed, !allowed[first + offset] { continue }
                        body(
                            first + offset,
                            unsafe squaredDistance(wide, start + offset * dimensions, count: dimensions))
                    }
                }
            }
        }
    }

    /// The squared distances from `query` to the given rows, in their order.
    func squaredDistances(from query: [Float], to rows: some Collection<Int>) -> [Double] {
        precondition(query.count == dimensions, "a query of \(query.count) for rows of \(dimensions)")
        let wide = query.map(Double.init)
        return unsafe wide.withUnsafeBufferPointer { wide in
            rows.map { row in
                unsafe blocks[row / Self.rowsPerBlock].withUnsafeBufferPointer { block in
                    guard let wide = wide.baseAddress, let start = block.baseAddress else { return 0 }
                    return unsafe squaredDistance(
                        wide, start + row % Self.rowsPerBlock * dimensions, count: dimensions)
                }
            }
        }
    }
}
