internal import Foundation
internal import NeuralNetwork
internal import TensorFiles
internal import Tensors

/// A weight file that has been checked: every tensor of its configuration is there, has the right shape and is finite.
struct WeightReader: Sendable {
    /// The metadata's `format`.
    static let format = "cspr-net"
    /// The metadata's `version`.
    static let version = "1"
    /// The key of the metadata that says whether an embedding is the mean over an image and its mirror image.
    static let mirrored = "mirrored"

    let file: SafetensorsFile
    let configuration: CSPRConfiguration
    /// The number of learned parameters.
    let parameters: Int
    /// The element type of all tensors, or "mixed".
    let precision: String

    /// Checks all of `file`.
    init(_ file: SafetensorsFile) throws(ModelError) {
        guard file.metadata["format"] == Self.format else { throw .wrongFormat(found: file.metadata["format"]) }
        guard file.metadata["version"] == Self.version else {
            throw .unsupportedVersion(found: file.metadata["version"])
        }
        self.file = file
        configuration = try Self.configuration(of: file)
        let list = configuration.parameterList
        let expected = Set(list.map(\.name))
        if let name = file.names.first(where: { !expected.contains($0) }) {
            throw .surplusTensor(name: name, found: file.shape(of: name) ?? [])
        }
        for parameter in list { try Self.check(parameter, in: file) }
        parameters = list.filter(\.isLearned).reduce(0) { $0 + $1.shape.reduce(1, *) }
        let types = Set(file.names.compactMap(file.type))
        precision = types.count == 1 ? types.first ?? "mixed" : "mixed"
    }

    private static func configuration(of file: SafetensorsFile) throws(ModelError) -> CSPRConfiguration {
        guard let json = file.metadata["config"] else { throw .malformedConfiguration(reason: "it is absent") }
        do {
            return try JSONDecoder().decode(CSPRConfiguration.self, from: Data(json.utf8))
        } catch let error as ModelError {
            throw error
        } catch {
            throw .malformedConfiguration(reason: "it is not a JSON object")
        }
    }

    private static func check(_ parameter: ParameterSpecification, in file: SafetensorsFile) throws(ModelError) {
        guard let found = file.shape(of: parameter.name) else {
            throw .missingTensor(name: parameter.name, expected: parameter.shape)
        }
        guard found == parameter.shape else {
            throw .misshapenTensor(name: parameter.name, expected: parameter.shape, found: found)
        }
        let tensor: Tensor
        do { tensor = try file.floats(parameter.name) } catch {
            guard case .unsupportedType(let name, let type) = error else { throw .file(error) }
            throw .wrongType(name: name, shape: found, found: type)
        }
        if let index = tensor.firstNonFinite {
            throw .nonFiniteTensor(name: parameter.name, shape: found, index: index)
        }
        if parameter.role == .exponent, !tensor.elements.allSatisfy({ $0 > 0 }) {
            throw .exponentNotPositive(name: parameter.name)
        }
        if parameter.role == .variance, let index = tensor.elements.firstIndex(where: { $0 < 0 }) {
            throw .negativeVariance(name: parameter.name, shape: found, index: index)
        }
    }

    /// A tensor of the file.
    func tensor(_ name: String) throws(ModelError) -> Tensor {
        do { return try file.floats(name) } catch { throw .file(error) }
    }

    /// The layer under `name`.
    func linear(_ name: String) throws(ModelError) -> Linear {
        Linear(weight: try tensor("\(name).weight"), bias: try tensor("\(name).bias").elements)
    }

    /// The instance norm under `name`.
    func instanceNorm(_ name: String) throws(ModelError) -> InstanceNorm {
        InstanceNorm(
            weight: try tensor("\(name).weight").elements, bias: try tensor("\(name).bias").elements)
    }

    /// The batch norm under `name`.
    func batchNorm(_ name: String) throws(ModelError) -> BatchNorm {
        BatchNorm(
            weight: try tensor("\(name).weight").elements, bias: try tensor("\(name).bias").elements,
            mean: try tensor("\(name).running_mean").elements, variance: try tensor("\(name).running_var").elements)
    }
}

extension Tensor {
    /// The index of the first element that is infinite or not a number.
    fileprivate var firstNonFinite: Int? {
        // Counting needs no branch, so the compiler vectorizes it; the search runs only for tensors that have such an
        // element.
        var count: UInt32 = 0
        for element in elements where element.bitPattern & 0x7f80_0000 == 0x7f80_0000 { count &+= 1 }
        return count == 0 ? nil : elements.firstIndex { !$0.isFinite }
    }
}
