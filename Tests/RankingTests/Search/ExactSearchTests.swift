import Ranking
import Testing

@Suite struct ExactSearchTests {
    @Test(arguments: [(1, 1), (7, 3), (40, 15), (40, 16), (41, 17), (300, 33), (513, 5)], Layout.allCases)
    func `the nearest rows are those of sorting every distance`(
        size: (count: Int, dimensions: Int), layout: Layout
    ) {
        let all = rows(layout, count: size.count + 1, dimensions: size.dimensions, seed: 1)
        let query = all[0]
        let gallery = matrix(Array(all.dropFirst()), dimensions: size.dimensions)
        let found = distances(from: query, to: gallery)
        for (row, distance) in found.enumerated() {
            let plain = plainSquaredDistance(query, all[row + 1])
            #expect(abs(Double(distance) - plain) <= plain * 0x1p-23)
        }
        let unrounded = unroundedDistances(from: query, to: gallery)
        #expect(unrounded.map { Float($0) } == found)
        for (row, distance) in unrounded.enumerated() {
            let plain = plainSquaredDistance(query, all[row + 1])
            #expect(abs(distance - plain) <= plain * 1e-13)
        }
        let expected = found.indices.sorted { (found[$0], $0) < (found[$1], $1) }
        for count in [0, 1, 2, 10, size.count, size.count + 5] {
            let matches = nearest(to: query, in: gallery, count: count)
            #expect(matches == expected.prefix(count).map { Match(row: $0, distance: found[$0]) })
        }
    }

    @Test func `equally near rows come in the order of the gallery`() {
        let gallery = matrix([[0, 1], [1, 0], [0, 1], [1, 0], [0, 1]], dimensions: 2)
        let matches = nearest(to: [1, 0], in: gallery, count: 4)
        #expect(matches.map(\.row) == [1, 3, 0, 2])
        #expect(matches.map(\.distance) == [0, 0, 2, 2])
    }

    @Test func `a filter changes which rows answer and not their distances`() {
        let all = rows(.clustered, count: 600, dimensions: 19, seed: 2)
        let gallery = matrix(all, dimensions: 19)
        let filter = RowFilter(count: 600) { $0 % 7 == 3 }
        let whole = distances(from: all[5], to: gallery)
        let matches = nearest(to: all[5], in: gallery, count: 1000, where: filter)
        #expect(matches.count == filter.allowedCount)
        #expect(matches.allSatisfy { $0.row % 7 == 3 && $0.distance == whole[$0.row] })
        #expect(matches == matches.sorted())
        #expect(nearest(to: all[5], in: gallery, count: 9, where: filter) == Array(matches.prefix(9)))
        #expect(nearest(to: all[5], in: gallery, count: 9, where: RowFilter(count: 600)).isEmpty)
    }

    @Test(arguments: [3, 16, 37])
    func `a distance has the same bits both ways and in any company`(dimensions: Int) {
        let all = rows(.clustered, count: 300, dimensions: dimensions, seed: 3)
        let gallery = matrix(all, dimensions: dimensions)
        let alone = matrix([all[290]], dimensions: dimensions)
        for row in [0, 1, 255, 256, 299] {
            let forth = distances(from: all[290], to: gallery)[row]
            #expect(distances(from: all[row], to: gallery)[290] == forth)
            #expect(distances(from: all[row], to: alone) == [forth])
        }
        #expect(distances(from: all[290], to: gallery)[290] == 0)
    }

    @Test(arguments: [0, 1, 8, 9, 21])
    func `many queries have the distances of each alone, in their order`(count: Int) {
        let gallery = matrix(rows(.clustered, count: 300, dimensions: 33, seed: 17), dimensions: 33)
        let queries = matrix(rows(.clustered, count: count, dimensions: 33, seed: 18), dimensions: 33)
        let found = mapDistances(from: queries, to: gallery) { ($0, $1) }
        #expect(found.map(\.0) == Array(0..<count))
        #expect(found.map(\.1) == (0..<count).map { unroundedDistances(from: queries[$0], to: gallery) })
    }

    @Test func `an empty gallery answers nothing`() {
        #expect(nearest(to: [1], in: EmbeddingMatrix(dimensions: 1), count: 3).isEmpty)
    }

    @Test func `a search that is canceled is given up`() {
        let gallery = matrix(rows(.clustered, count: 300, dimensions: 3, seed: 20), dimensions: 3)
        #expect(throws: RankingError.cancelled) {
            try nearest(to: [1, 0, 0], in: gallery, count: 3) { true }
        }
    }
}
