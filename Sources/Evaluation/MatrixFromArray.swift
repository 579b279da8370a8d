public import Ranking
public import TensorFiles

extension EmbeddingMatrix {
    /// The rows of an array of shape [rows, dimensions], or the one row of an array of shape [dimensions].
    ///
    /// - Parameters:
    ///   - array: the values, all finite.
    ///   - dimensions: the length that rows must have; nil for any.
    /// - Throws: `RankingError.wrongDimensions` for another shape, `.notFinite` when a row contains NaN or an infinity.
    public init(_ array: NumpyArray, dimensions: Int? = nil) throws(RankingError) {
        guard (1...2).contains(array.shape.count) else {
            throw .wrongDimensions(expected: 2, found: array.shape.count)
        }
        let found = array.shape[array.shape.count - 1]
        let expected = dimensions ?? max(found, 1)
        guard found == expected else { throw .wrongDimensions(expected: expected, found: found) }
        try self.init(elements: array.elements, dimensions: found)
    }
}
