public import Ranking

/// A gallery as one commit left it: never changes, however long a reader keeps it.
///
/// Row r of `embeddings` belongs to `images[r]`; an older image has a smaller row.
public struct GallerySnapshot: Sendable {
    /// What it holds, in numbers.
    public let summary: GallerySummary
    /// The images, oldest first.
    public let images: ImageRows
    /// Their unit vectors, [images, dimensions].
    public let embeddings: EmbeddingMatrix

    let facts: GalleryFacts
    let graphs: GraphLineage
    private let ownGraph: SnapshotGraph

    init(
        facts: GalleryFacts, summary: GallerySummary, images: ImageRows, embeddings: EmbeddingMatrix,
        graphs: GraphLineage
    ) {
        precondition(images.count == embeddings.count, "\(images.count) images for \(embeddings.count) vectors")
        self.facts = facts
        self.summary = summary
        self.images = images
        self.embeddings = embeddings
        self.graphs = graphs
        ownGraph = SnapshotGraph(lineage: graphs)
    }

    /// The neighbor lists of all rows, for re-ranking.
    ///
    /// Built by the first reader that asks, while others wait for it; extended from an earlier snapshot's where one was
    /// built. Takes time that grows with the square of the rows added since.
    public var graph: NeighborGraph { ownGraph.graph(of: embeddings) }

    /// The gallery's name.
    public var name: String { summary.name }
    /// Identity of the model that made the vectors.
    public var model: String { summary.model }
    /// Length of a vector.
    public var dimensions: Int { summary.dimensions }
    /// Goes up by one with every change.
    public var revision: Int64 { summary.revision }

    /// The rows whose images meet `filter`, or nil where that is all of them.
    public func rows(matching filter: ImageFilter) -> RowFilter? {
        if filter.matchesEverything { return nil }
        return RowFilter(count: images.count) { filter.matches(images[$0]) }
    }

    /// The row of the image with this id, by a look at each.
    public func row(ofImage id: String) -> Int? {
        images.firstIndex { $0.id == id }
    }

    /// The row of the image with this key, by bisection.
    public func row(ofKey key: Int64) -> Int? {
        let row = images.firstRow(from: key)
        return row < images.count && images[row].key == key ? row : nil
    }
}
