import Randomness
import Testing

@testable import Ranking

@Suite struct HeadRotationTests {
    private func product(_ a: ArraySlice<Float>, _ b: ArraySlice<Float>) -> Double {
        zip(a, b).reduce(0) { $0 + Double($1.0) * Double($1.1) }
    }

    @Test(arguments: [1, 20, 131], [0, 3, 50])
    func `directions are orthonormal, whatever the rows`(dimensions: Int, count: Int) throws {
        for gallery in [Gallery.clustered, .duplicates, .wild] {
            let rotation = try rotation(gallery.rows(count, dimensions: dimensions, seed: 1), dimensions: dimensions)
            #expect(rotation.size == min(128, dimensions))
            let directions = (0..<rotation.size).map {
                rotation.directions[$0 * dimensions..<($0 + 1) * dimensions]
            }
            var squares = 0.0
            for (row, direction) in directions.enumerated() {
                for (column, other) in directions.enumerated() {
                    let difference = product(direction, other) - (row == column ? 1 : 0)
                    squares += difference * difference
                }
            }
            #expect(squares.squareRoot() <= rotation.defect && rotation.defect < 1e-4)
        }
    }

    @Test func `heads hold all of rows that lie in as many directions`() throws {
        var generator = SeededGenerator(seed: 2)
        func random(_ count: Int) -> [Float] { (0..<count).map { _ in .random(in: -1...1, using: &generator) } }
        let dimensions = 140
        let basis = (0..<20).map { _ in random(dimensions) }
        let rows = (0..<60).map { _ in
            zip(basis, random(20)).reduce([Float](repeating: 0, count: dimensions)) { sum, pair in
                zip(sum, pair.0).map { $0 + pair.1 * $1 }
            }
        }
        let rotation = try #require(HeadRotation.make(from: Array(rows.joined()), dimensions: dimensions))
        for row in rows {
            let head = (0..<128).map {
                product(rotation.directions[$0 * dimensions..<($0 + 1) * dimensions], row[...])
            }
            let share = head.reduce(0) { $0 + $1 * $1 } / product(row[...], row[...])
            // Float32 directions and rows: an error of some 10⁻⁷ in each of 128 products.
            #expect(abs(share - 1) < 1e-4)
        }
    }

    @Test func `directions that were kept give the same heads, and others are refused`() throws {
        let rows = Gallery.clustered.rows(200, dimensions: 40, seed: 3)
        let made = try rotation(rows, dimensions: 40)
        let kept = try #require(HeadRotation(directions: made.directions, dimensions: 40))
        #expect(kept.identity == made.identity && kept.defect == made.defect)
        #expect(try rotation(rows, dimensions: 40).directions == made.directions, "the same rows, the same directions")
        #expect(try rotation(Array(rows[..<50]), dimensions: 40).identity != made.identity)
        #expect(HeadRotation(directions: Array(made.directions.dropLast()), dimensions: 40) == nil)
        #expect(HeadRotation(directions: made.directions.map { $0 * 1.1 }, dimensions: 40) == nil)
        #expect(HeadRotation(directions: made.directions.map { _ in .nan }, dimensions: 40) == nil)
    }

    @Test func `a search with bad directions is still exact`() throws {
        let rows = Gallery.clustered.rows(500, dimensions: 150, seed: 4)
        let made = try rotation(Gallery.random.rows(9, dimensions: 150, seed: 5), dimensions: 150)
        // A defect of ‖1.00025² − 1‖ for each of 128 directions: 0.0057.
        let stretched = try #require(HeadRotation(directions: made.directions.map { $0 * 1.00025 }, dimensions: 150))
        let snapshot = try Keeping(rotation: stretched).snapshot(rows, dimensions: 150)
        for query in [rows[1], rows[33]] {
            let options = QueryScan.Options(usesBoundsAlways: true)
            let found = try snapshot.nearest(to: [query], count: 25, options: options)
            #expect(found[0] == nearest(to: query, in: matrix(rows, dimensions: 150), count: 25))
        }
    }
}
