internal import CSPRModel
internal import Foundation
internal import NeuralNetwork
internal import TensorFiles
internal import Tensors

/// Weights to start from: those of a ResNet that was trained on something else, such as ImageNet, with torchvision's
/// names, or those of an earlier run, from its weight file or its checkpoint.
///
/// The file is safetensors or a PyTorch state dict (`.pth`), whose code is never run. It must have all tensors of the
/// backbone. Where the network normalizes some channels by their own image and the file's network does not, scale and shift
/// of a norm are split between its two halves, and of the running statistics those of the first half are dropped; instance
/// norms after a sum keep their initial values. Of the other layers, those are used whose names and shapes fit the network. Tensors that the network does
/// not have, such as the classifier `fc`, are ignored.
struct Backbone {
    private let path: String
    private let tensor: (String) throws -> Tensor
    private let shape: (String) -> [Int]?

    /// Opens the file at `path`; its content decides which format it has.
    init(contentsOf path: String) throws {
        self.path = path
        let start: [UInt8]
        do { start = try readRegularFile(path, atMost: 9) } catch {
            throw TrainingError.unreadableBackbone(path: path, reason: error.reason)
        }
        // A safetensors file begins with its header's length and a brace.
        if start.count == 9, start[8] == UInt8(ascii: "{") {
            let file: SafetensorsFile
            do { file = try SafetensorsFile(contentsOf: path) } catch {
                throw TrainingError.unreadableBackbone(path: path, reason: error.description)
            }
            shape = { file.shape(of: $0) }
            tensor = { try file.floats($0) }
        } else {
            let file: PyTorchFile
            do { file = try PyTorchFile(contentsOf: path) } catch PyTorchError.unknownFormat {
                let reason = "this is neither a safetensors file nor a PyTorch checkpoint"
                throw TrainingError.unreadableBackbone(path: path, reason: reason)
            } catch {
                throw TrainingError.unreadableBackbone(path: path, reason: "\(error)")
            }
            shape = { file.shape(of: $0) }
            tensor = { try file.floats($0) }
        }
    }

    /// Gives the network the file's values; where a tensor of the backbone is missing or has another shape nothing is changed.
    func load(into network: TrainableNetwork) throws {
        var problems: [String] = []
        var found: [(Parameter, Tensor)] = []
        let backbone = Set(network.parameters(of: .backbone).map(\.name))
        for parameter in network.parameters.all {
            let isRequired = backbone.contains(parameter.name)
            let name = isRequired ? Self.plainName(parameter.name) : parameter.name
            guard let source = source(of: parameter, network.configuration, isOfBackbone: isRequired) else {
                if isRequired, !network.configuration.isOfSumNorm(parameter.name) {
                    problems.append("\(name) is missing, expected \(parameter.shape)")
                }
                continue
            }
            guard source.shape == source.expected else {
                if isRequired { problems.append("\(name) has the shape \(source.shape), expected \(source.expected)") }
                continue
            }
            var tensor = try tensor(source.key)
            if let index = tensor.elements.firstIndex(where: { !$0.isFinite }) {
                problems.append("\(source.key) is not finite at element \(index)")
            }
            if let channels = source.channels {
                tensor = Tensor(shape: parameter.shape, elements: Array(tensor.elements[channels]))
            }
            found.append((parameter, tensor))
        }
        guard problems.isEmpty else { throw TrainingError.backboneMismatch(path: path, problems: problems) }
        for (parameter, tensor) in found { try parameter.assign(tensor) }
    }

    /// A tensor of the file, or some of its channels.
    private struct Source {
        var key: String
        var shape: [Int]
        /// The shape that it should have.
        var expected: [Int]
        /// The channels to take; nil: all.
        var channels: Range<Int>?
    }

    /// The tensor of the file that is meant for a parameter; nil if there is none.
    private func source(
        of parameter: Parameter, _ configuration: CSPRConfiguration, isOfBackbone: Bool
    ) -> Source? {
        if let key = key(parameter.name, isOfBackbone: isOfBackbone) {
            return Source(key: key, shape: shape(key) ?? [], expected: parameter.shape)
        }
        guard let norm = configuration.normSource(of: parameter.name), let key = key(norm.name, isOfBackbone: true)
        else { return nil }
        return Source(key: key, shape: shape(key) ?? [], expected: [norm.count], channels: norm.channels)
    }

    /// The file's name for the tensor that a weight file calls `name`: in a weight file, a checkpoint or a ResNet.
    private func key(_ name: String, isOfBackbone: Bool) -> String? {
        let plain = Self.plainName(name)
        let names = [name, Checkpoint.name(of: name, .value)] + (isOfBackbone ? [plain, "module.\(plain)"] : [])
        return names.first { shape($0) != nil }
    }

    /// The name that torchvision gives a tensor of the backbone: what stands behind the first dot.
    private static func plainName(_ name: String) -> String { String(name.drop { $0 != "." }.dropFirst()) }
}
