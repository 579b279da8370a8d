/// A sum of vectors in double precision, for their mean.
///
/// The same vectors in the same order give the same bits on every machine.
public struct VectorSum: Sendable {
    /// The number of vectors.
    public private(set) var count = 0
    private var sum: [Double]

    /// The sum of no vectors of `dimensions` values.
    public init(dimensions: Int) {
        sum = Array(repeating: 0, count: dimensions)
    }

    /// Adds one more vector of the same number of values; O(dimensions).
    public mutating func add(_ vector: [Float]) {
        precondition(vector.count == sum.count, "a vector of \(vector.count) to a sum of \(sum.count) values")
        count += 1
        for index in vector.indices { sum[index] += Double(vector[index]) }
    }

    /// The mean of the vectors; zero if there are none.
    public var mean: [Float] { sum.map { Float($0 / Double(max(count, 1))) } }
}
