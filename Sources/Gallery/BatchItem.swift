/// The result of one item.
public enum ItemState: String, Sendable, CaseIterable {
    /// The item became an image of the gallery.
    case enrolled
    /// The item's bytes were already in the gallery.
    case duplicate
    /// The item was refused, with a reason.
    case failed
}

/// Why an item was refused; the raw value is the reason code of the API.
public enum ItemFailure: String, Sendable, CaseIterable {
    /// The image is neither a JPEG nor a PNG.
    case unsupportedFormat = "unsupported_format"
    /// The image's format is known, but the image cannot be decoded.
    case corruptImage = "corrupt_image"
    /// The image is over a limit of bytes or pixels.
    case tooLarge = "too_large"
    /// The item's line is malformed, or names a file that does not exist.
    case badMetadata = "bad_metadata"
    /// The item's vector comes from another model.
    case modelMismatch = "model_mismatch"
}

/// The result of processing one item, ready to be recorded.
public struct ItemOutcome: Sendable, Equatable {
    /// An image to enroll, or the reason why there is none.
    public enum Result: Sendable, Equatable {
        /// An image to enroll; it becomes a duplicate if the gallery has its bytes already.
        case image(NewImage)
        /// The item is refused, with a sentence for the client.
        case failed(ItemFailure, detail: String)
    }

    /// The item's index in its batch, from 0.
    public let index: Int
    /// The file's name in the batch, if the item has one.
    public let name: String?
    /// The item's result.
    public let result: Result

    /// Creates an outcome.
    public init(index: Int, name: String?, result: Result) {
        self.index = index
        self.name = name
        self.result = result
    }
}

/// One recorded item of a batch.
public struct BatchItem: Sendable, Equatable {
    /// The item's index in the batch, from 0.
    public let index: Int
    /// The file's name in the batch; erased together with the image.
    public let name: String?
    /// The item's result.
    public let state: ItemState
    /// The image that the item became or repeats; nil if the item failed or the image was erased.
    public let imageID: String?
    /// Why the item was refused; nil if it was not.
    public let failure: ItemFailure?
    /// A sentence that explains the refusal, or says what is doubtful about the image.
    public let detail: String?
}

/// The changes that one call of `record` made.
public struct RecordedItems: Sendable, Equatable {
    /// The number of items that became images.
    public var enrolled: Int
    /// The number of items whose bytes were in the gallery already, or in an earlier item of the same call.
    public var duplicate: Int
    /// The number of items that failed.
    public var failed: Int
    /// The number of items that had been recorded before and were left unchanged.
    public var skipped: Int

    /// Creates counts.
    public init(enrolled: Int = 0, duplicate: Int = 0, failed: Int = 0, skipped: Int = 0) {
        self.enrolled = enrolled
        self.duplicate = duplicate
        self.failed = failed
        self.skipped = skipped
    }
}
