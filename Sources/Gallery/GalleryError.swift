/// Why an operation of the gallery store failed.
public enum GalleryError: Error, Sendable, Equatable {
    /// No gallery has this name.
    case unknownGallery(String)
    /// There is a gallery of this name already.
    case galleryExists(String)
    /// The gallery has this model already.
    case sameModel(gallery: String, model: String)
    /// No image has this id.
    case unknownImage(String)
    /// No batch has this id.
    case unknownBatch(String)
    /// No job has this id.
    case unknownJob(String)
    /// The job has ended in this state already.
    case jobIsOver(String, state: JobState)
    /// There are as many unfinished jobs as allowed.
    case tooManyJobs(limit: Int)
    /// The file system of the folder has too little room for what was asked for; in bytes.
    case tooLittleSpace(folder: String, needed: Int64, available: Int64)
    /// There is something at the path already, and it is not replaced.
    case alreadyThere(path: String)
    /// No kept query has this id, or it has no such image.
    case unknownQuery(String)
    /// No token has this id.
    case unknownToken(String)
    /// Another token has this name.
    case duplicateTokenName(String)
    /// The client certificate with this subject stands for another token.
    case duplicateTokenSubject(String)
    /// The image was enrolled as a vector only, so no image bytes are stored.
    case noContent(image: String)
    /// The image is held, so that it may not be erased.
    case imageIsHeld(String)
    /// The gallery has this many images that are held, so that it may not be deleted.
    case imagesAreHeld(gallery: String, count: Int)
    /// The gallery is bound to another model.
    case modelMismatch(expected: String, found: String)
    /// A vector has another number of values than the gallery's vectors.
    case dimensionMismatch(expected: Int, found: Int)
    /// A vector contains a value that is not finite, or is not of length 1; `index` is the item's index in its batch.
    case invalidEmbedding(index: Int)
    /// A batch in the state `from` cannot change to the state `to`.
    case invalidTransition(batch: String, from: BatchState, to: BatchState)
    /// The batch is not running; only a running batch records items.
    case notRunning(batch: String, state: BatchState)
    /// The batch cannot be completed, because some of its items are not recorded.
    case incompleteBatch(batch: String, recorded: Int, expected: Int?)
    /// The idempotency key was used before, with another body or for another gallery.
    case idempotencyConflict(key: String)
    /// There are as many kept queries as allowed: in all, or of the token if `ofToken`.
    case tooManyQueries(limit: Int, ofToken: Bool)
    /// The images and rankings of the kept queries have as many bytes as allowed.
    case queriesTooLarge(limit: Int)
    /// The text is not a cursor of this list.
    case invalidCursor(String)
    /// The limit of a page is not in 1...`maximum`.
    case invalidLimit(Int, maximum: Int)

    /// The database was written by a newer version of this program.
    case newerSchema(path: String, found: Int, supported: Int)
    /// The file is a database of another program.
    case foreignDatabase(path: String)
    /// The file is damaged, or is not an SQLite database.
    case corrupt(path: String, reason: String)
    /// The folder that should hold the file does not exist.
    case missingFolder(path: String)
    /// The file or its folder cannot be written.
    case notWritable(path: String)
    /// Another process, or another store in this process, has the file open.
    case locked(path: String)
    /// The disk is full; nothing of the change was stored.
    case diskFull(path: String)
    /// Reading or writing failed; nothing of the change was stored.
    case inputOutput(path: String, reason: String)
    /// SQLite failed for a reason that has no case of its own.
    case database(path: String, code: Int, reason: String)
    /// The system's random generator is not available.
    case noRandomness
}

extension GalleryError: CustomStringConvertible {
    /// One sentence for an operator.
    public var description: String {
        switch self {
        case .unknownGallery(let name): "there is no gallery \"\(name)\""
        case .galleryExists(let name): "there is a gallery \"\(name)\" already"
        case .sameModel(let gallery, let model): "the gallery \"\(gallery)\" has the model \(model) already"
        case .unknownImage(let id): "there is no image \"\(id)\""
        case .unknownBatch(let id): "there is no batch \"\(id)\""
        case .unknownJob(let id): "there is no job \"\(id)\""
        case .jobIsOver(let id, let state): "job \"\(id)\" is \(state)"
        case .tooManyJobs(let limit): "there are \(limit) unfinished jobs, which is the limit; cancel one, or wait"
        case .tooLittleSpace(let folder, let needed, let available):
            "this needs \(needed) bytes of disk space in \(folder), and there are \(available)"
        case .alreadyThere(let path): "there is something at \(path) already"
        case .unknownQuery(let id): "there is no query \"\(id)\""
        case .unknownToken(let id): "there is no token \"\(id)\""
        case .duplicateTokenName(let name): "there is a token \"\(name)\" already"
        case .duplicateTokenSubject(let subject): "the certificate \"\(subject)\" stands for another token"
        case .noContent(let image): "image \"\(image)\" was enrolled as a vector, without an image"
        case .imageIsHeld(let image): "image \"\(image)\" is held; lift the hold before it can be erased"
        case .imagesAreHeld(let gallery, let count):
            "\(count) images of the gallery \"\(gallery)\" are held; lift the hold before it can be deleted"
        case .modelMismatch(let expected, let found): "the gallery is bound to model \(expected), not \(found)"
        case .dimensionMismatch(let expected, let found): "the gallery's vectors have \(expected) values, not \(found)"
        case .invalidEmbedding(let index): "the vector of item \(index) is not of length 1"
        case .invalidTransition(let batch, let from, let to): "batch \"\(batch)\" is \(from) and cannot become \(to)"
        case .notRunning(let batch, let state): "batch \"\(batch)\" is \(state), not running"
        case .incompleteBatch(let batch, let recorded, let expected):
            "batch \"\(batch)\" has \(recorded) of \(expected.map(String.init) ?? "an unknown number of") items"
        case .idempotencyConflict(let key): "idempotency key \"\(key)\" was used for another request"
        case .tooManyQueries(let limit, let ofToken):
            "there are \(limit) kept queries\(ofToken ? " of this token" : ""), which is the limit; "
                + "delete some of them, or let new ones expire"
        case .queriesTooLarge(let limit):
            "the images and rankings of the kept queries have \(limit) bytes, which is the limit; "
                + "delete some of the queries, or let new ones expire"
        case .invalidCursor(let text): "\"\(text)\" is not a cursor of this list"
        case .invalidLimit(let limit, let maximum): "a page has 1 to \(maximum) items, not \(limit)"
        case .newerSchema(let path, let found, let supported):
            "\(path) has schema \(found) of a newer version; this one knows up to \(supported)"
        case .foreignDatabase(let path): "\(path) is a database of another program"
        case .corrupt(let path, let reason): "\(path) is damaged: \(reason)"
        case .missingFolder(let path): "the folder \(path) does not exist"
        case .notWritable(let path): "\(path) cannot be written"
        case .locked(let path): "\(path) is in use by another process"
        case .diskFull(let path): "there is no room left to write \(path)"
        case .inputOutput(let path, let reason): "reading or writing \(path) failed: \(reason)"
        case .database(let path, let code, let reason): "SQLite refused (\(code)) on \(path): \(reason)"
        case .noRandomness: "the system's random generator is not ready"
        }
    }
}
