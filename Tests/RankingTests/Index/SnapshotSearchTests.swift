import Randomness
import Synchronization
import Testing

@testable import Ranking

@Suite struct SnapshotSearchTests {
    static let sizes = [(1, 1), (65, 3), (130, 33), (300, 161)]
    /// Bounds are used, however many rows are wanted.
    static let bounded = QueryScan.Options(usesBoundsAlways: true)

    /// The answers to queries by comparing all rows.
    private struct PlainAnswers {
        let queries: [[Float]]
        let all: EmbeddingMatrix
        /// The distances one by one in double precision, for each query.
        let distances: [[Double]]

        init(_ queries: [[Float]], _ rows: [[Float]], dimensions: Int) {
            self.queries = queries
            all = matrix(rows, dimensions: dimensions)
            distances = queries.map { query in rows.map { plainSquaredDistance(query, $0) } }
        }

        /// Expects that `search` answers, for every count, as the plain scan does, bit for bit, and as sorting all
        /// distances does, but for rounding.
        func expect(
            where filter: RowFilter?, counts: [Int], _ comment: String, _ search: (Int) throws -> [[Match]]
        ) rethrows {
            let expected = queries.map { nearest(to: $0, in: all, count: all.count, where: filter) }
            for (distances, matches) in zip(distances, expected) {
                let order = distances.indices.filter { filter?[$0] ?? true }
                    .sorted { (distances[$0], $0) < (distances[$1], $1) }
                let isSame =
                    order.count == matches.count
                    && zip(order, matches).allSatisfy { row, match in
                        // Above the largest float32, a distance is infinite.
                        let (own, best) = (Float(distances[match.row]), Float(distances[row]))
                        return [own, best].allSatisfy {
                            $0 == match.distance || abs($0 - match.distance) <= $0 * 0x1p-22
                        }
                    }
                #expect(isSame, "\(comment): the plain scan")
            }
            for count in counts {
                let found = try search(count)
                #expect(found == expected.map { Array($0.prefix(count)) }, "\(comment), \(count) answers")
            }
        }
    }

    @Test(arguments: Gallery.allCases, sizes)
    func `the answer is that of comparing all rows, for every count and filter`(
        gallery: Gallery, size: (count: Int, dimensions: Int)
    ) throws {
        let all = gallery.rows(size.count + 2, dimensions: size.dimensions, seed: 11)
        let (queries, rows) = ([all[0], all[1], all[all.count / 2]], Array(all.dropFirst(2)))
        let filters: [RowFilter?] = [
            nil, RowFilter(count: rows.count), RowFilter(count: rows.count, allowing: true),
            RowFilter(count: rows.count) { $0 % 40 != 3 }, RowFilter(count: rows.count) { $0 % 40 == 0 },
        ]
        let rotation = try rotation(rows, dimensions: size.dimensions)
        let snapshots = try [
            Keeping(), Keeping(capacity: 64, rotation: rotation), Keeping(capacity: 1024, rotation: rotation),
        ].map { try $0.snapshot(rows, dimensions: size.dimensions) }
        let plain = PlainAnswers(queries, rows, dimensions: size.dimensions)
        for (number, filter) in filters.enumerated() {
            for snapshot in snapshots {
                try plain.expect(where: filter, counts: [1, 10, rows.count + 5], "filter \(number)") {
                    try snapshot.nearest(
                        to: queries, count: $0, where: filter, threads: 1 + number, options: Self.bounded)
                }
            }
        }
    }

    @Test(arguments: Gallery.allCases, [(65, 3), (130, 33), (250, 161)])
    func `the answer among normalized rows is that of normalizing and comparing all`(
        gallery: Gallery, size: (count: Int, dimensions: Int)
    ) throws {
        let all = gallery.rows(size.count + 1, dimensions: size.dimensions, seed: 12)
        let rows = Array(all.dropFirst())
        let cameras = rows.indices.map { $0 % 3 }
        let means = CameraMeans(of: matrix(rows, dimensions: size.dimensions), cameras: cameras, leastImages: 1)
        // The third camera's mean is one of its rows, so that there is a row without a direction.
        let table = MeanTable([means.mean(of: 0), means.mean(of: 1), rows[2]], dimensions: size.dimensions)
        let normalized = zip(rows, cameras).map { row, camera in
            let difference = zip(row, table.means[camera]).map { Double($0) - Double($1) }
            let length = difference.reduce(0) { $0 + $1 * $1 }.squareRoot()
            return difference.map { length > 0 ? Float($0 / length) : 0 }
        }
        let query = means.normalized(all[0], of: 1)
        let rotation = try rotation(rows, dimensions: size.dimensions)
        for kept in [Keeping(table: table), Keeping(capacity: 192, rotation: rotation, table: table)] {
            let snapshot = try kept.snapshot(rows, dimensions: size.dimensions)
            let selected = snapshot.selecting(rows.indices, isNormalized: true)
            let own = rows.indices.map { selected[$0] }
            for (row, other) in zip(own, normalized) {
                // The length is summed in another order, in double precision, and each value rounded to float32.
                #expect(zip(row, other).allSatisfy { abs($0 - $1) <= abs($1) * 0x1p-22 })
            }
            for row in stride(from: 0, to: rows.count, by: 3) {
                #expect(own[row] == means.normalized(rows[row], of: 0), "the definition, bit for bit")
            }
            let queries = [query, rows[1]]
            let plain = PlainAnswers(queries, own, dimensions: size.dimensions)
            for filter in [nil, RowFilter(count: rows.count) { $0 % 7 == 1 }] {
                try plain.expect(where: filter, counts: [1, 12, rows.count], "\(kept.capacity) rows a segment") {
                    try snapshot.nearest(
                        to: queries, count: $0, where: filter, isNormalized: true, options: Self.bounded)
                }
            }
        }
    }

    @Test(arguments: CodeKernel.allCases.filter(\.runs), Gallery.allCases)
    func `every kernel gives the same answer`(kernel: CodeKernel, gallery: Gallery) throws {
        let rows = gallery.rows(500, dimensions: 140, seed: 13)
        let snapshot = try Keeping(rotation: rotation(rows, dimensions: 140)).snapshot(rows, dimensions: 140)
        var options = Self.bounded
        options.kernel = kernel
        let found = try snapshot.nearest(to: [rows[7]], count: 20, options: options)
        #expect(found[0] == nearest(to: rows[7], in: matrix(rows, dimensions: 140), count: 20))
    }

    @Test func `many queries have the answers of each alone, in their order`() throws {
        let rows = Gallery.clustered.rows(600, dimensions: 40, seed: 14)
        let snapshot = try Keeping(rotation: rotation(rows, dimensions: 40)).snapshot(rows, dimensions: 40)
        let queries = Array(Gallery.clustered.rows(37, dimensions: 40, seed: 15))
        let found = try snapshot.nearest(to: queries, count: 5)
        #expect(found == (try queries.map { try snapshot.nearest(to: $0, count: 5) }))
        #expect(try snapshot.nearest(to: [[Float]](), count: 5).isEmpty)
    }

    @Test func `a snapshot does not see rows that are added later`() throws {
        let rows = Gallery.clustered.rows(100, dimensions: 20, seed: 16)
        let segment = try VectorSegment(dimensions: 20, capacity: 128)
        try segment.append(Array(rows[..<60].joined()))
        let before = VectorSnapshot(dimensions: 20, parts: [.init(segment, first: 0, count: 60)])
        try segment.append(Array(rows[60...].joined()))
        let after = VectorSnapshot(dimensions: 20, parts: [.init(segment, first: 64, count: 100)])
        #expect(try before.nearest(to: rows[80], count: 100).map(\.row).max() == 59)
        #expect(try after.nearest(to: rows[80], count: 1) == [Match(row: 64 + 80, distance: 0)])
        #expect(after[64 + 99] == rows[99] && after.end == 164 && after.rowCount == 100)
        let selected = after.selecting([163, 64])
        #expect(selected.count == 2 && selected[0] == rows[99] && selected[1] == rows[0])
    }

    @Test func `row numbers without a row are in no answer`() throws {
        let rows = Gallery.clustered.rows(90, dimensions: 20, seed: 17)
        let small = try Keeping(capacity: 64).snapshot(rows, dimensions: 20)
        let parts = small.parts.map { VectorSnapshot.Part($0.segment, first: 4 * $0.first, count: $0.count) }
        let spread = VectorSnapshot(dimensions: 20, parts: parts)
        let expected = try small.nearest(to: rows[3], count: 90).map { $0.row < 64 ? $0.row : $0.row - 64 + 256 }
        #expect(try spread.nearest(to: rows[3], count: 1000).map(\.row) == expected)
        let filter = RowFilter(count: spread.end) { $0 >= 60 }
        #expect(try spread.nearest(to: rows[3], count: 1000, where: filter).map(\.row) == expected.filter { $0 >= 60 })
    }

    @Test func `segments with other directions, or without, are searched together`() throws {
        let rows = Gallery.clustered.rows(384, dimensions: 150, seed: 18)
        let (one, other) = (
            try rotation(Array(rows[..<20]), dimensions: 150), try rotation(rows, dimensions: 150)
        )
        var parts: [VectorSnapshot.Part] = []
        for (number, rotation) in [one, nil, other].enumerated() {
            let kept = try Keeping(rotation: rotation).snapshot(
                Array(rows[number * 128..<number * 128 + 128]), dimensions: 150)
            parts.append(.init(kept.parts[0].segment, heads: kept.parts[0].heads, first: number * 128, count: 128))
        }
        let snapshot = VectorSnapshot(dimensions: 150, parts: parts)
        let found = try snapshot.nearest(to: [rows[200]], count: 30, options: Self.bounded)
        #expect(found[0] == nearest(to: rows[200], in: matrix(rows, dimensions: 150), count: 30))
    }

    @Test func `a search that is canceled is given up`() throws {
        let rows = Gallery.clustered.rows(100, dimensions: 3, seed: 20)
        let snapshot = try Keeping().snapshot(rows, dimensions: 3)
        #expect(throws: RankingError.cancelled) { try snapshot.nearest(to: rows[0], count: 3) { true } }
        // Canceled at any later time, too.
        let asked = Mutex(0)
        _ = try snapshot.nearest(to: rows[0], count: 3) {
            asked.withLock { $0 += 1 }
            return false
        }
        for time in 1...asked.withLock({ $0 }) {
            let questions = Mutex(0)
            #expect(throws: RankingError.cancelled) {
                try snapshot.nearest(to: rows[0], count: 3, threads: 1) {
                    questions.withLock {
                        $0 += 1
                        return $0 == time
                    }
                }
            }
        }
    }

    @Test func `an empty gallery answers nothing`() throws {
        #expect(try VectorSnapshot(dimensions: 1).nearest(to: [1], count: 3).isEmpty)
    }
}
