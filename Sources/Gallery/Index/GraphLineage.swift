import Ranking
import Synchronization

/// The newest neighbor lists of a gallery, which its snapshots share as long as rows are only added.
///
/// One snapshot at a time builds lists; the next one extends them.
final class GraphLineage: Sendable {
    private let newest: Mutex<NeighborGraph?>

    init(_ graph: NeighborGraph? = nil) {
        newest = Mutex(graph)
    }

    /// The lists of all rows of `matrix`; takes as much as possible from the newest lists.
    func graph(of matrix: EmbeddingMatrix) -> NeighborGraph {
        newest.withLock { newest in
            guard var graph = newest else {
                let built = NeighborGraph(of: matrix)
                newest = built
                return built
            }
            // The lists belong to a newer snapshot than this one, so they cannot be used.
            guard graph.count <= matrix.count else { return NeighborGraph(of: matrix) }
            graph.extend(to: matrix)
            newest = graph
            return graph
        }
    }

    /// A lineage for the gallery without `rows`, which starts with the existing lists.
    ///
    /// If lists are being built at this moment, it starts without lists, so that the writer does not wait.
    ///
    /// - Parameters:
    ///   - rows: the rows that were removed.
    ///   - remaining: the matrix without them.
    /// - Returns: a lineage for snapshots of `remaining`.
    func removing(_ rows: Set<Int>, leaving remaining: EmbeddingMatrix) -> GraphLineage {
        guard let graph = newest.withLockIfAvailable({ $0 }) ?? nil else { return GraphLineage() }
        let covered = rows.filter { $0 < graph.count }
        let kept = graph.count - covered.count
        let prefix = kept == remaining.count ? remaining : remaining.selecting(0..<kept)
        return GraphLineage(graph.removing(covered, leaving: prefix))
    }
}

/// The neighbor lists of one snapshot, built when they are first needed, and only once.
final class SnapshotGraph: Sendable {
    private let built = Mutex<NeighborGraph?>(nil)
    private let lineage: GraphLineage

    init(lineage: GraphLineage) {
        self.lineage = lineage
    }

    func graph(of matrix: EmbeddingMatrix) -> NeighborGraph {
        built.withLock { built in
            if let built { return built }
            let graph = lineage.graph(of: matrix)
            built = graph
            return graph
        }
    }
}
