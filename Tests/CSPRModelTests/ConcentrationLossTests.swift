import NeuralNetwork
import Randomness
import Testing

@testable import CSPRModel

@Suite struct ConcentrationLossTests {
    @Test(arguments: 0..<200)
    func `of two candidates, whose potentials are equal, the larger is optimized`(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        let map = (0..<4).map { _ in Float.random(in: 0.1...0.9, using: &generator) }
        let losses = ConcentrationLosses(
            ratios: [0.5], height: 2, width: 2, ratioWeight: 0, distributionWeight: 1)
        var gradient = [Float](repeating: 0, count: 4)
        unsafe map.withUnsafeBufferPointer { map in
            unsafe gradient.withUnsafeMutableBufferPointer { gradient in
                guard let map = map.baseAddress, let gradient = gradient.baseAddress else { return }
                _ = unsafe losses.compute(map, count: 1, threads: 1, addingTo: gradient)
            }
        }
        let largest = map.indices.max { map[$0] < map[$1] }
        #expect(gradient.indices.filter { gradient[$0] != 0 } == [largest])
    }
}
