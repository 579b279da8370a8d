internal import CSPRModel
internal import Foundation
internal import NeuralNetwork
internal import Randomness
internal import Tensors

/// A CSPR-Net on a ResNet-50 for 751 people, as in Market-1501, with `width` channels in the stem.
func trainingConfiguration(width: Int) -> CSPRConfiguration {
    var configuration = CSPRConfiguration()
    configuration.width = width
    configuration.identities = 751
    return configuration
}

/// Times one update of training on all cores: forward, losses, backward and update; of the whole network, and of its
/// global branch only.
func trainingBenchmark(_ configuration: CSPRConfiguration, batch: Int, runs: Int) throws -> [BenchmarkRow] {
    let training = try BenchmarkTraining(configuration, batch: batch)
    return try [TrainableNetwork.Step.joint, .global].map { step in
        try training.network.compile(step, batch: batch)
        return try BenchmarkRow.measure(
            "training step (\(step)), width \(configuration.width), batch \(batch)", runs: runs,
            itemsPerRun: Double(batch), unit: "images"
        ) { try training.run(step) }
    }
}

/// Prints where the time of an update goes: by kind of work, and the twenty longest parts.
func printTrainingProfile(_ configuration: CSPRConfiguration, batch: Int) throws {
    let training = try BenchmarkTraining(configuration, batch: batch)
    try training.network.compile(.joint, batch: batch)
    try training.run(.joint)
    var parts: [String: Duration] = [:]
    training.network.observe { name, time in parts[name, default: .zero] += time }
    let clock = ContinuousClock()
    let runs = 3
    var whole = Duration.zero
    for _ in 0..<runs { whole += try clock.measure { try training.run(.joint) } }
    training.network.observe(nil)
    let update = try clock.measure { try training.update(.joint) }
    parts["update"] = update * runs

    var kinds: [String: Duration] = [:]
    for (name, time) in parts { kinds[kind(of: name), default: .zero] += time }
    kinds["everything else"] = whole - parts.values.reduce(.zero, +)
    func show(_ name: String, _ time: Duration) {
        let milliseconds = time / .milliseconds(1) / Double(runs)
        print(String(format: "%9.2f ms  %5.1f %%  ", milliseconds, 100 * (time / whole)) + name)
    }
    show("a step", whole)
    for (name, time) in kinds.sorted(by: { $0.value > $1.value }) { show(name, time) }
    print("\nlongest parts")
    for (name, time) in parts.sorted(by: { $0.value > $1.value }).prefix(20) { show(name, time) }
    print(Report.machine)
}

/// The kind of work that a part of an update does.
private func kind(of name: String) -> String {
    for suffix in ["source gradient", "weights gradient"] where name.hasSuffix(suffix) {
        return "convolutions, \(suffix)"
    }
    if name.hasSuffix(" gradient"), name.contains(".bn") || name.contains("downsample.1") {
        return "batch norms, gradient"
    }
    if name.contains(".bn") || name.hasSuffix("downsample.1") { return "batch norms, forward" }
    return name.hasPrefix("backbone.") ? "convolutions, forward" : name
}

/// A network that trains on noise.
private final class BenchmarkTraining {
    let network: TrainableNetwork
    private let images: [Float]
    private let labels: [Int]
    private var generator = SeededGenerator(seed: 3)

    init(_ configuration: CSPRConfiguration, batch: Int) throws {
        setOpenMPThreads(ProcessInfo.processInfo.activeProcessorCount)
        network = try TrainableNetwork(configuration: configuration, seed: 1)
        images = noise(count: batch * 3 * configuration.height * configuration.widthPixels)
        labels = (0..<batch).map { $0 * 37 % configuration.identities }
    }

    func run(_ step: TrainableNetwork.Step) throws {
        let terms = try network.computeGradients(images, labels: labels, losses: TrainingLosses())
        precondition(terms.total.isFinite, "the loss is \(terms.total)")
        try update(step)
    }

    func update(_ step: TrainableNetwork.Step) throws {
        try SGD().step(network.parameters(trainedIn: step), learningRate: 1e-4)
    }
}
