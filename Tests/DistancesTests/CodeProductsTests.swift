import CDistance
import Randomness
import Testing

/// The kernels on codes, against plain integers.
@Suite struct CodeProductsTests {
    static let kernels = [c_kernel_plain, c_kernel_avx2, c_kernel_avx512].filter(c_code_kernel_runs)
    static let strides = [32, 64, 96, 512, 1024]

    /// Coded rows, and a query for them; the first row and the query have the largest sum of products that there may be.
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
            query = (0..<stride).map { $0 % 5 == 4 ? .random(in: -most...most, using: &generator) : most }
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

        /// The bounds of 64 rows from `first` on, and their largest.
        func bounds(_ kernel: c_kernel, first: Int, allowed: UInt64, cameras: Bool) -> [Float]? {
            let slots = (0..<count).map { Int32($0 % 2) }
            let lengths = (0..<count).map { $0 % 9 == 4 ? Float.nan : 1 + Float($0) }
            return unsafe with { rows in
                var bounds = [Float](repeating: .nan, count: 65)
                unsafe query.withUnsafeBufferPointer { query in
                    unsafe slots.withUnsafeBufferPointer { slots in
                        unsafe lengths.withUnsafeBufferPointer { lengths in
                            let constants: [Float] = [0.5, -1000]
                            unsafe constants.withUnsafeBufferPointer { constants in
                                let query = unsafe c_coded_query(
                                    values: query.baseAddress, scale: 0.01, error_factor: 2, tail_factor: 3,
                                    length_factor: -0.5)
                                let own = unsafe c_row_cameras(
                                    slots: cameras ? slots.baseAddress : nil, inverse_lengths: lengths.baseAddress,
                                    constants: constants.baseAddress)
                                bounds[64] = unsafe c_block_bounds(kernel, rows, query, own, first, allowed, &bounds)
                            }
                        }
                    }
                }
                return bounds
            }
        }

        /// The same bound, from the formula.
        func bound(_ row: Int, cameras: Bool) -> Float {
            let product = zip(codes[row * stride..<(row + 1) * stride], query).reduce(Int32(0)) {
                $0 + Int32($1.0) * Int32($1.1)
            }
            let code = scalars[row] * 0.01 * Float(product)
            let plain =
                code + scalars[count + row] * 2 + scalars[2 * count + row] * 3 + scalars[3 * count + row] * -0.5
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
    func `a block has the bounds of its allowed rows and nothing of others`(kernel: c_kernel, cameras: Bool) throws {
        let rows = Rows(count: 150, stride: 64, seed: 3)
        for allowed in [1, 1 << 63, .max, 0x8421, .max >> 9, 0xF0F0_F0F0_F0F0_F0F0, .max << 30] as [UInt64] {
            let found = try #require(rows.bounds(kernel, first: 64, allowed: allowed, cameras: cameras))
            let expected = (0..<64).map {
                allowed >> UInt64($0) & 1 == 1 ? rows.bound(64 + $0, cameras: cameras) : -.infinity
            }
            #expect(Array(found[..<64]) == expected)
            #expect(found[64] == expected.max())
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
