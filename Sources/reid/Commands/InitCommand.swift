internal import ArgumentParser
internal import CSPRModel
internal import TensorFiles

/// `reid init`: writes random weights from a seed.
struct InitCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "init",
        abstract: "Write untrained weights (He initialization, seeded).",
        discussion: """
            The file says that it is untrained, and the service repeats it everywhere. The default network is the paper's:
            ResNet-50, 384x128, eight branches of 64 and a global embedding of 512.

            EXAMPLE:
              reid init --output model.safetensors --seed 1
              reid init --output small.safetensors --config '{"width": 16, "height": 256}'
              reid init --output ibn.safetensors --config '{"ibn": "a"}'
            """)

    @Option(help: "The weight file to write; an existing file is kept unless --force is given.")
    var output: String

    @OptionGroup var outputOptions: OutputOptions

    @Option(help: "The same seed gives the same bytes.")
    var seed: UInt64 = 1

    @Option(help: "JSON with the network's configuration; absent fields have their defaults.")
    var config: String?

    @Option(help: "float32 or float16.")
    var precision: WeightPrecision = .float32

    func validate() throws { _ = try network() }

    private func network() throws -> CSPRConfiguration {
        try config.map { try ModelText.configuration(json: $0) } ?? CSPRConfiguration()
    }

    mutating func run() throws {
        let network = try network()
        try outputOptions.check(output)
        do {
            try CSPRModel.initialize(
                configuration: network, seed: seed, to: output, precision: precision.stored)
        } catch {
            throw CommandFailure("\(output): \(error)")
        }
        Terminal.complain("wrote \(output): untrained, seed \(seed)")
    }
}

/// How weights are stored.
enum WeightPrecision: String, ExpressibleByArgument, CaseIterable {
    case float32
    case float16

    /// The precision in the words of the file format.
    var stored: SafetensorsPrecision { self == .float16 ? .float16 : .float32 }
}
