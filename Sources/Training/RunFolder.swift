internal import Foundation
internal import TensorFiles

/// The folder of a training run, and the paths of its files.
public struct RunFolder: Sendable {
    /// The folder.
    public let path: String

    /// A run in the folder at `path`.
    public init(_ path: String) {
        self.path = path
    }

    /// The recipe as JSON.
    public var recipe: String { "\(path)/recipe.json" }
    /// The log: a line of JSON per logged update, epoch and event.
    public var log: String { "\(path)/log.ndjson" }
    /// The state from which `--resume` continues.
    public var checkpoint: String { "\(path)/checkpoint.safetensors" }
    /// The weights after the newest epoch, as the service loads them.
    public var weights: String { "\(path)/weights.safetensors" }
    /// The report: curves and attention images in one HTML file.
    public var report: String { "\(path)/report.html" }
    /// The folder of the attention images, one JPEG per validation.
    public var attention: String { "\(path)/attention" }

    /// Creates the folder if it is missing; throws if it already holds a run, unless the run is resumed.
    public func prepare(resuming: Bool) throws(TrainingError) {
        let files = FileManager.default
        guard resuming || !(files.fileExists(atPath: checkpoint) || files.fileExists(atPath: log)) else {
            throw .runExists(path: path)
        }
        do { try files.createDirectory(atPath: attention, withIntermediateDirectories: true) } catch {
            throw .cannotWrite(path: path, reason: error.localizedDescription)
        }
    }

    /// Replaces a file atomically.
    static func write(_ bytes: some Sequence<UInt8>, to path: String) throws(TrainingError) {
        do { try AtomicFile.replace(path, with: bytes) } catch {
            switch error {
            case .cannotRead(let path, let reason), .cannotWrite(let path, let reason):
                throw .cannotWrite(path: path, reason: reason)
            }
        }
    }
}
