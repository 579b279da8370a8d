internal import CSPRModel
internal import Foundation
internal import NeuralNetwork
internal import Randomness
internal import TensorFiles
internal import Tensors

/// Times the default network with random weights: ResNet-50, 8 × 64 + 512 features, input 384×128, float32, on all
/// cores.
///
/// The whole network and its ResNet-50 with only the global embedding are timed in turn, so that a disturbance affects
/// both; the time of attention and SPR is the difference. With `smoke`, a narrow network runs once.
func networkBenchmark(smoke: Bool) throws -> [BenchmarkRow] {
    var configuration = CSPRConfiguration()
    if smoke { (configuration.width, configuration.height, configuration.widthPixels) = (4, 96, 32) }
    var backboneConfiguration = configuration
    backboneConfiguration.attention = .none
    let whole = try randomModel(configuration)
    let backbone = try randomModel(backboneConfiguration)
    setOpenMPThreads(ProcessInfo.processInfo.activeProcessorCount)

    var rows: [BenchmarkRow] = []
    for batch in smoke ? [1] : [1, 8] {
        var seconds: (whole: [Double], backbone: [Double]) = ([], [])
        var executor: CSPRExecutor?
        let creation = try time { executor = try whole.makeExecutor(batch: batch) }
        guard let executor else { continue }
        let backboneExecutor = try backbone.makeExecutor(batch: batch)
        let images = noise(count: batch * 3 * configuration.height * configuration.widthPixels)
        for turn in 0...(smoke ? 1 : 15) {
            let first = try time { _ = try executor.run(images, count: batch) }
            let second = try time { _ = try backboneExecutor.run(images, count: batch) }
            // The first turn warms up.
            guard turn > 0 else { continue }
            seconds.whole.append(first)
            seconds.backbone.append(second)
        }
        func add(_ name: String, _ seconds: [Double], items: Double = Double(batch), unit: String = "images") {
            rows.append(
                BenchmarkRow(name: "\(name), batch \(batch)", seconds: seconds, itemsPerRun: items, unit: unit))
        }
        add("CSPR-Net", seconds.whole)
        add("ResNet-50 alone", seconds.backbone)
        add("attention + SPR (difference)", zip(seconds.whole, seconds.backbone).map { $0 - $1 })
        add("compile the network", [creation], items: 1, unit: "executors")
    }
    return rows
}

/// A model with random weights from a seed, loaded from a temporary file.
private func randomModel(_ configuration: CSPRConfiguration) throws -> CSPRModel {
    let folder = FileManager.default.temporaryDirectory
    let path = folder.appendingPathComponent("reid-bench-\(UUID().uuidString).safetensors").path
    try CSPRModel.initialize(configuration: configuration, seed: 1, to: path, precision: .float32)
    defer { unlinkFile(path) }
    return try CSPRModel(contentsOf: path)
}

/// Removes a temporary file; the model keeps its mapping.
private func unlinkFile(_ path: String) {
    do { try FileManager.default.removeItem(atPath: path) } catch {
        FileHandle.standardError.write(Data("cannot remove \(path): \(error)\n".utf8))
    }
}

private func time(_ work: () throws -> Void) rethrows -> Double {
    let start = ContinuousClock.now
    try work()
    return (ContinuousClock.now - start) / .seconds(1)
}

/// Random numbers that look like normalized pixels, the same every time.
func noise(count: Int) -> [Float] {
    var generator = SeededGenerator(seed: 2)
    return (0..<count).map { _ in Float.random(in: -2...2, using: &generator) }
}
