import Evaluation
import Ranking
import TensorFiles
import Testing

@Suite struct MatrixFromArrayTests {
    @Test func `an array becomes a matrix if its shape allows`() throws {
        let two = try EmbeddingMatrix(NumpyArray(shape: [2, 3], elements: [1, 2, 3, 4, 5, 6]), dimensions: 3)
        #expect((two.count, two[1]) == (2, [4, 5, 6]))
        #expect(try EmbeddingMatrix(NumpyArray(shape: [2], elements: [1, 2])).count == 1)
        #expect(try EmbeddingMatrix(NumpyArray(shape: [0, 7], elements: [])).dimensions == 7)
        for (shape, dimensions, error) in [
            ([], nil, RankingError.wrongDimensions(expected: 2, found: 0)),
            ([1, 1, 1], nil, .wrongDimensions(expected: 2, found: 3)),
            ([5, 0], nil, .wrongDimensions(expected: 1, found: 0)),
            ([1, 4], 3, .wrongDimensions(expected: 3, found: 4)),
        ] as [([Int], Int?, RankingError)] {
            let array = NumpyArray(shape: shape, elements: Array(repeating: 1, count: shape.reduce(1, *)))
            #expect(throws: error) { try EmbeddingMatrix(array, dimensions: dimensions) }
        }
    }
}
