import Ranking
import Synchronization

/// The newest neighbor lists of a gallery, shared by its snapshots as long as rows are only added.
///
/// One snapshot builds at a time; the next one extends what is there.
final class GraphLineage: Sendable {
    private let newest: Mutex<NeighborGraph?>

    init(_ graph: NeighborGraph? = nil) {
        newest = Mutex(graph)
    }

    /// The lists of all rows of `matrix`, as much as possible taken from another snapshot's.
    func graph(of matrix: EmbeddingMatrix) -> NeighborGraph {
        newest.withLock { newest in
            guard var graph = newest else {
                let built = NeighborGraph(of: matrix)
                newest = built
                return built
            }
            // A reader of an old snapshot came after a reader of a newer one.
            guard graph.count <= matrix.count else { return NeighborGraph(of: matrix) }
            graph.extend(to: matrix)
            newest = graph
            return graph
        }
    }

    /// The lineage of a gallery that lost `rows`: goes on from the lists built so far.
    ///
    /// Where they are being built at this moment it starts afresh, rather than have the writer wait.
    ///
    /// - Parameters:
    ///   - rows: the rows taken away.
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

/// One snapshot's neighbor lists, built when they are first asked for and at most once.
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
