import Synchronization
import Testing

@testable import Tensors

/// C[m, n] = Σ_k A[m, k] · B[k, n] by the definition, in double precision.
private func plainProduct(_ a: [Float], _ b: [Float], m: Int, n: Int, k: Int) -> [Float] {
    (0..<m * n).map { index in
        let (row, column) = (index / n, index % n)
        return Float((0..<k).reduce(0.0) { $0 + Double(a[row * k + $1]) * Double(b[$1 * n + column]) })
    }
}

@Suite struct MatrixProductTests {
    @Test(arguments: [(1, 1, 1), (3, 5, 7), (64, 33, 129), (1, 17, 40), (20, 1, 3)])
    func `a product agrees with the definition`(m: Int, n: Int, k: Int) throws {
        let a = (0..<m * k).map { Float($0 * 7 % 23) / 23 - 0.5 }
        let b = (0..<k * n).map { Float($0 * 5 % 19) / 19 - 0.5 }
        let expected = plainProduct(a, b, m: m, n: n, k: k)
        // b with rows and columns exchanged.
        let transposed = (0..<n * k).map { b[$0 % k * n + $0 / k] }
        let products = [
            try multiply(a, b, m: m, n: n, k: k), try multiply(a, transposed, m: m, n: n, k: k, isTransposed: true),
        ]
        for product in products {
            // A sum of k products of float32 values below 1 is off by less than k units in the seventh place.
            #expect(zip(product, expected).allSatisfy { abs($0 - $1) < 1e-6 * Float(k + 1) })
        }
    }

    @Test func `a product without terms is zero`() throws {
        #expect(try multiply([], [], m: 2, n: 2, k: 0) == [0, 0, 0, 0])
        #expect(try multiply([], [1], m: 0, n: 1, k: 1) == [])
    }

    @Test(arguments: [0, 1, 2, 100], [1, 2, 3])
    func `a parallel loop visits every index once`(count: Int, threads: Int) {
        let visits = Mutex([Int](repeating: 0, count: count))
        parallelFor(count, threads: threads) { index, worker in
            #expect(worker < threads)
            visits.withLock { $0[index] += 1 }
        }
        #expect(visits.withLock { $0.allSatisfy { $0 == 1 } })
    }

    @Test func `the number of threads belongs to the calling thread`() {
        setOpenMPThreads(3)
        #expect(openMPThreads == 3)
        setOpenMPThreads(1)
        #expect(openMPThreads == 1)
    }
}
