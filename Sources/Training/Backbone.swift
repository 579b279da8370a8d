internal import CSPRModel
internal import Foundation
internal import NeuralNetwork
internal import Tensors

/// Weights of a ResNet that was trained on something else, such as ImageNet, under torchvision's names.
///
/// From a safetensors file, or from a PyTorch state dict (`.pth`), of which no code is run. Layers that CSPR-Net's backbone does not
/// have, such as the classifier `fc`, are left alone.
struct Backbone {
    private let path: String
    private let tensor: (String) throws -> Tensor
    private let shape: (String) -> [Int]?

    /// Opens the file at `path`; its content decides which format it has.
    init(contentsOf path: String) throws {
        self.path = path
        guard let handle = FileHandle(forReadingAtPath: path) else {
            throw TrainingError.backboneMismatch(path: path, problems: ["it cannot be opened"])
        }
        let start = Array(try handle.read(upToCount: 9) ?? Data())
        try handle.close()
        // A safetensors file begins with its header's length and a brace.
        if start.count == 9, start[8] == UInt8(ascii: "{") {
            let file: SafetensorsFile
            do { file = try SafetensorsFile(contentsOf: path) } catch { throw TrainingError.file(error) }
            shape = { file.shape(of: $0) }
            tensor = { try file.floats($0) }
        } else {
            let file = try PyTorchFile(contentsOf: path)
            shape = { file.shape(of: $0) }
            tensor = { try file.floats($0) }
        }
    }

    /// Gives the network's backbone the file's values; where a tensor is missing or has another shape nothing is changed.
    func load(into network: TrainableNetwork) throws {
        let prefix = "backbone."
        var problems: [String] = []
        var found: [(Parameter, Tensor)] = []
        for parameter in network.parameters.all where parameter.name.hasPrefix(prefix) {
            let name = String(parameter.name.dropFirst(prefix.count))
            guard let key = [name, parameter.name, "module.\(name)"].first(where: { shape($0) != nil }) else {
                problems.append("\(name) is missing, expected \(parameter.shape)")
                continue
            }
            let tensor = try tensor(key)
            guard tensor.shape == parameter.shape else {
                problems.append("\(name) has the shape \(tensor.shape), expected \(parameter.shape)")
                continue
            }
            if let index = tensor.elements.firstIndex(where: { !$0.isFinite }) {
                problems.append("\(name) is not finite at element \(index)")
            }
            found.append((parameter, tensor))
        }
        guard problems.isEmpty else { throw TrainingError.backboneMismatch(path: path, problems: problems) }
        for (parameter, tensor) in found { try parameter.assign(tensor) }
    }
}
