internal import Digests
internal import Foundation
internal import NeuralNetwork
internal import TensorFiles
public import Tensors

/// A CSPR-Net: a checked weight file, shared by all executors and threads.
///
/// From Wan et al., "Concentrated Local Part Discovery With Fine-Grained Part Representation for Person
/// Re-Identification", IEEE TMM 2020. The file stays mapped: weights are read from it when an executor needs them in a
/// new layout. The file must not be changed in place during that time; replacing it with a rename is harmless.
public final class CSPRModel: Sendable {
    /// The network's architecture.
    public let configuration: CSPRConfiguration
    /// "sha256:" and the 64 hexadecimal digits of the weight file's SHA-256; it is stored with every embedding.
    public let identity: String
    /// Whether the weights come from training rather than from `initialize`.
    public let isTrained: Bool
    /// Whether an embedding is the mean over an image and its mirror image; true if the file's metadata has `mirrored`
    /// = "true".
    ///
    /// This is usual in the field ("flip test"): it gives a few more right answers and takes twice the time.
    public let isMirrored: Bool
    /// The number of learned parameters; running statistics of batch norms do not count.
    public let parameters: Int
    /// How the file stores floats: "F32", "F16" or "BF16", or "mixed".
    public let precision: String

    let file: SafetensorsFile
    let engine: ComputeEngine
    let weights: WeightStore
    let attention: AttentionModules?
    /// nil: the mean.
    let pooling: GeneralizedMean?
    let embedding: Linear
    let descriptors: [Linear]

    /// Maps and checks the whole weight file at `path`.
    public init(contentsOf path: String) throws(ModelError) {
        let file: SafetensorsFile
        do { file = try SafetensorsFile(contentsOf: path) } catch { throw .file(error) }
        let reader = try WeightReader(file)
        self.file = file
        configuration = reader.configuration
        isTrained = file.metadata["trained"] != "false"
        isMirrored = file.metadata[WeightReader.mirrored] == "true"
        parameters = reader.parameters
        precision = reader.precision
        identity = try Self.identity(of: file)
        do { engine = try ComputeEngine() } catch { throw .compute(error) }
        if configuration.pooling == .gem {
            pooling = GeneralizedMean(exponent: try reader.tensor(CSPRConfiguration.poolingExponent).elements[0])
        } else {
            pooling = nil
        }
        embedding = try reader.linear("embedding")
        attention = configuration.hasLocalBranch ? try AttentionModules(reader) : nil
        descriptors = try (0..<(configuration.hasLocalBranch ? configuration.branches : 0)).map {
            index throws(ModelError) in
            try reader.linear("descriptor.\(index)")
        }
        let norms = configuration.normNames
        let attention = attention
        weights = WeightStore(
            load: { name in
                if name == AttentionModules.name, let attention { return attention.taps }
                let kernel = try reader.tensor("\(name).weight")
                let norm = try norms[name].map { name throws(ModelError) in try reader.batchNorm(name) }
                reader.file.releasePages()
                return FoldedConvolution(
                    kernel: kernel, folding: norm ?? BatchNorm(weight: [], bias: [], mean: [], variance: []))
            },
            loadNorm: { name in try reader.instanceNorm(name) })
        file.releasePages()
    }

    /// The length of the embedding.
    public var dimensions: Int { configuration.dimensions }

    /// Compiles the network for up to `batch` images per run.
    ///
    /// The executor computes with as many OpenMP threads as the calling thread has now (`setOpenMPThreads`). Only the
    /// calling thread may run it.
    ///
    /// - Parameters:
    ///   - batch: The largest number of images of one run, at least 1.
    ///   - algorithm: How convolutions are computed.
    ///   - other: A larger executor of the same thread, whose memory for activations the new one uses too.
    /// - Returns: The executor.
    /// - Throws: `ModelError.compute`, or `ModelError.file` if the weights cannot be read any more.
    public func makeExecutor(
        batch: Int, algorithm: ConvolutionAlgorithm = .automatic, sharingMemoryOf other: CSPRExecutor? = nil
    ) throws(ModelError) -> CSPRExecutor {
        do {
            return try CSPRExecutor(model: self, batch: batch, algorithm: algorithm, sharingMemoryOf: other)
        } catch let error as OneDNNError {
            throw .compute(error)
        } catch let error as ModelError {
            throw error
        } catch {
            throw .compute(.failed(operation: "\(error)", status: 0))
        }
    }

    private static func identity(of file: SafetensorsFile) throws(ModelError) -> String {
        do {
            var hasher = try SHA256Hasher()
            try file.withBytes { bytes in
                try unsafe bytes.withUnsafeBytes { bytes in try unsafe hasher.update(bytes) }
            }
            return "sha256:" + hexString(try hasher.finish())
        } catch {
            throw .digest(reason: "\(error)")
        }
    }
}
