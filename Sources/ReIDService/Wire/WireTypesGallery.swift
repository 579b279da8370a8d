public import Gallery

/// A page of a list.
public struct ListAnswer<Item: Codable & Sendable & Equatable>: Codable, Sendable, Equatable {
    /// The page's items.
    public var items: [Item]
    /// The value of `cursor` for the next page; null at the end.
    public var next: String?

    /// A page.
    public init(items: [Item], next: String?) {
        self.items = items
        self.next = next
    }

    private enum CodingKeys: String, CodingKey { case items, next }

    /// Writes the end as null.
    public func encode(to encoder: any Encoder) throws {
        var fields = encoder.container(keyedBy: CodingKeys.self)
        try fields.encode(items, forKey: .items)
        try fields.encode(next, forKey: .next)
    }
}

/// A gallery with its counts.
public struct GalleryAnswer: Codable, Sendable, Equatable {
    /// The gallery's name.
    public var name: String
    /// The model it is bound to, `sha256:…`.
    public var model: String
    /// Whether this model is loaded; only then can the gallery be searched by image.
    public var searchable: Bool
    /// Whether another model is being served, so that its images should be embedded again.
    public var needsReembedding: Bool
    /// Images in it.
    public var images: Int
    /// The number of different people that its images name.
    public var people: Int
    /// Its cameras, sorted.
    public var cameras: [String]
    /// Those of its cameras that have a mean vector, sorted.
    public var camerasWithMean: [String]
    /// Whether searches subtract these means unless they say otherwise.
    public var cameraNormalization: Bool
    /// How long it keeps images; null: until they are erased on request.
    public var retention: RetentionAnswer?
    /// The earliest capture time; null if no image has one.
    public var capturedFrom: Timestamp?
    /// The latest capture time; null if no image has one.
    public var capturedTo: Timestamp?
    /// For which searches its rankings have probabilities; null if it is not calibrated.
    public var calibration: CalibrationAnswer?
    /// The gallery's revision, which counts its changes.
    public var revision: Int64
    /// When it was created.
    public var createdAt: Timestamp
    /// The batches that are running or queued.
    public var runningBatches: [RunningBatch]

    private enum CodingKeys: String, CodingKey {
        case name, model, searchable
        case needsReembedding = "needs_reembedding"
        case images, people, cameras
        case camerasWithMean = "cameras_with_mean"
        case cameraNormalization = "camera_normalization"
        case retention
        case capturedFrom = "captured_from"
        case capturedTo = "captured_to"
        case calibration, revision
        case createdAt = "created_at"
        case runningBatches = "running_batches"
    }

    /// Writes what is unknown as null.
    public func encode(to encoder: any Encoder) throws {
        var fields = encoder.container(keyedBy: CodingKeys.self)
        try fields.encode(name, forKey: .name)
        try fields.encode(model, forKey: .model)
        try fields.encode(searchable, forKey: .searchable)
        try fields.encode(needsReembedding, forKey: .needsReembedding)
        try fields.encode(images, forKey: .images)
        try fields.encode(people, forKey: .people)
        try fields.encode(cameras, forKey: .cameras)
        try fields.encode(camerasWithMean, forKey: .camerasWithMean)
        try fields.encode(cameraNormalization, forKey: .cameraNormalization)
        try fields.encode(retention, forKey: .retention)
        try fields.encode(capturedFrom, forKey: .capturedFrom)
        try fields.encode(capturedTo, forKey: .capturedTo)
        try fields.encode(calibration, forKey: .calibration)
        try fields.encode(revision, forKey: .revision)
        try fields.encode(createdAt, forKey: .createdAt)
        try fields.encode(runningBatches, forKey: .runningBatches)
    }
}

/// How long a gallery keeps images.
public struct RetentionAnswer: Codable, Sendable, Equatable {
    /// The seconds for which it keeps an image.
    public var seconds: Int64
    /// The time from which they count: `captured_at` or `enrolled_at`.
    public var by: String
}

/// The progress of one batch, as the dashboard shows it.
public struct RunningBatch: Codable, Sendable, Equatable {
    /// The batch's id.
    public var id: String
    /// `queued` or `running`.
    public var state: String
    /// The number of items in the batch; null until they have been counted.
    public var received: Int?
    /// Items that became images.
    public var enrolled: Int
    /// Items whose bytes were in the gallery already.
    public var duplicate: Int
    /// Items that were refused.
    public var failed: Int
    /// Items finished per second since the batch began to run.
    public var itemsPerSecond: Double

    private enum CodingKeys: String, CodingKey {
        case id, state, received, enrolled, duplicate, failed
        case itemsPerSecond = "items_per_second"
    }

    /// Writes an unknown total as null.
    public func encode(to encoder: any Encoder) throws {
        var fields = encoder.container(keyedBy: CodingKeys.self)
        try fields.encode(id, forKey: .id)
        try fields.encode(state, forKey: .state)
        try fields.encode(received, forKey: .received)
        try fields.encode(enrolled, forKey: .enrolled)
        try fields.encode(duplicate, forKey: .duplicate)
        try fields.encode(failed, forKey: .failed)
        try fields.encode(itemsPerSecond, forKey: .itemsPerSecond)
    }
}

/// What erasing images by a filter did.
public struct ErasureAnswer: Codable, Sendable, Equatable {
    /// The number of images that were erased; nothing shows them any more.
    public var erased: Int
    /// How many of them still have to be wiped from the disk, in the background; 0 if that is done.
    public var wiping: Int
    /// How many images match but are held, so that they stay.
    public var held = 0
}

/// What holding images, or lifting the hold, did.
public struct HoldAnswer: Codable, Sendable, Equatable {
    /// The images that match the filters.
    public var matching: Int
    /// Those of them that were not held before and are now, or the reverse.
    public var changed: Int
}

/// What is known about one enrolled image.
public struct ImageAnswer: Codable, Sendable, Equatable {
    /// The image's id.
    public var imageID: String
    /// The gallery it is in.
    public var gallery: String
    /// The person on the image; null if unknown.
    public var personID: String?
    /// The camera that took the image; null if unknown.
    public var cameraID: String?
    /// When the image was taken, by its manifest or else by its EXIF, where a time without an offset is read as UTC; null if
    /// unknown.
    public var capturedAt: Timestamp?
    /// The client's own id for the image; null if there is none.
    public var externalID: String?
    /// The file name that the image was enrolled under; null if there is none.
    public var name: String?
    /// The SHA-256 of the enrolled bytes, 64 hexadecimal digits.
    public var sha256: String
    /// `image/jpeg` or `image/png`; null for an image that was enrolled as a vector only.
    public var mediaType: String?
    /// The width of the stored image in pixels; null if there is none.
    public var width: Int?
    /// The height of the stored image in pixels; null if there is none.
    public var height: Int?
    /// When the image was enrolled.
    public var enrolledAt: Timestamp
    /// Whether the image is held, so that nothing may erase it.
    public var held: Bool
    /// The path of the image's bytes on the query listener; null if there are none.
    public var imageURL: String?

    private enum CodingKeys: String, CodingKey {
        case imageID = "image_id"
        case gallery
        case personID = "person_id"
        case cameraID = "camera_id"
        case capturedAt = "captured_at"
        case externalID = "external_id"
        case name, sha256
        case mediaType = "media_type"
        case width, height
        case enrolledAt = "enrolled_at"
        case held
        case imageURL = "image_url"
    }

    /// Writes what is unknown as null.
    public func encode(to encoder: any Encoder) throws {
        var fields = encoder.container(keyedBy: CodingKeys.self)
        try fields.encode(imageID, forKey: .imageID)
        try fields.encode(gallery, forKey: .gallery)
        try fields.encode(personID, forKey: .personID)
        try fields.encode(cameraID, forKey: .cameraID)
        try fields.encode(capturedAt, forKey: .capturedAt)
        try fields.encode(externalID, forKey: .externalID)
        try fields.encode(name, forKey: .name)
        try fields.encode(sha256, forKey: .sha256)
        try fields.encode(mediaType, forKey: .mediaType)
        try fields.encode(width, forKey: .width)
        try fields.encode(height, forKey: .height)
        try fields.encode(enrolledAt, forKey: .enrolledAt)
        try fields.encode(held, forKey: .held)
        try fields.encode(imageURL, forKey: .imageURL)
    }
}
