import Randomness
import Testing

@testable import Ranking

@Suite struct HeadRotationTests {
    private func product(_ a: ArraySlice<Float>, _ b: ArraySlice<Float>) -> Double {
        zip(a, b).reduce(0) { $0 + Double($1.0) * Double($1.1) }
    }

    @Test(arguments: [(1, 0), (1, 9), (20, 0), (20, 3), (131, 50)], [Gallery.clustered, .duplicates, .wild])
    func `directions are orthonormal, whatever the rows`(
        size: (dimensions: Int, count: Int), gallery: Gallery
    ) throws {
        let rows = gallery.rows(size.count, dimensions: size.dimensions, seed: 1)
        let rotation = try rotation(rows, dimensions: size.dimensions)
        #expect(rotation.size == min(128, size.dimensions))
        let directions = (0..<rotation.size).map {
            Array(rotation.directions[$0 * size.dimensions..<($0 + 1) * size.dimensions])
        }
        // The first with all, and each with the next.
        for (row, direction) in directions.enumerated() {
            #expect(abs(product(direction[...], direction[...]) - 1) <= rotation.defect)
            for other in [0, row - 1] where other >= 0 && other != row {
                #expect(abs(product(direction[...], directions[other][...])) <= rotation.defect)
            }
        }
        #expect(rotation.defect < 1e-4)
    }

    @Test func `the defect is how far directions are from orthonormal`() throws {
        let made = try rotation(Gallery.clustered.rows(9, dimensions: 12, seed: 6), dimensions: 12)
        let directions = made.directions.map { $0 * 1.0001 }
        var squares = 0.0
        for row in 0..<12 {
            for column in 0..<12 {
                let product = product(
                    directions[row * 12..<(row + 1) * 12], directions[column * 12..<(column + 1) * 12])
                squares += (product - (row == column ? 1 : 0)) * (product - (row == column ? 1 : 0))
            }
        }
        let defect = try #require(HeadRotation(directions: directions, dimensions: 12)?.defect)
        #expect(abs(defect - squares.squareRoot()) < 1e-8 && defect > 12.0.squareRoot() * 0.00019)
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
