import Foundation
import Randomness
import TensorFiles
import Tensors
import Testing

@testable import CSPRModel

@Suite struct ModelProfileTests {
    /// Values around (1, -1, 0): normally distributed, spread differently, the third one with the first.
    private func vectors(_ count: Int, seed: UInt64) -> [[Float]] {
        var generator = SeededGenerator(seed: seed)
        // The sum of twelve uniform numbers is nearly normal.
        func normal() -> Float {
            var sum: Float = -6
            for _ in 0..<12 { sum += Float.random(in: 0..<1, using: &generator) }
            return sum
        }
        return (0..<count).map { _ in
            let (a, b, c) = (normal(), normal(), normal())
            return [1 + 0.2 * a, -1 + 0.05 * b, 0.1 * a + 0.02 * c]
        }
    }

    private func profile(_ count: Int = 400) throws -> ModelProfile {
        try ModelProfile(model: "sha256:a", fit: vectors(count, seed: 1), check: vectors(count, seed: 2))
    }

    /// dᵀ·Σ⁻¹·d by Cramer's rule, for the covariance of `vectors` with the ridge.
    private func score(_ vector: [Float], _ vectors: [[Float]]) -> Double {
        let count = Double(vectors.count)
        var center = [0.0, 0.0, 0.0]
        for vector in vectors {
            for place in 0..<3 { center[place] += Double(vector[place]) / count }
        }
        var s = [[Double]](repeating: [0, 0, 0], count: 3)
        for vector in vectors {
            let difference = (0..<3).map { Double(vector[$0]) - center[$0] }
            for row in 0..<3 {
                for column in 0..<3 { s[row][column] += difference[row] * difference[column] / count }
            }
        }
        let ridge = ModelProfile.ridge * (s[0][0] + s[1][1] + s[2][2]) / 3
        for place in 0..<3 { s[place][place] += ridge }
        func determinant(_ m: [[Double]]) -> Double {
            let first = m[0][0] * (m[1][1] * m[2][2] - m[1][2] * m[2][1])
            let second = m[0][1] * (m[1][0] * m[2][2] - m[1][2] * m[2][0])
            let third = m[0][2] * (m[1][0] * m[2][1] - m[1][1] * m[2][0])
            return first - second + third
        }
        let d = (0..<3).map { Double(vector[$0]) - center[$0] }
        var score = 0.0
        for column in 0..<3 {
            var replaced = s
            for row in 0..<3 { replaced[row][column] = d[row] }
            score += d[column] * determinant(replaced) / determinant(s)
        }
        return score
    }

    @Test func `the score is the squared Mahalanobis distance`() throws {
        let profile = try profile()
        for vector in vectors(20, seed: 3) + [[0, 0, 0], [1, -1, 0.3]] {
            let expected = score(vector, vectors(400, seed: 1))
            #expect(abs(profile.score(of: vector) - expected) < 1e-3 * max(1, expected))
        }
    }

    @Test func `one image of people in a hundred is beyond the limit, and what is unlike them all is`() throws {
        let profile = try profile(4000)
        let beyond = vectors(4000, seed: 3).count { !profile.isFamiliar($0) }
        #expect(10...90 ~= beyond, "40 are expected")
        #expect(profile.isFamiliar([1, -1, 0]) && profile.images == 8000)
        // Each value is usual, but not both together.
        #expect(profile.isFamiliar([1.3, -1, 0.15]) && !profile.isFamiliar([1.3, -1, -0.15]))
    }

    @Test func `a profile is the same after it was written, within half precision`() throws {
        let path = NSTemporaryDirectory() + "reid-profile-\(UUID().uuidString).safetensors"
        defer { try? FileManager.default.removeItem(atPath: path) }
        let profile = try profile()
        try profile.write(to: path)
        let read = try ModelProfile(contentsOf: path)
        #expect(read.model == "sha256:a" && read.images == 800 && read.limit == profile.limit)
        for vector in vectors(20, seed: 3) {
            // A value near 1 is off by up to 2⁻¹¹, a fortieth of the smallest spread.
            #expect(abs(read.score(of: vector).squareRoot() - profile.score(of: vector).squareRoot()) < 0.1)
        }
        #expect(ModelProfile.path(beside: "a/model.safetensors") == "a/model.profile.safetensors")
        #expect(ModelProfile.path(beside: "weights") == "weights.profile.safetensors")
    }

    @Test(arguments: ["format", "model", "images", "limit"])
    func `a file without one of its facts, or with values that do not fit, is no profile`(missing: String) throws {
        let path = NSTemporaryDirectory() + "reid-profile-\(UUID().uuidString).safetensors"
        defer { try? FileManager.default.removeItem(atPath: path) }
        func read(_ metadata: [String: String], whitening: [Float] = [1, 0, 1]) throws {
            try SafetensorsWriter.write(
                [
                    ("center", .floats(Tensor(shape: [2], elements: [0, 0]))),
                    ("whitening", .floats(Tensor(shape: [whitening.count], elements: whitening))),
                ], metadata: metadata, to: path)
            _ = try ModelProfile(contentsOf: path)
        }
        var metadata = ["format": "reid-profile", "model": "sha256:a", "images": "8", "limit": "3"]
        try read(metadata)
        #expect(throws: ProfileError.malformed) { try read(metadata, whitening: [1, 0]) }
        #expect(throws: ProfileError.malformed) { try read(metadata, whitening: [1, 0, .nan]) }
        metadata[missing] = missing == "limit" ? "-1" : nil
        #expect(throws: ProfileError.malformed) { try read(metadata) }
    }

    @Test func `too few images are refused`() {
        #expect(throws: ProfileError.tooFewImages(found: 11, needed: 12)) {
            try ModelProfile(model: "a", fit: vectors(10, seed: 1), check: vectors(1, seed: 2))
        }
        #expect(throws: ProfileError.tooFewImages(found: 20, needed: 12)) {
            try ModelProfile(model: "a", fit: vectors(20, seed: 1), check: [])
        }
        #expect(throws: ProfileError.self) { try ModelProfile(model: "a", fit: [], check: []) }
    }
}
