internal import Foundation
public import NeuralNetwork
public import TensorFiles
internal import Tensors

extension TrainableNetwork {
    /// Writes the weight file that the service loads: without classifiers, with necks folded into the layers before
    /// them, marked as trained.
    ///
    /// - Parameters:
    ///   - path: The path of the file; an existing file is replaced atomically.
    ///   - slot: Which content is written: the values, or their moving average if they have one.
    ///   - step: The phase that has been trained; after the global phase, the file's network has no local branch.
    ///   - precision: How floats are stored.
    /// - Throws: `ModelError.file` if the file cannot be written; an old file then stays as it was.
    public func exportWeights(
        to path: String, slot: Parameter.Slot = .value, step: Step = .joint,
        precision: SafetensorsPrecision = .float32
    ) throws(ModelError) {
        var exported = configuration
        exported.identities = 0
        if step == .global { exported.attention = .none }
        let tensors: [(name: String, value: SafetensorsValue)]
        do {
            tensors = try exported.parameterList.map { specification throws(OneDNNError) in
                (specification.name, .floats(try exportedTensor(specification.name, slot: slot)))
            }
        } catch {
            throw .compute(error)
        }
        let metadata = try exported.weightFileMetadata(isTrained: true)
        do {
            try SafetensorsWriter.write(tensors, metadata: metadata, to: path, precision: precision)
        } catch {
            throw .file(error)
        }
    }

    private func exportedTensor(_ name: String, slot: Parameter.Slot) throws(OneDNNError) -> Tensor {
        let parts = name.split(separator: ".").map(String.init)
        guard hasNeck, parts[0] == "embedding" || parts[0] == "descriptor" else { return try content(name, slot) }
        // y = γ·(W·x + b − mean)/√(variance + ε) + β is a linear layer again.
        let isGlobal = parts[0] == "embedding"
        let neck = isGlobal ? "neck_global" : "neck_local"
        let norm = BatchNorm(
            weight: try content("\(neck).weight", slot).elements, bias: try content("\(neck).bias", slot).elements,
            mean: try content("\(neck).running_mean", slot).elements,
            variance: try content("\(neck).running_var", slot).elements)
        var tensor = try content(name, slot)
        let rows = tensor.shape[0]
        let first = isGlobal ? 0 : (Int(parts[1]) ?? 0) * rows
        let length = tensor.count / rows
        for row in 0..<rows {
            let (scale, shift) = norm.affine(first + row)
            for index in row * length..<(row + 1) * length {
                tensor.elements[index] = Float(scale * Double(tensor.elements[index]))
                if parts.last == "bias" { tensor.elements[index] += Float(shift) }
            }
        }
        return tensor
    }

    /// A parameter's average, if `slot` asks for it and there is one; else its value.
    private func content(_ name: String, _ slot: Parameter.Slot) throws(OneDNNError) -> Tensor {
        let parameter = parameters[name]
        return try parameter.tensor(parameter.has(slot) ? slot : .value)
    }
}

extension CSPRConfiguration {
    /// The metadata of a weight file of this configuration.
    func weightFileMetadata(isTrained: Bool) throws(ModelError) -> [String: String] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys]
        let json: Data
        do { json = try encoder.encode(self) } catch { throw .malformedConfiguration(reason: "\(error)") }
        return [
            "format": WeightReader.format, "version": WeightReader.version,
            "config": String(decoding: json, as: UTF8.self), "trained": isTrained ? "true" : "false",
        ]
    }
}
