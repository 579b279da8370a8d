import Testing

@testable import Distances

@Suite struct SquaredDistancesTests {
    /// The definition, one operation at a time: sixteen running sums, added pairwise, then the remaining values.
    func plain(_ a: [Double], _ b: ArraySlice<Float>) -> Double {
        let b = b.map(Double.init)
        var sums = [Double](repeating: 0, count: 16)
        let grouped = a.count / 16 * 16
        for place in 0..<grouped { sums[place % 16] += (a[place] - b[place]) * (a[place] - b[place]) }
        while sums.count > 1 {
            let half = sums.count / 2
            sums = (0..<half).map { sums[$0] + sums[$0 + half] }
        }
        return (grouped..<a.count).reduce(sums[0]) { $0 + (a[$1] - b[$1]) * (a[$1] - b[$1]) }
    }

    @Test(arguments: [1, 2, 15, 16, 17, 31, 48, 100, 1024], [0, 1, 2, 7])
    func `distances have the bits of the definition`(dimensions: Int, count: Int) {
        var state: UInt64 = 1
        func random() -> Float {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Float(state >> 40) / 8_388_608 - 1
        }
        let query = (0..<dimensions).map { _ in Double(random()) }
        let rows = (0..<count * dimensions).map { _ in random() }
        var found = [Double](repeating: -1, count: count + 1)
        unsafe query.withUnsafeBufferPointer { query in
            unsafe rows.withUnsafeBufferPointer { rows in
                unsafe found.withUnsafeMutableBufferPointer { found in
                    guard let query = query.baseAddress, let rows = rows.baseAddress, let found = found.baseAddress
                    else { return }
                    unsafe squaredDistances(from: query, to: rows, count: count, dimensions: dimensions, into: found)
                }
            }
        }
        let expected = (0..<count).map { plain(query, rows[$0 * dimensions..<($0 + 1) * dimensions]) }
        #expect(found == expected + [-1])
    }
}
