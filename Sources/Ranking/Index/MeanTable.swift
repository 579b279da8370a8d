internal import CDistance
internal import Distances

/// The mean vectors that are subtracted from rows before these are compared, each with a number of its own.
///
/// See `CameraMeans` for what that is good for.
public final class MeanTable: Sendable {
    /// The means, by their numbers.
    public let means: [[Float]]
    /// The length of every mean.
    public let dimensions: Int
    let wide: [[Double]]

    /// Takes means of `dimensions` finite values.
    public init(_ means: [[Float]], dimensions: Int) {
        precondition(means.allSatisfy { $0.count == dimensions }, "means of other lengths than \(dimensions)")
        self.means = means
        self.dimensions = dimensions
        wide = means.map { $0.map(Double.init) }
    }

    /// Writes (row − mean) / ‖row − mean‖, the definition of `CameraMeans.normalized`; zeros if the two are equal.
    func normalize(_ row: UnsafePointer<Float>, mean: Int, to normalized: UnsafeMutablePointer<Float>) {
        unsafe c_normalize(row, wide[mean], dimensions, normalized)
    }

    /// 1 / ‖row − mean‖; NaN for lengths of which bounds say nothing.
    func inverseLength(_ row: UnsafePointer<Float>, mean: Int) -> Float {
        var squared = 0.0
        unsafe squaredDistances(from: wide[mean], to: row, count: 1, dimensions: dimensions, into: &squared)
        return RowCode.squaredLengths ~= squared ? Float(1 / squared.squareRoot()) : .nan
    }
}
