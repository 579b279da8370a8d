internal import Gallery
internal import Synchronization

/// How far a re-embedding is, as its job keeps it.
struct ReembeddingCursor: Codable {
    var progress: ReembeddingProgress
    /// What came of it; nil until then.
    var result: ReembeddingResult?

    /// The cursor as a JSON object.
    var text: String { get throws { String(decoding: try jsonBytes(self), as: UTF8.self) } }
}

/// What a re-embedding was asked for.
struct ReembeddingParameters: Codable {
    /// The model that is to make the vectors.
    let model: String
    /// The model that made the present ones.
    let from: String
    /// The name of the copy; nil: the gallery itself changes.
    let into: String?
}

/// What came of a re-embedding.
struct ReembeddingResult: Codable, Equatable {
    /// The model that made the vectors.
    let model: String
    /// The name of the copy; nil: the gallery itself has changed.
    let into: String?
    /// The images with vectors of the model.
    let images: Int
    /// The images that it could not embed; most of all those that were enrolled as vectors only.
    let leftBehind: Int
    /// The gallery of the former model in which they are now; nil: there are none, or this is a copy.
    let leftBehindGallery: String?
    /// The kept queries with vectors of the model; nil for a copy, which has none.
    let queries: Int?
    /// The kept queries that it could not embed; nil for a copy.
    let queriesLeftBehind: Int?

    private enum CodingKeys: String, CodingKey {
        case model, into, images
        case leftBehind = "left_behind"
        case leftBehindGallery = "left_behind_gallery"
        case queries
        case queriesLeftBehind = "queries_left_behind"
    }

    /// The result of a copy.
    init(model: String, into: String, images: Int, leftBehind: Int) {
        (self.model, self.into, self.images, self.leftBehind) = (model, into, images, leftBehind)
        (leftBehindGallery, queries, queriesLeftBehind) = (nil, nil, nil)
    }

    /// The result of a change of the gallery's model.
    init(_ change: ModelChange, model: String) {
        (self.model, into) = (model, nil)
        (images, leftBehind) = (change.images, change.leftBehind)
        leftBehindGallery = change.leftBehindGallery
        (queries, queriesLeftBehind) = (change.queries, change.queriesLeftBehind)
    }
}

/// The details of a change of a gallery's model in the audit.
struct ReembeddingDetails: Encodable {
    /// The gallery.
    let gallery: String
    /// Its former model.
    let from: String
    /// The job that did it.
    let job: String
    /// What was done.
    let result: ReembeddingResult
}

/// The galleries whose model is about to change; what is enrolled into them waits, usually for less than a second.
final class ModelChanges: Sendable {
    private let galleries = Mutex<Set<String>>([])

    /// Holds up what is enrolled into a gallery.
    func begin(_ gallery: String) { _ = galleries.withLock { $0.insert(gallery) } }

    /// Lets it go on.
    func end(_ gallery: String) { _ = galleries.withLock { $0.remove(gallery) } }

    /// Whether it is held up.
    func isUnderWay(_ gallery: String) -> Bool { galleries.withLock { $0.contains(gallery) } }
}
