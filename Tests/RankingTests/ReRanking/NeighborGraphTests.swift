import Randomness
import Testing

@testable import Ranking

@Suite struct NeighborGraphTests {
    /// Checks that every list is the beginning of the sorted distances, and as long as re-ranking needs.
    func expectExact(
        _ graph: NeighborGraph, _ rows: [[Float]], whole: Bool, sourceLocation: SourceLocation = #_sourceLocation
    ) {
        #expect(graph.count == rows.count, sourceLocation: sourceLocation)
        for (row, vector) in rows.enumerated() {
            let others = matrix(rows, dimensions: vector.count)
                .squaredDistances(from: vector, to: 0..<rows.count).enumerated()
                .filter { $0.offset != row }
            let near = others.map { Neighbor($0.element, $0.offset) }.sorted()
            let far = others.map { Neighbor(-$0.element, $0.offset) }.sorted()
            let needed = whole ? graph.nearest.capacity : graph.depth
            #expect(graph.nearest.length(row) >= min(needed, near.count), sourceLocation: sourceLocation)
            #expect(
                Array(graph.nearest[row]) == Array(near.prefix(graph.nearest.length(row))),
                sourceLocation: sourceLocation)
            #expect(graph.farthest.length(row) >= min(1, far.count), sourceLocation: sourceLocation)
            #expect(
                Array(graph.farthest[row]) == Array(far.prefix(graph.farthest.length(row))),
                sourceLocation: sourceLocation)
        }
    }

    @Test(arguments: [1, 2, 5, 21, 30, 150, 530], Layout.allCases)
    func `lists are the beginnings of the sorted distances`(count: Int, layout: Layout) {
        let all = rows(layout, count: count, dimensions: 6, seed: 4)
        expectExact(NeighborGraph(of: matrix(all, dimensions: 6)), all, whole: true)
    }

    @Test(arguments: Layout.allCases)
    func `lists extended piece by piece are those made at once`(layout: Layout) {
        let all = rows(layout, count: 130, dimensions: 7, seed: 5)
        var graph = NeighborGraph(depth: 9)
        for count in [0, 1, 2, 3, 9, 20, 21, 90, 130] {
            graph.extend(to: matrix(Array(all.prefix(count)), dimensions: 7))
        }
        expectExact(graph, all, whole: true)
    }

    @Test(arguments: Layout.allCases, [1, 30, 115])
    func `lists stay exact when rows are removed and added`(layout: Layout, removedCount: Int) {
        var generator = SeededGenerator(seed: 6)
        var all = rows(layout, count: 120, dimensions: 5, seed: 7)
        let added = rows(layout, count: 40, dimensions: 5, seed: 8)
        var gallery = matrix(all, dimensions: 5)
        var graph = NeighborGraph(of: gallery, depth: 11)
        let removed = Set(Array(0..<120).shuffled(using: &generator).prefix(removedCount))
        all = all.indices.filter { !removed.contains($0) }.map { all[$0] }
        gallery = gallery.removing(removed)
        graph = graph.removing(removed, leaving: gallery)
        expectExact(graph, all, whole: false)
        for row in added { gallery.append(row) }
        graph.extend(to: gallery)
        expectExact(graph, all + added, whole: false)
    }

    @Test(arguments: [Float(1e-30), 1e-19, 1e10, 1e18, 1e19, 1e30])
    func `vectors of any length have exact lists`(scale: Float) {
        let all = rows(.clustered, count: 70, dimensions: 6, seed: 9).map { $0.map { $0 * scale } }
        expectExact(NeighborGraph(of: matrix(all, dimensions: 6)), all, whole: true)
    }

    @Test func `lists stay exact when all that are far away are removed`() {
        let near = rows(.clustered, count: 60, dimensions: 4, seed: 15)
        let far = (1...NeighborGraph.farthestKept).map { [Float($0), 9, 9, 9] }
        let gallery = matrix(far + near, dimensions: 4)
        let removed = Set(far.indices)
        let graph = NeighborGraph(of: gallery).removing(removed, leaving: gallery.removing(removed))
        expectExact(graph, near, whole: false)
    }

    @Test func `removing every row leaves no lists`() {
        let gallery = matrix(rows(.clustered, count: 5, dimensions: 3, seed: 10), dimensions: 3)
        let graph = NeighborGraph(of: gallery).removing(Set(0..<5), leaving: gallery.removing(Set(0..<5)))
        #expect(graph.count == 0)
    }
}
