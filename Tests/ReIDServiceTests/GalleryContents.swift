import Gallery
import Ranking

/// Everything that a gallery holds, for plain definitions of what searches answer.
struct GalleryContents {
    /// The images, oldest first.
    let images: [GalleryImage]
    /// Their vectors, in the same order.
    let embeddings: EmbeddingMatrix
    /// The mean vectors of the cameras.
    let cameraMeans: CameraMeans<String>

    /// The rows whose images meet a filter; nil if all do.
    func rows(matching filter: ImageFilter) -> RowFilter? {
        filter.matchesEverything ? nil : RowFilter(count: images.count) { filter.matches(images[$0]) }
    }

    /// The row of the image with this id.
    func row(ofImage id: String) -> Int? { images.firstIndex { $0.id == id } }
}

extension GalleryStore {
    /// Everything that a gallery holds now.
    func contents(of gallery: String) throws -> GalleryContents {
        let snapshot = try snapshot(of: gallery)
        let found = try images(withKeys: snapshot.rows.map { snapshot.key(ofRow: $0) })
        var embeddings = EmbeddingMatrix(dimensions: snapshot.dimensions)
        for row in snapshot.rows { embeddings.append(snapshot.vectors[row]) }
        return GalleryContents(
            images: snapshot.rows.compactMap { found[snapshot.key(ofRow: $0)] }, embeddings: embeddings,
            cameraMeans: snapshot.cameraMeans)
    }
}

extension ImageFilter {
    /// Whether `image` meets every condition.
    func matches(_ image: GalleryImage) -> Bool {
        if let person, image.personID != person { return false }
        if let externalID, image.externalID != externalID { return false }
        if !cameras.isEmpty {
            guard let camera = image.cameraID, cameras.contains(camera) else { return false }
        }
        if !excludedCameras.isEmpty, let camera = image.cameraID, excludedCameras.contains(camera) { return false }
        if capturedFrom != nil || capturedTo != nil {
            guard let time = image.capturedAt else { return false }
            if let capturedFrom, time < capturedFrom { return false }
            if let capturedTo, time > capturedTo { return false }
        }
        return true
    }
}
