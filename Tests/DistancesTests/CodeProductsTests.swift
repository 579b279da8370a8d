import CDistance
import Randomness
import Testing

/// The kernels on codes, against plain integers.
@Suite struct CodeProductsTests {
    static let kernels = [c_kernel_plain, c_kernel_avx2, c_kernel_avx512].filter(c_code_kernel_runs)
    static let strides = [32, 64, 96, 512, 1024]

    /// Coded rows, and nine queries for them; the first row and the first query have the largest sum of products that there may be.
    private struct Rows {
        let (count, stride): (Int, Int)
        let codes: [Int8]
        let scalars: [Float]
        let query: [Int16]

        init(count: Int, stride: Int, seed: UInt64) {
            var generator = SeededGenerator(seed: seed)
            (self.count, self.stride) = (count, stride)
            let most = Int16(min(32_767, Int(Int32.max) / (127 * stride)))
            codes = (0..<count * stride).map { $0 < stride ? -127 : .random(in: -127...127, using: &generator) }
            scalars = (0..<4 * count).map { _ in .random(in: 0.001...1, using: &generator) }
            query = (0..<9 * stride).map { $0 % 5 == 4 ? .random(in: -most...most, using: &generator) : most }
        }

        func with<Result>(_ body: (c_coded_rows) -> Result) -> Result? {
            unsafe codes.withUnsafeBufferPointer { codes in
                unsafe scalars.withUnsafeBufferPointer { scalars in
                    guard let codes = codes.baseAddress, let scalars = scalars.baseAddress else { return nil }
                    return unsafe body(
                        c_coded_rows(
                            codes: codes, stride: stride, scales: scalars, errors: scalars + count,
                            tails: scalars + 2 * count, squared_lengths: scalars + 3 * count))
                }
            }
        }

        /// The bounds of 64 rows from `first` on, or of the first `listed` rows of a list, as block 1 of 2, and the largest
        /// of the two blocks, for each of `queries`.
        func bounds(
            _ kernel: c_kernel, first: Int = 0, allowed: UInt64 = 0, list: [UInt32] = [], listed: Int = 0,
            cameras: Bool, queries: Int
        ) -> [[Float]] {
            let slots = (0..<count).map { Int32($0 % 2) }
            let lengths = (0..<count).map { $0 % 9 == 4 ? Float.nan : 1 + Float($0) }
            let constants: [Float] = [0.5, -1000]
            let results = UnsafeMutableBufferPointer<Float>.allocate(capacity: 130 * queries)
            unsafe results.initialize(repeating: .nan)
            defer { unsafe results.deallocate() }
            unsafe with { rows in
                unsafe query.withUnsafeBufferPointer { query in
                    unsafe slots.withUnsafeBufferPointer { slots in
                        unsafe lengths.withUnsafeBufferPointer { lengths in
                            unsafe constants.withUnsafeBufferPointer { constants in
                                guard let query = query.baseAddress, let start = results.baseAddress else { return }
                                let own = unsafe c_row_cameras(
                                    slots: cameras ? slots.baseAddress : nil, inverse_lengths: lengths.baseAddress,
                                    constants: constants.baseAddress)
                                let all = unsafe (0..<queries).map { number in
                                    let coded = unsafe c_coded_query(
                                        values: query + stride * number, scale: 0.01, error_factor: 2, tail_factor: 3,
                                        length_factor: -0.5)
                                    let result = unsafe start + 130 * number
                                    return unsafe c_block_query(
                                        query: coded, cameras: own, bounds: result, largest: result + 128)
                                }
                                if listed > 0 {
                                    unsafe c_listed_block_bounds(
                                        kernel, rows, all, queries, list, listed, list.count, 1)
                                } else {
                                    unsafe c_block_bounds(kernel, rows, all, queries, first, allowed, 1)
                                }
                            }
                        }
                    }
                }
            }
            return (0..<queries).map { unsafe Array(results[130 * $0..<130 * $0 + 130]) }
        }

        /// The same bound, from the formula.
        func bound(_ row: Int, cameras: Bool, query number: Int) -> Float {
            var product: Int32 = 0
            for place in 0..<stride {
                product += Int32(codes[row * stride + place]) * Int32(query[number * stride + place])
            }
            let (error, tail, length) = (
                scalars[count + row], scalars[2 * count + row], scalars[3 * count + row]
            )
            let code: Float = scalars[row] * 0.01 * Float(product)
            let plain: Float = code + error * 2 + tail * 3 + length * -0.5
            guard cameras else { return plain }
            return row % 9 == 4 ? .infinity : (plain + (row % 2 == 0 ? 0.5 : -1000)) * (1 + Float(row))
        }
    }

    @Test(arguments: kernels, strides)
    func `every kernel gives the sums of products, of rows in order and of a list`(kernel: c_kernel, stride: Int) throws
    {
        for count in [1, 7, 8, 9, 64, 83] {
            let rows = Rows(count: count, stride: stride, seed: UInt64(count))
            let list = (0..<count).map { UInt32($0 * 5 % count) }
            let sums = (0..<count).map { row in
                (0..<stride).reduce(0) { $0 + Int(rows.codes[row * stride + $1]) * Int(rows.query[$1]) }
            }
            var found = [Int32](repeating: -1, count: count + 1)
            unsafe rows.with { unsafe c_code_products(kernel, $0, rows.query, 0, nil, count, &found) }
            #expect(found.map(Int.init) == sums + [-1])
            unsafe rows.with { unsafe c_code_products(kernel, $0, rows.query, 0, list, count, &found) }
            #expect(found.map(Int.init) == list.map { sums[Int($0)] } + [-1])
            if count > 3 {
                unsafe rows.with { unsafe c_code_products(kernel, $0, rows.query, 2, nil, count - 3, &found) }
                #expect(found.prefix(count - 3).map(Int.init) == Array(sums[2..<count - 1]))
            }
        }
    }

    @Test(arguments: kernels, [false, true])
    func `a block has the bounds of its allowed rows and nothing of others`(kernel: c_kernel, cameras: Bool) {
        let rows = Rows(count: 150, stride: 64, seed: 3)
        for allowed in [1, 1 << 63, .max, 0x8421, .max >> 9, 0xF0F0_F0F0_F0F0_F0F0, .max << 30] as [UInt64] {
            for queries in [1, 4, 9] {
                let found = rows.bounds(kernel, first: 64, allowed: allowed, cameras: cameras, queries: queries)
                for (number, found) in found.enumerated() {
                    let expected = (0..<64).map {
                        allowed >> UInt64($0) & 1 == 1
                            ? rows.bound(64 + $0, cameras: cameras, query: number) : -.infinity
                    }
                    #expect(Array(found[64..<128]) == expected && found[129] == expected.max())
                    #expect(found[..<64].allSatisfy(\.isNaN) && found[128].isNaN, "another block's")
                }
            }
        }
    }

    @Test(arguments: kernels, [false, true])
    func `a block of listed rows has their bounds in their order`(kernel: c_kernel, cameras: Bool) {
        let rows = Rows(count: 150, stride: 64, seed: 5)
        let list = (0..<80).map { UInt32($0 * 67 % 150) }
        for (listed, queries) in [(1, 1), (7, 4), (8, 9), (37, 1), (64, 9)] {
            let found = rows.bounds(kernel, list: list, listed: listed, cameras: cameras, queries: queries)
            for (number, found) in found.enumerated() {
                let expected = (0..<64).map {
                    $0 < listed ? rows.bound(Int(list[$0]), cameras: cameras, query: number) : -.infinity
                }
                #expect(Array(found[64..<128]) == expected && found[129] == expected.max())
                #expect(found[..<64].allSatisfy(\.isNaN) && found[128].isNaN, "another block's")
            }
        }
    }

    @Test func `values that are not below another have their bits set`() {
        let values = (0..<64).map { Float($0 * 37 % 64) }
        for least in [-1, 0, 13, 63, 64] as [Float] {
            let found = unsafe c_at_least(values, least)
            for (index, value) in values.enumerated() { #expect((found >> UInt64(index) & 1 == 1) == (value >= least)) }
        }
        #expect(unsafe c_at_least([Float](repeating: -.infinity, count: 64), -.greatestFiniteMagnitude) == 0)
    }

    @Test(arguments: [1, 31, 32, 50])
    func `a code is as near as its scale allows`(count: Int) {
        var generator = SeededGenerator(seed: 4)
        let values = (0..<count).map { _ in Double.random(in: -3...3, using: &generator) }
        var (codes, scale) = ([Int8](repeating: 9, count: 64), Float.nan)
        let missed = unsafe c_code_values(values, count, 64, &codes, &scale)
        let differences = zip(values, codes).map { $0 - Double(scale) * Double($1) }
        #expect(differences.allSatisfy { abs($0) <= Double(scale) * 0.500001 })
        #expect(abs(missed - differences.reduce(0) { $0 + $1 * $1 }) <= missed * 1e-12)
        #expect(codes[count...].allSatisfy { $0 == 0 })
        #expect(unsafe c_code_values([0, 0], 2, 64, &codes, &scale) == 0)
        #expect(unsafe c_code_values([1e-30, 0], 2, 64, &codes, &scale) == .infinity)
        #expect(unsafe c_code_values([1, 1e30], 2, 64, &codes, &scale) == .infinity)
    }
}
