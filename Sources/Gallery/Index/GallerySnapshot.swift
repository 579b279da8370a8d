public import Ranking

/// A gallery as it was after one commit; a snapshot never changes.
///
/// Row r of `embeddings` belongs to `images[r]`; an older image has a smaller row.
public struct GallerySnapshot: Sendable {
    /// The gallery's counts.
    public let summary: GallerySummary
    /// The images, oldest first.
    public let images: ImageRows
    /// The embeddings of the images, [images, dimensions], each of length 1.
    public let embeddings: EmbeddingMatrix
    /// The mean vectors of the cameras that have one, by the cameras' names.
    public let cameraMeans: CameraMeans<String>

    let facts: GalleryFacts

    init(
        facts: GalleryFacts, summary: GallerySummary, images: ImageRows, embeddings: EmbeddingMatrix,
        cameraMeans: CameraMeans<String>
    ) {
        precondition(images.count == embeddings.count, "\(images.count) images for \(embeddings.count) vectors")
        self.facts = facts
        self.summary = summary
        self.images = images
        self.embeddings = embeddings
        self.cameraMeans = cameraMeans
    }

    /// The gallery's name.
    public var name: String { summary.name }
    /// The identity of the model that made the vectors.
    public var model: String { summary.model }
    /// The number of values of a vector.
    public var dimensions: Int { summary.dimensions }
    /// The gallery's revision, which goes up by one with every change.
    public var revision: Int64 { summary.revision }
    /// Whether a search that does not say subtracts the cameras' means.
    public var cameraNormalization: Bool { summary.cameraNormalization }

    /// The rows whose images meet `filter`; nil if all do; costs O(images).
    public func rows(matching filter: ImageFilter) -> RowFilter? {
        if filter.matchesEverything { return nil }
        return RowFilter(count: images.count) { filter.matches(images[$0]) }
    }

    /// The row of the image with this id, or nil; costs O(images).
    public func row(ofImage id: String) -> Int? {
        images.firstIndex { $0.id == id }
    }

    /// The row of the image with this key, or nil; costs O(log images).
    public func row(ofKey key: Int64) -> Int? {
        let row = images.firstRow(from: key)
        return row < images.count && images[row].key == key ? row : nil
    }
}
