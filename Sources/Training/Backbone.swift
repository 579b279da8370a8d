internal import CSPRModel
internal import Foundation
internal import NeuralNetwork
internal import TensorFiles
internal import Tensors

/// Weights to start from: those of a ResNet that was trained on something else, such as ImageNet, with torchvision's
/// names, or those of an earlier run, from its weight file or its checkpoint.
///
/// The file is safetensors or a PyTorch state dict (`.pth`), whose code is never run. It must have all tensors of the
/// backbone. Of the other layers, those are used whose names and shapes fit the network. Tensors that the network does
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
            // A parameter of the backbone has torchvision's name behind the first dot.
            let name =
                backbone.contains(parameter.name) ? String(parameter.name.drop { $0 != "." }.dropFirst()) : nil
            let keys =
                [parameter.name, Checkpoint.name(of: parameter, .value)] + (name.map { [$0, "module.\($0)"] } ?? [])
            let key = keys.first { shape($0) != nil }
            guard let key, shape(key) == parameter.shape else {
                guard let name else { continue }
                let fault = key.flatMap(shape).map { "has the shape \($0)" } ?? "is missing"
                problems.append("\(name) \(fault), expected \(parameter.shape)")
                continue
            }
            let tensor = try tensor(key)
            if let index = tensor.elements.firstIndex(where: { !$0.isFinite }) {
                problems.append("\(key) is not finite at element \(index)")
            }
            found.append((parameter, tensor))
        }
        guard problems.isEmpty else { throw TrainingError.backboneMismatch(path: path, problems: problems) }
        for (parameter, tensor) in found { try parameter.assign(tensor) }
    }
}
