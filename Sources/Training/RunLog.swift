public import CSPRModel
internal import Foundation

/// A line of a run's log.
public struct LogRecord: Codable, Sendable, Equatable {
    /// What a line is about.
    public enum Kind: String, Codable, Sendable {
        /// The losses of an update.
        case update
        /// The end of an epoch.
        case epoch
        /// The start of a phase.
        case event
    }

    /// What the line is about.
    public var kind: Kind
    /// The phase.
    public var step: TrainableNetwork.Step
    /// Epochs of the phase so far.
    public var epoch: Int
    /// Updates of the run so far.
    public var update: Int
    /// Seconds of training so far.
    public var seconds: Double
    /// The loss, term by term.
    public var losses: LossTerms?
    /// The learning rate of the backbone.
    public var rate: Float?
    /// The learning rate of the local branch.
    public var localRate: Float?
    /// Images per second since the last line of this kind.
    public var imagesPerSecond: Double?
    /// CMC@1 on the validation images, in 0...1.
    public var cmc1: Double?
    /// mAP on the validation images, in 0...1.
    public var mAP: Double?
    /// Images that could not be decoded since the run was started or resumed.
    public var skipped: Int?

    /// Creates a line without figures.
    public init(_ kind: Kind, step: TrainableNetwork.Step, epoch: Int, update: Int, seconds: Double) {
        self.kind = kind
        self.step = step
        self.epoch = epoch
        self.update = update
        self.seconds = seconds
    }
}

/// The log of a run: a file with a line of JSON per record.
public final class RunLog {
    /// Every record so far, including those before the run was resumed.
    public private(set) var records: [LogRecord] = []
    private let path: String
    private let handle: FileHandle

    /// Opens the log at `path`; records after `update` are dropped, because the resumed run writes them again.
    public init(path: String, keepingThrough update: Int) throws {
        self.path = path
        if let data = FileManager.default.contents(atPath: path) {
            let decoder = JSONDecoder()
            for line in data.split(separator: UInt8(ascii: "\n")) {
                // Only the last line can have been cut off by a crash; the run writes it again.
                guard let record = try? decoder.decode(LogRecord.self, from: Data(line)) else { continue }
                if record.update <= update { records.append(record) }
            }
        }
        try RunFolder.write(try records.map(Self.line).joined(), to: path)
        do {
            handle = try FileHandle(forWritingTo: URL(fileURLWithPath: path))
            try handle.seekToEnd()
        } catch {
            throw TrainingError.cannotWrite(path: path, reason: error.localizedDescription)
        }
    }

    deinit {
        do { try handle.close() } catch {
            // Every line has been passed to the system already.
        }
    }

    /// Appends a record.
    public func append(_ record: LogRecord) throws {
        records.append(record)
        do { try handle.write(contentsOf: try Self.line(record)) } catch {
            throw TrainingError.cannotWrite(path: path, reason: error.localizedDescription)
        }
    }

    private static func line(_ record: LogRecord) throws -> Data {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys]
        return try encoder.encode(record) + Data("\n".utf8)
    }
}
