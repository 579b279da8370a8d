public import Gallery

/// A batch, with its progress.
public struct BatchAnswer: Codable, Sendable, Equatable {
    /// The batch's id.
    public var id: String
    /// The gallery it enrolls into.
    public var gallery: String
    /// How the batch's body is packed: `tar`, `multipart` or `ndjson`.
    public var kind: String
    /// `queued`, `running`, `completed`, `cancelled` or `failed`.
    public var state: String
    /// Whether the batch was asked to stop.
    public var cancelRequested: Bool
    /// Bytes of its body.
    public var bytes: Int64
    /// The number of items in the batch; null until they have been counted.
    public var received: Int?
    /// Items that became images.
    public var enrolled: Int
    /// Items whose bytes were in the gallery already.
    public var duplicate: Int
    /// Items that were refused, each with its own reason.
    public var failed: Int
    /// Items per second: of the last half minute while the batch runs, of the whole run when it is over; null if
    /// nothing was measured.
    public var itemsPerSecond: Double?
    /// When the batch will be complete at this rate; null unless it runs.
    public var estimatedEnd: Timestamp?
    /// When the batch was accepted.
    public var createdAt: Timestamp
    /// When the batch started; null before that.
    public var startedAt: Timestamp?
    /// When the batch was over; null before that.
    public var finishedAt: Timestamp?
    /// Why the batch failed as a whole; null if it did not.
    public var reason: String?
    /// Warnings about the batch as a whole; nil if there are none.
    public var warnings: [String]?

    private enum CodingKeys: String, CodingKey {
        case id, gallery, kind, state
        case cancelRequested = "cancel_requested"
        case bytes, received, enrolled, duplicate, failed
        case itemsPerSecond = "items_per_second"
        case estimatedEnd = "estimated_end"
        case createdAt = "created_at"
        case startedAt = "started_at"
        case finishedAt = "finished_at"
        case reason, warnings
    }

    /// Writes what is unknown as null, and leaves out warnings where there are none.
    public func encode(to encoder: any Encoder) throws {
        var fields = encoder.container(keyedBy: CodingKeys.self)
        try fields.encode(id, forKey: .id)
        try fields.encode(gallery, forKey: .gallery)
        try fields.encode(kind, forKey: .kind)
        try fields.encode(state, forKey: .state)
        try fields.encode(cancelRequested, forKey: .cancelRequested)
        try fields.encode(bytes, forKey: .bytes)
        try fields.encode(received, forKey: .received)
        try fields.encode(enrolled, forKey: .enrolled)
        try fields.encode(duplicate, forKey: .duplicate)
        try fields.encode(failed, forKey: .failed)
        try fields.encode(itemsPerSecond, forKey: .itemsPerSecond)
        try fields.encode(estimatedEnd, forKey: .estimatedEnd)
        try fields.encode(createdAt, forKey: .createdAt)
        try fields.encode(startedAt, forKey: .startedAt)
        try fields.encode(finishedAt, forKey: .finishedAt)
        try fields.encode(reason, forKey: .reason)
        try fields.encodeIfPresent(warnings, forKey: .warnings)
    }
}

extension BatchAnswer {
    init(_ batch: BatchRecord, now: Timestamp) {
        let left = batch.expectedItems.map { Int64(max(0, $0 - batch.recorded)) }
        let end = batch.state == .running ? now.afterDoing(left, perSecond: batch.itemsPerSecond) : nil
        self.init(
            id: batch.id, gallery: batch.gallery, kind: batch.kind.rawValue, state: batch.state.rawValue,
            cancelRequested: batch.isCancelRequested, bytes: batch.bodyBytes, received: batch.expectedItems,
            enrolled: batch.enrolled, duplicate: batch.duplicate, failed: batch.failed,
            itemsPerSecond: batch.itemsPerSecond, estimatedEnd: end, createdAt: batch.createdAt,
            startedAt: batch.startedAt, finishedAt: batch.finishedAt, reason: batch.failure,
            warnings: batch.warnings.isEmpty ? nil : batch.warnings)
    }
}

/// The result of one item of a batch.
public struct BatchItemAnswer: Codable, Sendable, Equatable {
    /// The item's index in the batch, from 0: of the line of the manifest or NDJSON, or of the file in a tar without a
    /// manifest.
    public var index: Int
    /// The file's name in the batch; null if it has none or the image was erased.
    public var image: String?
    /// `enrolled`, `duplicate` or `failed`.
    public var state: String
    /// The image that the item became or repeats; null if it failed or the image was erased.
    public var imageID: String?
    /// `unsupported_format`, `corrupt_image`, `too_large`, `bad_metadata` or `model_mismatch`; null if the item did not
    /// fail.
    public var reason: String?
    /// A sentence that explains the reason and names the line or the file.
    public var detail: String?

    private enum CodingKeys: String, CodingKey {
        case index, image, state
        case imageID = "image_id"
        case reason, detail
    }

    /// Writes what is unknown as null.
    public func encode(to encoder: any Encoder) throws {
        var fields = encoder.container(keyedBy: CodingKeys.self)
        try fields.encode(index, forKey: .index)
        try fields.encode(image, forKey: .image)
        try fields.encode(state, forKey: .state)
        try fields.encode(imageID, forKey: .imageID)
        try fields.encode(reason, forKey: .reason)
        try fields.encode(detail, forKey: .detail)
    }
}

extension BatchItemAnswer {
    init(_ item: BatchItem) {
        self.init(
            index: item.index, image: item.name, state: item.state.rawValue, imageID: item.imageID,
            reason: item.failure?.rawValue, detail: item.detail)
    }
}
