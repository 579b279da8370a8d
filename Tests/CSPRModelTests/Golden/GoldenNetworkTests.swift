import CSPRModel
import TensorFiles
import Tensors
import Testing

/// The network against the reference's outputs.
///
/// The reference computes in float64; this network in float32 and with sums in another order, which costs about 1e-6. An
/// attention map's sigmoid magnifies that where its argument is large. 1e-4 of a tensor's maximum is the agreed tolerance.
@Suite struct GoldenNetworkTests {
    static let tolerance: Float = 1e-4

    @Test(arguments: GoldenFixtures.available)
    func `every output agrees with the reference`(name: String) throws {
        let model = try CSPRModel(contentsOf: GoldenFixtures.path("\(name).weights.safetensors"))
        let golden = try SafetensorsFile(contentsOf: GoldenFixtures.path("\(name).golden.safetensors"))
        let image = try golden.floats("image")
        let count = image.shape[0]
        let output = try model.makeExecutor(batch: count).run(
            image.elements, count: count, wants: [.attention, .raw, .middle])
        try expectAgreement(output, golden, rows: 0..<count, name: name)
        #expect(output.feature.shape == [count, model.dimensions])
    }

    @Test(arguments: GoldenFixtures.available, [(2, 1), (3, 2), (5, 3)])
    func `a batch smaller than the executor's gives the same`(name: String, size: (batch: Int, count: Int)) throws {
        let model = try CSPRModel(contentsOf: GoldenFixtures.path("\(name).weights.safetensors"))
        let golden = try SafetensorsFile(contentsOf: GoldenFixtures.path("\(name).golden.safetensors"))
        let image = try golden.floats("image")
        let executor = try model.makeExecutor(batch: size.batch)
        // The last images come first, so that a stale result of an earlier run would show.
        let start = image.shape[0] - size.count
        for range in [start..<image.shape[0], 0..<size.count] {
            let output = try executor.run(
                image.items(range).elements, count: size.count, wants: [.attention, .raw, .middle])
            try expectAgreement(output, golden, rows: range, name: name)
        }
    }

    private func expectAgreement(
        _ output: CSPROutput, _ golden: SafetensorsFile, rows: Range<Int>, name: String
    ) throws {
        let found: [(String, Tensor?)] = [
            ("middle", output.middle), ("attention", output.attention), ("raw", output.raw), ("global", output.global),
            ("local", output.local), ("feature", output.feature),
        ]
        for (key, tensor) in found {
            guard golden.shape(of: key) != nil else {
                #expect(tensor == nil, "\(name): unexpected \(key)")
                continue
            }
            let expected = try golden.floats(key).items(rows)
            let difference = relativeDifference(try #require(tensor, "\(name): no \(key)"), expected)
            #expect(difference < Self.tolerance, "\(name): \(key) differs by \(difference)")
        }
    }
}
