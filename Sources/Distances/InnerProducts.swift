internal import CDistance

/// The instruction sets that inner products are computed with.
enum InnerProductKernel: CaseIterable {
    case plain, avx2, avx512

    /// The fastest kernel that this processor runs.
    static let best = InnerProductKernel.allCases.last { $0.runs } ?? .plain

    /// Whether this processor has the instructions.
    var runs: Bool { c_kernel_runs(kernel) }

    fileprivate var kernel: c_kernel {
        switch self {
        case .plain: c_kernel_plain
        case .avx2: c_kernel_avx2
        case .avx512: c_kernel_avx512
        }
    }
}

/// The float32 inner products of every row of `left` with every row of `right`, computed on the calling thread.
///
/// The order of a sum depends on the processor, but not on the places of its rows: a·b and b·a have the same bits. Costs
/// O(left · right) operations for each dimension.
///
/// - Parameters:
///   - left: Rows of `dimensions` values.
///   - right: Rows of `dimensions` values.
///   - dimensions: The length of every row, at least 1.
/// - Returns: The products, [rows of `left`, rows of `right`].
package func innerProducts(_ left: [Float], _ right: [Float], dimensions: Int) -> [Float] {
    innerProducts(left, right, dimensions: dimensions, kernel: .best)
}

/// The same, with the instructions that the caller chooses.
func innerProducts(_ left: [Float], _ right: [Float], dimensions: Int, kernel: InnerProductKernel) -> [Float] {
    precondition(
        dimensions > 0 && left.count.isMultiple(of: dimensions) && right.count.isMultiple(of: dimensions),
        "\(left.count) and \(right.count) values are not rows of \(dimensions)")
    let (rows, columns) = (left.count / dimensions, right.count / dimensions)
    return unsafe [Float](unsafeUninitializedCapacity: rows * columns) { products, count in
        unsafe left.withUnsafeBufferPointer { left in
            unsafe right.withUnsafeBufferPointer { right in
                guard let left = left.baseAddress, let right = right.baseAddress, let start = products.baseAddress
                else { return }
                unsafe c_inner_products(kernel.kernel, left, rows, right, columns, dimensions, start)
            }
        }
        count = rows * columns
    }
}
