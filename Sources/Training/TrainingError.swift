public import CSPRModel
public import TensorFiles

/// Why a training run could not start or continue.
public enum TrainingError: Error, Sendable, Equatable {
    /// A field of the recipe is out of range.
    case invalidRecipe(field: String, expected: String)
    /// The run folder already holds a run: resume it, or choose another folder.
    case runExists(path: String)
    /// The run folder holds no checkpoint to resume from.
    case nothingToResume(path: String)
    /// The checkpoint belongs to another recipe.
    case otherRecipe(field: String, checkpoint: String, asked: String)
    /// The checkpoint was made on other images.
    case otherImages(checkpoint: Int, found: Int)
    /// The checkpoint lacks a tensor, or has it in another shape.
    case damagedCheckpoint(path: String, reason: String)
    /// There are fewer images than a batch takes.
    case tooFewImages(found: Int, batch: Int)
    /// An image could not be decoded, and none may be skipped.
    case undecodable(path: String, reason: String)
    /// A term of the loss is infinite or not a number; files that were saved before are intact.
    case notFinite(term: String, update: Int, checkpoint: String?)
    /// A backbone file is missing, damaged, or of another kind.
    case unreadableBackbone(path: String, reason: String)
    /// A backbone file does not fit the network; `problems` names each wrong tensor.
    case backboneMismatch(path: String, problems: [String])
    /// A file of the run folder could not be written.
    case cannotWrite(path: String, reason: String)
    /// A checkpoint or weight file could not be read or written.
    case file(SafetensorsError)
    /// The network failed.
    case model(ModelError)
}

extension TrainingError: CustomStringConvertible {
    /// What went wrong, in one sentence.
    public var description: String {
        switch self {
        case .invalidRecipe(let field, let expected): "\(field): expected \(expected)"
        case .runExists(let path): "\(path) already holds a run: continue it with --resume, or choose another folder"
        case .nothingToResume(let path): "\(path) holds no checkpoint to resume from"
        case .otherRecipe(let field, let checkpoint, let asked):
            "the checkpoint was made with \(field) \(checkpoint), not \(asked)"
        case .otherImages(let checkpoint, let found):
            "the checkpoint was made on other images: \(checkpoint) then, \(found) now, or other files"
        case .damagedCheckpoint(let path, let reason): "\(path) cannot be resumed from: \(reason)"
        case .tooFewImages(let found, let batch): "\(found) images are fewer than a batch of \(batch)"
        case .undecodable(let path, let reason): "\(path) cannot be decoded: \(reason)"
        case .notFinite(let term, let update, let checkpoint):
            "the loss term \(term) of update \(update) is not finite; "
                + (checkpoint.map { "the last good checkpoint is \($0)" } ?? "there is no checkpoint yet")
        case .unreadableBackbone(let path, let reason): "\(path): \(reason)"
        case .backboneMismatch(let path, let problems):
            "\(path) does not fit the network: " + problems.joined(separator: "; ")
        case .cannotWrite(let path, let reason): "cannot write \(path): \(reason)"
        case .file(let error): error.description
        case .model(let error): error.description
        }
    }
}
