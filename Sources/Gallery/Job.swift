/// What a job does.
public enum JobKind: String, Sendable, CaseIterable {
    /// Enrolls a batch: a batch, shown as a job.
    case enrollment
    /// Rewrites the database as small as possible.
    case compaction
    /// Copies the database to a file while the service runs.
    case backup
    /// Fits probabilities to the distances of a gallery's searches.
    case calibration
    /// Erases the images of a gallery that match a filter, until no byte of them is on the disk.
    case erasure
    /// Erases the images of a gallery that are older than it keeps them, in the same way.
    case retention
    /// Gives a gallery the vectors of another model, or makes a copy of it that has them.
    case reembedding

    /// What its units are: `done` and `total` of a job count them.
    public var unit: String {
        switch self {
        case .enrollment: "items"
        case .compaction, .calibration: "passes"
        case .backup: "bytes"
        case .erasure, .retention, .reembedding: "images"
        }
    }
}

/// The state of a job; a batch is one, so it has the same states and goes through them in the same order.
public typealias JobState = BatchState

/// A job to accept.
public struct NewJob: Sendable, Equatable {
    /// What it does; never `enrollment`, whose jobs are batches.
    public let kind: JobKind
    /// The gallery that it works on; nil: on all, or on none.
    public let gallery: String?
    /// What its kind needs to know, as a JSON object; this module does not interpret it.
    public let parameters: String
    /// Where its kind begins, as a JSON object, which is forgotten when the job is over; nil: at the beginning.
    public let cursor: String?
    /// The name of the token with which it was asked for.
    public let createdBy: String

    /// Describes a job to accept.
    public init(
        _ kind: JobKind, gallery: String? = nil, parameters: String = "{}", cursor: String? = nil, createdBy: String
    ) {
        precondition(kind != .enrollment, "a batch is created by createBatch")
        self.kind = kind
        self.gallery = gallery
        self.parameters = parameters
        self.cursor = cursor
        self.createdBy = createdBy
    }
}

/// A job as it is stored.
public struct JobRecord: Sendable, Equatable {
    /// The position in the order of acceptance, among the jobs or among the batches.
    let key: Int64
    /// The id: "j_" and 20 characters; that of the batch for an enrollment.
    public let id: String
    /// What it does.
    public let kind: JobKind
    /// The gallery that it works on, even if it was deleted; nil: on all, or on none.
    public let gallery: String?
    /// What its kind needs to know, as a JSON object.
    public let parameters: String
    /// The job's state.
    public let state: JobState
    /// Whether the job was asked to stop.
    public let isCancelRequested: Bool
    /// The units that are done.
    public let done: Int64
    /// The units in all; nil if that is not known.
    public let total: Int64?
    /// Where its kind continues, as a JSON object that only the kind interprets; nil: at the beginning.
    public let cursor: String?
    /// What came of it, as a JSON object; nil unless it is completed.
    public let result: String?
    /// Why it failed, as a sentence; nil if it did not.
    public let failure: String?
    /// The name of the token with which it was asked for; nil if it was not noted.
    public let createdBy: String?
    /// When it was accepted.
    public let createdAt: Timestamp
    /// When it started; nil before that.
    public let startedAt: Timestamp?
    /// When it reached its final state; nil before that.
    public let finishedAt: Timestamp?
    /// Units per second of the last half minute while the job runs; nil if nothing was measured.
    public var unitsPerSecond: Double?
}

extension JobRecord {
    /// A batch as a job.
    public init(_ batch: BatchRecord) {
        self.init(
            key: batch.key, id: batch.id, kind: .enrollment, gallery: batch.gallery,
            parameters: #"{"bytes":\#(batch.bodyBytes),"container":"\#(batch.kind.rawValue)"}"#, state: batch.state,
            isCancelRequested: batch.isCancelRequested, done: Int64(batch.recorded),
            total: batch.expectedItems.map(Int64.init), cursor: nil,
            result: batch.state == .completed
                ? #"{"duplicate":\#(batch.duplicate),"enrolled":\#(batch.enrolled),"failed":\#(batch.failed)}"# : nil,
            failure: batch.failure, createdBy: nil, createdAt: batch.createdAt, startedAt: batch.startedAt,
            finishedAt: batch.finishedAt, unitsPerSecond: batch.state == .running ? batch.itemsPerSecond : nil)
    }
}

/// Which jobs to list; nil: no condition.
public struct JobFilter: Sendable, Equatable {
    /// Only jobs of this kind.
    public var kind: JobKind?
    /// Only jobs in this state.
    public var state: JobState?
    /// Only jobs that work on this gallery.
    public var gallery: String?

    /// No conditions.
    public init() {}
}
