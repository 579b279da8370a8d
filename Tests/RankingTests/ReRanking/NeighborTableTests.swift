import Testing

@testable import Ranking

@Suite struct NeighborTableTests {
    /// Checks that every list is the beginning of the sorted distances, and that the farthest row is the farthest.
    func expectExact(
        _ rows: [[Float]], length: Int, sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        let gallery = matrix(rows, dimensions: rows[0].count)
        let table = try NeighborTable(of: gallery, length: length) { false }
        #expect(table.length == min(length, rows.count - 1), sourceLocation: sourceLocation)
        #expect(table.farthest.count == rows.count, sourceLocation: sourceLocation)
        for row in rows.indices {
            let others = gallery.squaredDistances(fromRow: row, to: 0..<rows.count).enumerated()
                .filter { $0.offset != row }
            let near = others.map { Neighbor($0.element, $0.offset) }.sorted()
            #expect(Array(table[row]) == Array(near.prefix(length)), sourceLocation: sourceLocation)
            #expect(table.farthest[row] == near.last?.distance ?? 0, sourceLocation: sourceLocation)
        }
    }

    @Test(arguments: [1, 2, 5, 21, 30, 150, 530], Layout.allCases)
    func `lists are the beginnings of the sorted distances`(count: Int, layout: Layout) throws {
        try expectExact(rows(layout, count: count, dimensions: 6, seed: 4), length: 29)
    }

    @Test(arguments: [Float(1e-30), 1e-19, 1e10, 1e18, 1e19, 1e30])
    func `vectors of any length have exact lists`(scale: Float) throws {
        let all = rows(.clustered, count: 70, dimensions: 6, seed: 9).map { $0.map { $0 * scale } }
        try expectExact(all, length: 29)
    }

    @Test func `no rows have no lists`() throws {
        let table = try NeighborTable(of: EmbeddingMatrix(dimensions: 3), length: 5) { false }
        #expect(table.length == 0)
        #expect(table.farthest.isEmpty)
    }
}
