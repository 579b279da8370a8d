import Randomness
import Ranking
import Testing

@Suite struct NormalizedSearchTests {
    /// 150 rows of cameras 0 and 1, of camera 2 with few images, and of none; some rows come twice.
    private struct Gallery {
        var rows = EmbeddingMatrix(dimensions: 12)
        var cameras: [Int?] = []
        let means: CameraMeans<Int>

        init(seed: UInt64) {
            var generator = SeededGenerator(seed: seed)
            for row in 0..<150 {
                let isTwin = row % 10 == 9
                cameras.append(
                    isTwin ? cameras[row - 1] : [0, 0, 1, 1, 1, 2, nil].randomElement(using: &generator) ?? nil)
                let shift = Float(cameras[row] ?? 5) * 0.3
                rows.append(
                    isTwin ? rows[row - 1] : (0..<12).map { _ in Float.random(in: -1...1, using: &generator) + shift })
            }
            means = CameraMeans(of: rows, cameras: cameras)
        }

        func filters() -> [RowFilter?] {
            [
                nil, RowFilter(count: 150) { $0 % 3 == 1 }, RowFilter(count: 150) { cameras[$0] == 1 },
                RowFilter(count: 150) { $0 == 149 }, RowFilter(count: 150),
            ]
        }
    }

    @Test(arguments: [1, 2, 3] as [UInt64])
    func `a normalized search answers what a search of the normalized rows does, bit for bit`(seed: UInt64) throws {
        let gallery = Gallery(seed: seed)
        #expect(gallery.means.cameras.count == 2)
        let normalized = gallery.means.normalized(gallery.rows, of: gallery.cameras)
        for (filter, camera) in zip(gallery.filters(), [0, 1, 2, nil, 0]) {
            let query = gallery.means.normalized(gallery.rows[8], of: camera)
            for count in [1, 20, 150] {
                let found = try nearest(
                    to: query, in: gallery.rows, count: count, where: filter, normalizedBy: gallery.means,
                    cameras: { gallery.cameras[$0] })
                #expect(found == nearest(to: query, in: normalized, count: count, where: filter))
                #expect(found.count == min(count, filter?.allowedCount ?? 150))
            }
        }
    }

    @Test(arguments: [1, 2, 3] as [UInt64])
    func `re-ranking a normalized search re-ranks the normalized rows`(seed: UInt64) throws {
        let gallery = Gallery(seed: seed)
        let normalized = gallery.means.normalized(gallery.rows, of: gallery.cameras)
        let options = try ReRanking(k1: 8, k2: 3, lambda: 0.4)
        for filter in gallery.filters() {
            let query = gallery.means.normalized(gallery.rows[8], of: 0)
            let matches = nearest(to: query, in: normalized, count: 60, where: filter)
            for candidates in [1, 40, 500] {
                let found = try reRank(
                    matches, for: query, in: gallery.rows, options: options, candidates: candidates,
                    normalizedBy: gallery.means, cameras: { gallery.cameras[$0] })
                #expect(
                    try found == reRank(matches, for: query, in: normalized, options: options, candidates: candidates))
            }
        }
    }

    @Test func `a normalized search ends when it is canceled`() {
        let gallery = Gallery(seed: 4)
        #expect(throws: RankingError.cancelled) {
            try nearest(
                to: gallery.rows[0], in: gallery.rows, count: 5, normalizedBy: gallery.means,
                cameras: { gallery.cameras[$0] }, isCancelled: { true })
        }
    }
}
