internal import Foundation

/// The files of a training run.
public struct RunFolder: Sendable {
    /// The folder.
    public let path: String

    /// A run in the folder at `path`.
    public init(_ path: String) {
        self.path = path
    }

    /// The recipe as JSON.
    public var recipe: String { "\(path)/recipe.json" }
    /// A line of JSON per logged update, epoch and event.
    public var log: String { "\(path)/log.ndjson" }
    /// What `--resume` goes on from.
    public var checkpoint: String { "\(path)/checkpoint.safetensors" }
    /// The weights after the newest epoch, as the service loads them.
    public var weights: String { "\(path)/weights.safetensors" }
    /// Curves and attention images, in one file.
    public var report: String { "\(path)/report.html" }
    /// The attention images, a JPEG per logged epoch.
    public var attention: String { "\(path)/attention" }

    /// Makes the folder where it is missing; one that holds a run already is an error unless the run is resumed.
    public func prepare(resuming: Bool) throws(TrainingError) {
        let files = FileManager.default
        guard resuming || !(files.fileExists(atPath: checkpoint) || files.fileExists(atPath: log)) else {
            throw .runExists(path: path)
        }
        do { try files.createDirectory(atPath: attention, withIntermediateDirectories: true) } catch {
            throw .cannotWrite(path: path, reason: error.localizedDescription)
        }
    }

    /// Replaces a file as a whole.
    func write(_ data: Data, to path: String) throws(TrainingError) {
        do { try data.write(to: URL(fileURLWithPath: path), options: .atomic) } catch {
            throw .cannotWrite(path: path, reason: error.localizedDescription)
        }
    }
}
