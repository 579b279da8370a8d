import Testing

@testable import Ranking

@Suite struct CameraColumnTests {
    @Test func `lengths that are taken over are those that are computed`() throws {
        let rows = Gallery.clustered.rows(200, dimensions: 30, seed: 1)
        let segment = try VectorSegment(dimensions: 30, capacity: 256)
        try segment.append(Array(rows.joined()))
        let before = MeanTable([rows[0], rows[1], rows[2]], dimensions: 30)
        // The first mean is another, the second has another number, the last is new.
        let after = MeanTable([rows[3], rows[2], rows[1], rows[4]], dimensions: 30)
        let old = try CameraColumn(before, capacity: 256)
        old.append(from: segment, means: (0..<150).map { $0 % 3 })
        let (taken, computed) = (try CameraColumn(after, capacity: 256), try CameraColumn(after, capacity: 256))
        let means = (0..<200).map { $0 * 7 % 4 }
        taken.append(from: segment, means: means[..<90], previous: old)
        taken.append(from: segment, means: means[90...], previous: old)
        computed.append(from: segment, means: means)
        #expect(taken.count == 200)
        let query = CameraMeans<Int>(of: matrix(rows, dimensions: 30), cameras: rows.map { _ in nil }).normalized(
            rows[9], of: nil)
        let options = QueryScan.Options(usesBoundsAlways: true)
        let answers = try [taken, computed].map { cameras in
            let parts = [VectorSnapshot.Part(segment, cameras: cameras, first: 0, count: 200)]
            return try VectorSnapshot(dimensions: 30, parts: parts)
                .nearest(to: [query], count: 10, isNormalized: true, options: options)
        }
        #expect(answers[0] == answers[1])
        let own = rows.indices.map { row -> [Float] in
            let difference = zip(rows[row], after.means[means[row]]).map { Double($0) - Double($1) }
            let length = difference.reduce(0) { $0 + $1 * $1 }.squareRoot()
            return difference.map { length > 0 ? Float($0 / length) : 0 }
        }
        #expect(answers[0][0].map(\.row) == nearest(to: query, in: matrix(own, dimensions: 30), count: 10).map(\.row))
    }
}
