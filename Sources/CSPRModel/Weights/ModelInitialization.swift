internal import Randomness
public import TensorFiles

extension CSPRModel {
    /// Writes a weight file with random weights, marked as untrained: He initialization, and batch norms that pass
    /// their input on unchanged.
    ///
    /// Equal configurations and seeds give equal bytes.
    ///
    /// - Parameters:
    ///   - configuration: The network's architecture.
    ///   - seed: The seed of the random weights.
    ///   - path: The path of the file; an existing file is replaced atomically.
    ///   - precision: How floats are stored.
    /// - Throws: `ModelError.invalidConfiguration`, or `ModelError.file` if the file cannot be written.
    public static func initialize(
        configuration: CSPRConfiguration, seed: UInt64, to path: String, precision: SafetensorsPrecision
    ) throws(ModelError) {
        try configuration.validate()
        let metadata = try configuration.weightFileMetadata(isTrained: false)
        var generator = SeededGenerator(seed: seed)
        var tensors: [(name: String, value: SafetensorsValue)] = []
        for parameter in configuration.parameterList {
            let tensor = parameter.initialValue(using: &generator)
            tensors.append((parameter.name, .floats(tensor)))
        }
        do {
            try SafetensorsWriter.write(tensors, metadata: metadata, to: path, precision: precision)
        } catch {
            throw .file(error)
        }
    }
}
