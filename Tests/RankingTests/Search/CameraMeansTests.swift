import Randomness
import Ranking
import Testing

@Suite struct CameraMeansTests {
    /// Rows of `count` images by each of the cameras 0, 1, …, and their cameras.
    private func rows(_ counts: [Int], dimensions: Int, seed: UInt64) -> (EmbeddingMatrix, [Int?]) {
        var generator = SeededGenerator(seed: seed)
        var matrix = EmbeddingMatrix(dimensions: dimensions)
        var cameras: [Int?] = []
        for (camera, count) in counts.enumerated() {
            for _ in 0..<count {
                matrix.append((0..<dimensions).map { _ in Float.random(in: -1...1, using: &generator) })
                cameras.append(camera)
            }
        }
        return (matrix, cameras)
    }

    private func difference(_ left: EmbeddingMatrix, _ right: EmbeddingMatrix) -> Float {
        var largest: Float = left.count == right.count ? 0 : .infinity
        for row in 0..<min(left.count, right.count) {
            for (a, b) in zip(left[row], right[row]) { largest = max(largest, abs(a - b)) }
        }
        return largest
    }

    @Test func `a small case that can be computed by hand`() throws {
        // Camera 1 has (1, 0) and (3, 4): its mean is (2, 2). Camera 2 has (0, 4) twice.
        let matrix = try EmbeddingMatrix(elements: [1, 0, 3, 4, 0, 4, 0, 4], dimensions: 2)
        let means = CameraMeans(of: matrix, cameras: [1, 1, 2, 2], leastImages: 2)
        #expect(means.mean(of: 1) == [2, 2] && means.mean(of: 2) == [0, 4] && means.common == [1, 3])
        #expect(means.mean(of: nil) == [1, 3] && means.mean(of: 9) == [1, 3])
        #expect(means.normalized([5, 6], of: 1) == [0.6, 0.8])
        #expect(means.normalized([0, 4], of: 2) == [0, 0], "an image that is its camera's mean has no direction")
    }

    @Test(arguments: [3, 64, 130])
    func `what all images of a camera have in common changes nothing`(dimensions: Int) {
        let (plain, cameras) = rows([40, 50, 35], dimensions: dimensions, seed: 7)
        var shifted = EmbeddingMatrix(dimensions: dimensions)
        for (row, camera) in cameras.enumerated() {
            shifted.append(plain[row].enumerated().map { $1 + Float(camera ?? 0) * 0.5 + Float($0 % 5) * 0.25 })
        }
        let before = CameraMeans(of: plain, cameras: cameras).normalized(plain, of: cameras)
        let after = CameraMeans(of: shifted, cameras: cameras).normalized(shifted, of: cameras)
        // Sums of 50 values of at most 4 in float32: a relative error of about 2⁻²⁴ each.
        #expect(difference(before, after) < 1e-5)
        #expect(difference(plain, shifted) > 0.5, "the images were changed at all")
        for row in 0..<before.count {
            #expect(abs(before[row].reduce(0) { $0 + Double($1) * Double($1) } - 1) < 1e-6)
        }
    }

    @Test func `a camera with few images, and an unknown one, take the mean of the camera means`() {
        let (matrix, cameras) = rows([32, 31, 64], dimensions: 8, seed: 3)
        let means = CameraMeans(of: matrix, cameras: cameras)
        #expect(means.mean(of: 1) == means.common && means.mean(of: nil) == means.common)
        #expect(means.mean(of: 0) != means.common && means.mean(of: 2) != means.common)
        let expected = zip(means.mean(of: 0), means.mean(of: 2)).map { ($0 + $1) / 2 }
        #expect(zip(means.common, expected).allSatisfy { abs($0 - $1) < 1e-6 })
    }

    @Test func `means that were stored do what they did when they were made`() {
        let (matrix, cameras) = rows([40, 33, 20], dimensions: 8, seed: 11)
        let made = CameraMeans(of: matrix, cameras: cameras)
        let stored = CameraMeans(dimensions: 8, means: made.cameras.map { ($0, made.mean(of: $0)) })
        #expect(made.cameras == [0, 1] && stored.cameras == [0, 1])
        #expect(stored.common == made.common)
        for camera in [0, 1, 2, nil] {
            #expect(stored.normalized(matrix[0], of: camera) == made.normalized(matrix[0], of: camera))
        }
    }

    @Test func `without a camera of enough images, vectors only get the length 1`() {
        let (matrix, cameras) = rows([5, 5], dimensions: 4, seed: 9)
        let means = CameraMeans(of: matrix, cameras: cameras)
        #expect(means.common == [0, 0, 0, 0])
        #expect(means.normalized([3, 0, 4, 0], of: 0) == [0.6, 0, 0.8, 0])
    }
}
