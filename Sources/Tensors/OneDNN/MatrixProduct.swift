internal import COneDNN

/// The matrix product C = A · B, or C = A · Bᵀ if `isTransposed`, of row-major float32 matrices.
///
/// - Parameters:
///   - a: A, [m, k].
///   - b: B, [k, n]; [n, k] if `isTransposed`.
///   - m: Rows of C.
///   - n: Columns of C.
///   - k: Length of each sum.
///   - isTransposed: Whether `b` holds Bᵀ.
/// - Returns: C, [m, n].
/// - Throws: `OneDNNError` when oneDNN refuses the operation.
public func multiply(
    _ a: [Float], _ b: [Float], m: Int, n: Int, k: Int, isTransposed: Bool = false
) throws(OneDNNError) -> [Float] {
    precondition(a.count == m * k, "\(a.count) elements cannot fill the shape \([m, k])")
    precondition(b.count == k * n, "\(b.count) elements cannot fill the shape \(isTransposed ? [n, k] : [k, n])")
    var c = [Float](repeating: 0, count: m * n)
    guard m > 0, n > 0, k > 0 else { return c }
    let status = unsafe a.withUnsafeBufferPointer { a in
        unsafe b.withUnsafeBufferPointer { b in
            unsafe c.withUnsafeMutableBufferPointer { c in
                unsafe sgemm(
                    a.baseAddress, rowStride: k, b.baseAddress, rowStride: isTransposed ? k : n, into: c.baseAddress,
                    rowStride: n, m: m, n: n, k: k, isTransposed: isTransposed)
            }
        }
    }
    try OneDNNError.check(status, "matrix product")
    return c
}

/// Writes the matrix product C = A · B into `c`, or adds it with `isAdded`; all matrices are row-major.
///
/// The strides are the floats from the start of one row to the start of the next. Inside a parallel region the product
/// runs on one thread.
///
/// - Parameters:
///   - a: A, [m, k]; [k, m] if `isFirstTransposed`.
///   - aStride: Floats from one row of `a` to the next.
///   - b: B, [k, n]; [n, k] if `isTransposed`.
///   - bStride: Floats from one row of `b` to the next.
///   - c: C, [m, n].
///   - cStride: Floats from one row of `c` to the next.
///   - m: Rows of C.
///   - n: Columns of C.
///   - k: Length of each sum.
///   - isFirstTransposed: Whether `a` holds Aᵀ.
///   - isTransposed: Whether `b` holds Bᵀ.
///   - isAdded: Whether the product is added to C instead of replacing it.
/// - Throws: `OneDNNError` when oneDNN refuses the operation.
package func multiply(
    _ a: UnsafePointer<Float>, rowStride aStride: Int, _ b: UnsafePointer<Float>, rowStride bStride: Int,
    into c: UnsafeMutablePointer<Float>, rowStride cStride: Int, m: Int, n: Int, k: Int,
    isFirstTransposed: Bool = false, isTransposed: Bool, isAdded: Bool = false
) throws(OneDNNError) {
    guard m > 0, n > 0, k > 0 else { return }
    let status = unsafe sgemm(
        a, rowStride: aStride, b, rowStride: bStride, into: c, rowStride: cStride, m: m, n: n, k: k,
        isFirstTransposed: isFirstTransposed, isTransposed: isTransposed, isAdded: isAdded)
    try OneDNNError.check(status, "matrix product")
}

private func sgemm(
    _ a: UnsafePointer<Float>?, rowStride aStride: Int, _ b: UnsafePointer<Float>?, rowStride bStride: Int,
    into c: UnsafeMutablePointer<Float>?, rowStride cStride: Int, m: Int, n: Int, k: Int,
    isFirstTransposed: Bool = false, isTransposed: Bool, isAdded: Bool = false
) -> dnnl_status_t {
    func letter(_ isTransposed: Bool) -> CChar { CChar(bitPattern: UInt8(ascii: isTransposed ? "T" : "N")) }
    return unsafe dnnl_sgemm(
        letter(isFirstTransposed), letter(isTransposed), dnnl_dim_t(m), dnnl_dim_t(n), dnnl_dim_t(k), 1, a,
        dnnl_dim_t(aStride), b, dnnl_dim_t(bStride), isAdded ? 1 : 0, c, dnnl_dim_t(cStride))
}
