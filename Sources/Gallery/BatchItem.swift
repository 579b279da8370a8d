/// What became of one item.
public enum ItemState: String, Sendable, CaseIterable {
    /// It is an image of the gallery now.
    case enrolled
    /// The gallery had its bytes already.
    case duplicate
    /// It was refused, with a reason.
    case failed
}

/// Why an item was refused; the raw value is the wire's reason code.
public enum ItemFailure: String, Sendable, CaseIterable {
    /// Neither JPEG nor PNG.
    case unsupportedFormat = "unsupported_format"
    /// Recognized, but not decodable.
    case corruptImage = "corrupt_image"
    /// Over a limit of bytes or pixels.
    case tooLarge = "too_large"
    /// Its description is malformed, or names a file that is not there.
    case badMetadata = "bad_metadata"
    /// Its vector comes from another model.
    case modelMismatch = "model_mismatch"
}

/// What the processing of one item came to, to be recorded.
public struct ItemOutcome: Sendable, Equatable {
    /// An image to enroll, or a reason why not.
    public enum Result: Sendable, Equatable {
        /// Enroll this; it becomes a duplicate if the gallery has its bytes.
        case image(NewImage)
        /// Refused, with a sentence for the sender.
        case failed(ItemFailure, detail: String)
    }

    /// The item's place in its batch, from 0.
    public let index: Int
    /// The file name in the container, if it has one.
    public let name: String?
    /// What it came to.
    public let result: Result

    /// Gathers an outcome.
    public init(index: Int, name: String?, result: Result) {
        self.index = index
        self.name = name
        self.result = result
    }
}

/// One recorded item of a batch.
public struct BatchItem: Sendable, Equatable {
    /// Its place in the batch, from 0.
    public let index: Int
    /// The file name in the container; erased together with the image.
    public let name: String?
    /// What became of it.
    public let state: ItemState
    /// The image that it became or repeats; nil if it failed or the image has been erased.
    public let imageID: String?
    /// Why it was refused.
    public let failure: ItemFailure?
    /// A sentence about that.
    public let detail: String?
}

/// What one call of `record` changed.
public struct RecordedItems: Sendable, Equatable {
    /// Items that became images.
    public var enrolled: Int
    /// Items whose bytes the gallery had, or that an earlier item of the same call had.
    public var duplicate: Int
    /// Items that failed.
    public var failed: Int
    /// Items that had been recorded before, and were left as they were.
    public var skipped: Int

    /// Gathers counts.
    public init(enrolled: Int = 0, duplicate: Int = 0, failed: Int = 0, skipped: Int = 0) {
        self.enrolled = enrolled
        self.duplicate = duplicate
        self.failed = failed
        self.skipped = skipped
    }
}
