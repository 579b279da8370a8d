internal import CSPRModel
internal import Gallery

extension ServiceContext {
    /// The gallery's newest snapshot, and the network of its vectors; throws if that is not loaded.
    func searchableSnapshot(of gallery: String) throws -> (snapshot: GallerySnapshot, network: Network) {
        let snapshot = try store.snapshot(of: gallery)
        guard let network = network(of: snapshot.model) else {
            throw ServiceError.galleryOfAnotherModel(
                gallery: gallery, expected: snapshot.model, served: model.identity)
        }
        return (snapshot, network)
    }
}
