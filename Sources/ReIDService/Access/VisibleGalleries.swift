internal import Gallery
internal import HTTP

/// The one place that decides which galleries a request may know of.
///
/// A gallery that it may not know of is answered exactly as one that does not exist, and so are the images, kept queries
/// and batches in it.
extension Principal {
    /// Whoever asks the query listener without a token, where none is required: may search every gallery.
    static let anonymous = Principal(id: "anonymous", name: "anonymous", scopes: [.query])

    /// Whether this is a token, and not somebody without one.
    var hasToken: Bool { id != Principal.anonymous.id }

    /// Whether it may do what needs `scope`.
    func holds(_ scope: Scope) -> Bool { scopes.contains(scope) || scopes.contains(.admin) }

    /// Whether it may know of the gallery.
    func sees(_ gallery: String) -> Bool {
        galleries?.contains { GalleryPattern.matches($0, gallery) } ?? true
    }
}

extension ServerRequest {
    /// Whether who asks may know of the gallery; a stranger may not know of any.
    func sees(_ gallery: String) -> Bool { principal?.sees(gallery) ?? false }

    /// The filter of a list; nil: who asks may know of every gallery.
    var filter: ((_ gallery: String) -> Bool)? {
        if let principal, principal.galleries == nil { return nil }
        return { sees($0) }
    }

    /// The gallery that the path names; throws `unknownGallery` if who asks may not know of it.
    func visibleGallery() throws(GalleryError) -> String {
        let name = parameters["gallery"] ?? ""
        guard sees(name) else { throw .unknownGallery(name) }
        return name
    }

    /// Throws `ServiceError.galleriesLimited` unless who asks may use every gallery.
    func requireEveryGallery() throws(ServiceError) {
        guard let principal, principal.galleries == nil else { throw .galleriesLimited }
    }
}

extension ServiceContext {
    /// The image that the path names; throws `unknownImage` if who asks may not know of its gallery.
    func visibleImage(_ request: ServerRequest) throws(GalleryError) -> GalleryImage {
        let id = request.parameters["image"] ?? ""
        let image = try store.image(id: id)
        guard request.sees(image.gallery) else { throw .unknownImage(id) }
        return image
    }

    /// The kept query that the path names; throws `unknownQuery` if who asks may not know of its gallery.
    ///
    /// A kept query belongs to its gallery, not to the token that kept it, because the operators of one desk share them.
    func visibleQuery(_ request: ServerRequest) throws(GalleryError) -> QueryRecord {
        let id = request.parameters["query"] ?? ""
        let query = try store.query(id: id)
        guard request.sees(query.gallery) else { throw .unknownQuery(id) }
        return query
    }

    /// The batch that the path names; throws `unknownBatch` if who asks may not know of its gallery.
    func visibleBatch(_ request: ServerRequest) throws(GalleryError) -> BatchRecord {
        let id = request.parameters["batch"] ?? ""
        let batch = try store.batch(id: id)
        guard request.sees(batch.gallery) else { throw .unknownBatch(id) }
        return batch
    }
}
