internal import CDistance
internal import Distances

/// How rows are coded, and which numbers are kept of them; the proof of what follows is at `CodedQuery`.
enum RowCode {
    /// The squared lengths of rows that codes say something about; other rows are always compared exactly.
    static let squaredLengths = 0x1p-80...0x1p80
    /// What rounding in double precision may be of a length, sums of up to 65,536 terms: more than 2⁻³⁶.
    static let reserve = 0x1p-30

    /// The values of a code: a multiple of 32, so that kernels need no remainder.
    static func stride(_ dimensions: Int) -> Int { (dimensions + 31) / 32 * 32 }

    /// The smallest float32 that is not below a value.
    static func roundedUp(_ value: Double) -> Float {
        let near = Float(value)
        return Double(near) < value ? near.nextUp : near
    }

    /// The largest float32 that is not above a value.
    static func roundedDown(_ value: Double) -> Float { -roundedUp(-value) }

    /// Codes the values.
    ///
    /// - Parameters:
    ///   - values: The values to code.
    ///   - squaredLength: The squared length of the whole row.
    ///   - code: Receives `stride(values.count)` integers.
    ///   - scale: Receives the scale.
    /// - Returns: The length of what the code misses, rounded up; infinite for values without a code, or if the code is
    ///   worse than none.
    static func write(
        _ values: [Double], squaredLength: Double, to code: UnsafeMutablePointer<Int8>,
        scale: UnsafeMutablePointer<Float>
    ) -> Float {
        let missed = unsafe c_code_values(values, values.count, stride(values.count), code, scale)
        if squaredLength == 0 { return 0 }
        let length = squaredLength.squareRoot()
        let error = missed.squareRoot() + reserve * length
        guard squaredLengths ~= squaredLength, error <= length else { return .infinity }
        return roundedUp(error)
    }
}

/// The squared length of a row, in double precision.
func squaredLength(_ row: UnsafePointer<Float>, dimensions: Int) -> Double {
    var length = 0.0
    unsafe squaredDistances(
        from: [Double](repeating: 0, count: dimensions), to: row, count: 1, dimensions: dimensions, into: &length)
    return length
}
