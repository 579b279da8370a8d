/// How a batch's body is packed.
public enum BatchKind: String, Sendable, CaseIterable {
    /// `application/x-tar`.
    case tar
    /// `multipart/form-data`.
    case multipart
    /// `application/x-ndjson`.
    case ndjson
}

/// Where a batch is on its way.
public enum BatchState: String, Sendable, CaseIterable {
    /// Accepted, not begun.
    case queued
    /// Its items are being recorded.
    case running
    /// Each of its items is recorded.
    case completed
    /// Stopped on request, or because its gallery was deleted; what was recorded stays.
    case cancelled
    /// Its body could not be read as a batch.
    case failed

    /// Whether nothing follows.
    public var isFinal: Bool {
        switch self {
        case .queued, .running: false
        case .completed, .cancelled, .failed: true
        }
    }

    /// Whether `next` may follow; a running batch may be set running again, as after a restart.
    public func canBecome(_ next: BatchState) -> Bool {
        switch self {
        case .queued: next == .running || next == .cancelled || next == .failed
        case .running: next != .queued
        case .completed, .cancelled, .failed: false
        }
    }
}

/// A batch to accept; its body already lies on disk.
public struct NewBatch: Sendable, Equatable {
    /// From `GalleryStore.newBatchID()`.
    public let id: String
    /// The gallery to enroll into.
    public let gallery: String
    /// How the body is packed.
    public let kind: BatchKind
    /// The body's `Content-Type`, with its parameters.
    public let contentType: String
    /// The file that holds the body.
    public let bodyPath: String
    /// The body's length.
    public let bodyBytes: Int64
    /// The body's SHA-256: 32 bytes.
    public let bodySHA256: [UInt8]
    /// The request's `Idempotency-Key`, if any.
    public let idempotencyKey: String?
    /// Items in the body, if it has been read through already.
    public let expectedItems: Int?

    /// Gathers a batch to accept.
    public init(
        id: String, gallery: String, kind: BatchKind, contentType: String, bodyPath: String, bodyBytes: Int64,
        bodySHA256: [UInt8], idempotencyKey: String? = nil, expectedItems: Int? = nil
    ) {
        precondition(bodySHA256.count == 32, "a SHA-256 has 32 bytes, not \(bodySHA256.count)")
        self.id = id
        self.gallery = gallery
        self.kind = kind
        self.contentType = contentType
        self.bodyPath = bodyPath
        self.bodyBytes = bodyBytes
        self.bodySHA256 = bodySHA256
        self.idempotencyKey = idempotencyKey
        self.expectedItems = expectedItems
    }
}

/// A batch as stored.
public struct BatchRecord: Sendable, Equatable {
    /// Position in the order of acceptance.
    let key: Int64
    /// "b_" and 20 characters.
    public let id: String
    /// The gallery it enrolls into, or did before that was deleted.
    public let gallery: String
    /// How the body is packed.
    public let kind: BatchKind
    /// The body's `Content-Type`.
    public let contentType: String
    /// The file that holds the body, while the batch is not finished.
    public let bodyPath: String
    /// The body's length.
    public let bodyBytes: Int64
    /// Where it is on its way.
    public let state: BatchState
    /// Whether it should stop at the next chance.
    public let isCancelRequested: Bool
    /// Items in the body; nil until it has been read through.
    public let expectedItems: Int?
    /// Items that became images.
    public let enrolled: Int
    /// Items whose bytes the gallery had.
    public let duplicate: Int
    /// Items that failed alone.
    public let failed: Int
    /// When it was accepted.
    public let createdAt: Timestamp
    /// When it first ran.
    public let startedAt: Timestamp?
    /// When it reached its final state.
    public let finishedAt: Timestamp?
    /// Why it failed as a whole.
    public let failure: String?
    /// Items recorded a second: lately while it runs, over all once finished; nil where nothing was measured.
    public var itemsPerSecond: Double?

    /// Items recorded so far.
    public var recorded: Int { enrolled + duplicate + failed }
}
