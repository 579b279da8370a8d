/// How a batch's body is packed.
public enum BatchKind: String, Sendable, CaseIterable {
    /// `application/x-tar`.
    case tar
    /// `multipart/form-data`.
    case multipart
    /// `application/x-ndjson`.
    case ndjson
    /// `application/vnd.safetensors`: vectors alone.
    case safetensors

    /// Whether its items may be vectors, which need no network; else each item is an image.
    public var mayHoldVectors: Bool {
        switch self {
        case .tar, .multipart: false
        case .ndjson, .safetensors: true
        }
    }
}

/// The state of a batch.
public enum BatchState: String, Sendable, CaseIterable {
    /// The batch is accepted and waits.
    case queued
    /// The batch's items are being enrolled.
    case running
    /// Each item of the batch is recorded.
    case completed
    /// Stopped on request, or because its gallery was deleted; images that were enrolled stay.
    case cancelled
    /// The batch's body could not be read.
    case failed

    /// Whether the state never changes again.
    public var isFinal: Bool {
        switch self {
        case .queued, .running: false
        case .completed, .cancelled, .failed: true
        }
    }

    /// Whether `next` may follow; a running batch may be set to running again, for example after a restart.
    public func canBecome(_ next: BatchState) -> Bool {
        switch self {
        case .queued: next == .running || next == .cancelled || next == .failed
        case .running: next != .queued
        case .completed, .cancelled, .failed: false
        }
    }
}

/// A batch to accept; its body is on disk already.
public struct NewBatch: Sendable, Equatable {
    /// The id, from `GalleryStore.newBatchID()`.
    public let id: String
    /// The gallery to enroll into.
    public let gallery: String
    /// How the body is packed.
    public let kind: BatchKind
    /// The body's `Content-Type`, with its parameters.
    public let contentType: String
    /// The body's length.
    public let bodyBytes: Int64
    /// The body's SHA-256: 32 bytes.
    public let bodySHA256: [UInt8]
    /// The request's `Idempotency-Key`, if any.
    public let idempotencyKey: String?
    /// The number of items in the body, if it has been counted.
    public let expectedItems: Int?
    /// Warnings about the batch as a whole, each a sentence on one line.
    public let warnings: [String]

    /// Creates a description of a batch to accept.
    public init(
        id: String, gallery: String, kind: BatchKind, contentType: String, bodyBytes: Int64, bodySHA256: [UInt8],
        idempotencyKey: String? = nil, expectedItems: Int? = nil, warnings: [String] = []
    ) {
        precondition(bodySHA256.count == 32, "a SHA-256 has 32 bytes, not \(bodySHA256.count)")
        self.id = id
        self.gallery = gallery
        self.kind = kind
        self.contentType = contentType
        self.bodyBytes = bodyBytes
        self.bodySHA256 = bodySHA256
        self.idempotencyKey = idempotencyKey
        self.expectedItems = expectedItems
        self.warnings = warnings
    }
}

/// A batch as it is stored.
public struct BatchRecord: Sendable, Equatable {
    /// The position in the order of acceptance.
    let key: Int64
    /// The id: "b_" and 20 characters.
    public let id: String
    /// The gallery into which the batch enrolls, even if the gallery was deleted.
    public let gallery: String
    /// How the body is packed.
    public let kind: BatchKind
    /// The body's `Content-Type`.
    public let contentType: String
    /// The body's length.
    public let bodyBytes: Int64
    /// The batch's state.
    public let state: BatchState
    /// Whether the batch was asked to stop.
    public let isCancelRequested: Bool
    /// The number of items in the body; nil until it has been counted.
    public let expectedItems: Int?
    /// The number of items that became images.
    public let enrolled: Int
    /// The number of items whose bytes were already in the gallery.
    public let duplicate: Int
    /// The number of items that failed.
    public let failed: Int
    /// When the batch was accepted.
    public let createdAt: Timestamp
    /// When the batch started; nil before that.
    public let startedAt: Timestamp?
    /// When the batch reached its final state; nil before that.
    public let finishedAt: Timestamp?
    /// Why the batch failed as a whole; nil if it did not.
    public let failure: String?
    /// Warnings about the batch as a whole.
    public let warnings: [String]
    /// Items per second: of the last half minute while the batch runs, of the whole run when it is over; nil if nothing
    /// was measured.
    public var itemsPerSecond: Double?

    /// The number of items recorded so far.
    public var recorded: Int { enrolled + duplicate + failed }
}
