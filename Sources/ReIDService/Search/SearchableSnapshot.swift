internal import CSPRModel
internal import Gallery

extension ServiceContext {
    /// The gallery's newest snapshot; throws if the gallery belongs to another model than the one that is served.
    func searchableSnapshot(of gallery: String) throws -> GallerySnapshot {
        let snapshot = try store.snapshot(of: gallery)
        guard snapshot.model == model.identity else {
            throw ServiceError.galleryOfAnotherModel(
                gallery: gallery, expected: snapshot.model, served: model.identity)
        }
        return snapshot
    }
}
