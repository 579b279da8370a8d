import Testing

@testable import Ranking

@Suite struct EmbeddingMatrixTests {
    static let counted = matrix((0..<600).map { [Float($0), -Float($0)] }, dimensions: 2)

    @Test func `rows are what was appended, across blocks`() {
        #expect(Self.counted.count == 600)
        for row in [0, 255, 256, 511, 512, 599] { #expect(Self.counted[row] == [Float(row), -Float(row)]) }
    }

    @Test func `appending leaves a snapshot as it was and shares its full blocks`() {
        var matrix = Self.counted
        let snapshot = matrix
        matrix.append([1, 2])
        #expect(snapshot.count == 600)
        #expect(matrix.count == 601)
        #expect(matrix[600] == [1, 2])
        for block in 0..<2 {
            let old = unsafe snapshot.blocks[block].withUnsafeBufferPointer { UInt(bitPattern: $0.baseAddress) }
            let new = unsafe matrix.blocks[block].withUnsafeBufferPointer { UInt(bitPattern: $0.baseAddress) }
            #expect(old == new)
        }
    }

    @Test(arguments: [[], [0], [599], [256], [1, 255, 256, 511], Array(0..<600), Array(300..<600)])
    func `removing rows moves the rest up`(removed: [Int]) {
        let remaining = Self.counted.removing(Set(removed))
        let expected = (0..<600).filter { !removed.contains($0) }
        #expect(remaining.count == expected.count)
        #expect((0..<remaining.count).map { Int(remaining[$0][0]) } == expected)
    }

    @Test func `a matrix goes on growing after rows were removed`() {
        var matrix = Self.counted.removing(Set(10..<600))
        for value in 0..<500 { matrix.append([Float(value), 0]) }
        #expect(matrix.count == 510)
        #expect(matrix[9] == [9, -9])
        #expect(matrix[509] == [499, 0])
    }

    @Test func `rows are selected in the order given`() {
        let selected = Self.counted.selecting([599, 3, 3])
        #expect((0..<3).map { selected[$0][0] } == [599, 3, 3])
    }

    @Test(arguments: [Float.nan, .infinity, -.infinity])
    func `values that are not finite are refused with their row`(value: Float) {
        #expect(throws: RankingError.notFinite(row: 1)) {
            try EmbeddingMatrix(elements: [1, 2, 3, value, 5, 6], dimensions: 2)
        }
    }
}

@Suite struct RowFilterTests {
    @Test(arguments: [0, 1, 63, 64, 65, 200])
    func `a filter allows what it was given`(count: Int) {
        #expect(RowFilter(count: count, allowing: true).rows == Array(0..<count))
        #expect(RowFilter(count: count, allowing: true).allowedCount == count)
        #expect(RowFilter(count: count).rows.isEmpty)
        let odd = RowFilter(count: count) { $0 % 2 == 1 }
        #expect(odd.rows == Array(stride(from: 1, to: count, by: 2)))
        #expect(odd.allowedCount == count / 2)
    }

    @Test func `allowing a row twice counts it once`() {
        var filter = RowFilter(count: 70)
        filter.allow(69)
        filter.allow(69)
        #expect(filter.allowedCount == 1)
        #expect(filter.rows == [69])
    }
}
