public import Gallery

/// A job, with its progress.
public struct JobAnswer: Codable, Sendable, Equatable {
    /// The job's id; that of the batch for an enrollment.
    public var id: String
    /// What it does: one of `JobKind`.
    public var kind: String
    /// The gallery that it works on; null: on all.
    public var gallery: String?
    /// What was asked for, such as the path of a backup.
    var parameters: JSONValue
    /// `queued`, `running`, `completed`, `cancelled` or `failed`.
    public var state: String
    /// Whether the job was asked to stop.
    public var cancelRequested: Bool
    /// The units that are done.
    public var done: Int64
    /// The units in all; null until they are known.
    public var total: Int64?
    /// What the units are: `items`, `bytes` or `passes`.
    public var unit: String
    /// Units per second of the last half minute; null unless it runs.
    public var unitsPerSecond: Double?
    /// When the job will be complete at this rate; null unless it runs.
    public var estimatedEnd: Timestamp?
    /// What came of it; null unless it is completed.
    var result: JSONValue?
    /// Why it failed; null if it did not.
    public var reason: String?
    /// The name of the token with which it was asked for; null for a batch.
    public var createdBy: String?
    /// When the job was accepted.
    public var createdAt: Timestamp
    /// When the job started; null before that.
    public var startedAt: Timestamp?
    /// When the job was over; null before that.
    public var finishedAt: Timestamp?

    private enum CodingKeys: String, CodingKey {
        case id, kind, gallery, parameters, state
        case cancelRequested = "cancel_requested"
        case done, total, unit
        case unitsPerSecond = "units_per_second"
        case estimatedEnd = "estimated_end"
        case result, reason
        case createdBy = "created_by"
        case createdAt = "created_at"
        case startedAt = "started_at"
        case finishedAt = "finished_at"
    }

    /// Writes what is unknown as null.
    public func encode(to encoder: any Encoder) throws {
        var fields = encoder.container(keyedBy: CodingKeys.self)
        try fields.encode(id, forKey: .id)
        try fields.encode(kind, forKey: .kind)
        try fields.encode(gallery, forKey: .gallery)
        try fields.encode(parameters, forKey: .parameters)
        try fields.encode(state, forKey: .state)
        try fields.encode(cancelRequested, forKey: .cancelRequested)
        try fields.encode(done, forKey: .done)
        try fields.encode(total, forKey: .total)
        try fields.encode(unit, forKey: .unit)
        try fields.encode(unitsPerSecond, forKey: .unitsPerSecond)
        try fields.encode(estimatedEnd, forKey: .estimatedEnd)
        try fields.encode(result, forKey: .result)
        try fields.encode(reason, forKey: .reason)
        try fields.encode(createdBy, forKey: .createdBy)
        try fields.encode(createdAt, forKey: .createdAt)
        try fields.encode(startedAt, forKey: .startedAt)
        try fields.encode(finishedAt, forKey: .finishedAt)
    }
}

extension JobAnswer {
    init(_ job: JobRecord, now: Timestamp) throws {
        let left = job.total.map { max(0, $0 - job.done) }
        self.init(
            id: job.id, kind: job.kind.rawValue, gallery: job.gallery,
            parameters: try fromJSON(Array(job.parameters.utf8)), state: job.state.rawValue,
            cancelRequested: job.isCancelRequested, done: job.done, total: job.total, unit: job.kind.unit,
            unitsPerSecond: job.unitsPerSecond,
            estimatedEnd: job.state == .running ? now.afterDoing(left, perSecond: job.unitsPerSecond) : nil,
            result: try job.result.map { try fromJSON(Array($0.utf8)) }, reason: job.failure,
            createdBy: job.createdBy, createdAt: job.createdAt, startedAt: job.startedAt, finishedAt: job.finishedAt)
    }

    /// What was asked for and what came of it, each with its name, for a table.
    public var facts: [(name: String, value: String)] {
        [parameters, result ?? .null].flatMap { value -> [(name: String, value: String)] in
            guard case .object(let members) = value else { return [] }
            return members.sorted { $0.key < $1.key }.map { name, value in
                if case .text(let text) = value { (name, text) } else { (name, value.summary) }
            }
        }
    }

    /// Whether the job is over, with or without success.
    public var isOver: Bool { JobState(rawValue: state)?.isFinal ?? false }
}

extension Timestamp {
    /// The time when `left` units are done at a rate; nil if the rate is unknown or near zero, as the date would be absurd.
    func afterDoing(_ left: Int64?, perSecond rate: Double?) -> Timestamp? {
        guard let left, let rate, rate > 0, Double(left) / rate < 3e8 else { return nil }
        return adding(seconds: Int64((Double(left) / rate).rounded(.up)))
    }
}
