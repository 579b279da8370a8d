internal import CSPRModel
internal import Foundation
internal import NeuralNetwork
internal import TensorFiles
internal import Tensors

/// The position of a run: the next batch to train on.
public struct TrainingPosition: Codable, Sendable, Equatable {
    /// The phase: 0 global, 1 joint, 2 finished.
    public var step = 0
    /// The epoch of the phase, from 0.
    public var epoch = 0
    /// The batch of the epoch, from 0.
    public var batch = 0
    /// The number of updates in both phases so far.
    public var updates = 0
    /// Seconds of training so far, without pauses.
    public var seconds = 0.0

    /// The beginning of a run.
    public init() {}
}

/// The state of a training run on disk: every parameter with its momentum and average, the position, the recipe, and a
/// digest of the images.
///
/// It is a safetensors file with float32 tensors `SLOT/NAME`. A new one is written beside the old one and renamed, so
/// there is always a complete one.
struct Checkpoint {
    /// The file's metadata.
    struct Description: Codable, Equatable {
        var position: TrainingPosition
        var recipe: TrainingRecipe
        /// A digest of the training images' names and people.
        var images: String
        /// The number of training images.
        var imageCount: Int
    }

    static let format = "cspr-net-checkpoint"
    private static let slots: [Parameter.Slot] = [.value, .velocity, .average]

    /// The name of a parameter's slot in a checkpoint.
    static func name(of parameter: String, _ slot: Parameter.Slot) -> String { "\(slot.rawValue)/\(parameter)" }

    /// Writes the state of `network`.
    static func write(_ network: TrainableNetwork, _ description: Description, to path: String) throws {
        var tensors: [(name: String, value: SafetensorsValue)] = []
        for parameter in network.parameters.all {
            for slot in slots where parameter.has(slot) {
                tensors.append((name(of: parameter.name, slot), .floats(try parameter.tensor(slot))))
            }
        }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys]
        let metadata = [
            "format": format, "version": "1",
            "description": String(decoding: try encoder.encode(description), as: UTF8.self),
        ]
        do { try SafetensorsWriter.write(tensors, metadata: metadata, to: path) } catch {
            throw TrainingError.file(error)
        }
    }

    private let path: String
    private let file: SafetensorsFile
    let description: Description

    /// Opens the checkpoint at `path`.
    init(contentsOf path: String) throws(TrainingError) {
        self.path = path
        do { file = try SafetensorsFile(contentsOf: path) } catch { throw .file(error) }
        guard file.metadata["format"] == Self.format, let json = file.metadata["description"] else {
            throw .damagedCheckpoint(path: path, reason: "it is not a checkpoint")
        }
        do { description = try JSONDecoder().decode(Description.self, from: Data(json.utf8)) } catch {
            throw .damagedCheckpoint(path: path, reason: "its description cannot be read: \(error)")
        }
    }

    /// Checks that the checkpoint was made with `recipe` on images with this digest.
    func require(_ recipe: TrainingRecipe, images: String, count: Int) throws {
        if let difference = try RecipeDifference(description.recipe, recipe) {
            throw TrainingError.otherRecipe(
                field: difference.field, checkpoint: difference.first, asked: difference.second)
        }
        guard description.images == images else {
            throw TrainingError.otherImages(checkpoint: description.imageCount, found: count)
        }
    }

    /// Gives `network` the state in the file; changes nothing if the file does not fit.
    func restore(_ network: TrainableNetwork) throws {
        var found: [(Parameter, Parameter.Slot, Tensor)] = []
        for parameter in network.parameters.all {
            for slot in Self.slots {
                let name = Self.name(of: parameter.name, slot)
                guard let shape = file.shape(of: name) else {
                    guard slot != .value else {
                        throw TrainingError.damagedCheckpoint(path: path, reason: "\(name) is missing")
                    }
                    continue
                }
                guard shape == parameter.shape else {
                    throw TrainingError.damagedCheckpoint(
                        path: path, reason: "\(name) has the shape \(shape), expected \(parameter.shape)")
                }
                do { found.append((parameter, slot, try file.floats(name))) } catch { throw TrainingError.file(error) }
            }
        }
        for (parameter, slot, tensor) in found { try parameter.assign(tensor, to: slot) }
    }
}

/// The first field in which two recipes differ.
struct RecipeDifference {
    let field: String
    let first: String
    let second: String

    /// Nil if they are equal.
    init?(_ first: TrainingRecipe, _ second: TrainingRecipe) throws {
        guard first != second else { return nil }
        func fields(_ recipe: TrainingRecipe) throws -> [String: String] {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.sortedKeys]
            let object = try JSONSerialization.jsonObject(with: try encoder.encode(recipe))
            var result: [String: String] = [:]
            func visit(_ value: Any, _ name: String) {
                if let members = value as? [String: Any] {
                    for (key, member) in members { visit(member, name.isEmpty ? key : "\(name).\(key)") }
                } else {
                    result[name] = "\(value)"
                }
            }
            visit(object, "")
            return result
        }
        let (a, b) = (try fields(first), try fields(second))
        let names = Set(a.keys).union(b.keys).sorted()
        guard let name = names.first(where: { a[$0] != b[$0] }) else { return nil }
        field = name
        self.first = a[name] ?? "absent"
        self.second = b[name] ?? "absent"
    }
}
