import Randomness
import Testing

@testable import Distances

@Suite struct InnerProductsTests {
    static let sizes = [
        (1, 1, 1), (1, 40, 3), (40, 1, 4), (5, 7, 17), (6, 16, 8), (7, 17, 9), (12, 32, 255), (13, 33, 256),
        (29, 50, 257), (25, 67, 600),
    ]

    private static func random(_ count: Int, seed: UInt64) -> [Float] {
        var generator = SeededGenerator(seed: seed)
        return (0..<count).map { _ in .random(in: -1...1, using: &generator) }
    }

    @Test(arguments: InnerProductKernel.allCases.filter(\.runs), sizes)
    func `every kernel gives the products within the bound of any order of summation`(
        kernel: InnerProductKernel, size: (left: Int, right: Int, dimensions: Int)
    ) {
        let left = Self.random(size.left * size.dimensions, seed: 1)
        let right = Self.random(size.right * size.dimensions, seed: 2)
        let found = innerProducts(left, right, dimensions: size.dimensions, kernel: kernel)
        #expect(found.count == size.left * size.right)
        // γ = n·u / (1 − n·u) of the sum of absolute products: Higham, "Accuracy and Stability of Numerical Algorithms", 3.1.
        let terms = Double(size.dimensions)
        let relative = terms * 0x1p-24 / (1 - terms * 0x1p-24)
        for row in 0..<size.left {
            for column in 0..<size.right {
                let products = (0..<size.dimensions).map {
                    Double(left[row * size.dimensions + $0]) * Double(right[column * size.dimensions + $0])
                }
                let bound = relative * products.reduce(0) { $0 + abs($1) }
                #expect(abs(Double(found[row * size.right + column]) - products.reduce(0, +)) <= bound)
            }
        }
    }

    @Test(arguments: InnerProductKernel.allCases.filter(\.runs))
    func `a product has the same bits both ways and at any place`(kernel: InnerProductKernel) {
        let dimensions = 300
        let left = Self.random(20 * dimensions, seed: 3)
        let right = Self.random(45 * dimensions, seed: 4)
        let forth = innerProducts(left, right, dimensions: dimensions, kernel: kernel)
        let back = innerProducts(right, left, dimensions: dimensions, kernel: kernel)
        for row in 0..<20 {
            let alone = Array(left[row * dimensions..<(row + 1) * dimensions])
            #expect(
                innerProducts(alone, right, dimensions: dimensions, kernel: kernel)
                    == Array(forth[row * 45..<row * 45 + 45]))
            for column in 0..<45 { #expect(forth[row * 45 + column] == back[column * 20 + row]) }
        }
    }

    @Test func `no rows have no products`() {
        #expect(innerProducts([], [1, 2], dimensions: 2).isEmpty)
        #expect(innerProducts([1, 2], [], dimensions: 2).isEmpty)
    }

    @Test func `every processor runs the plain kernel, and the best is one that runs`() {
        #expect(InnerProductKernel.plain.runs)
        #expect(InnerProductKernel.best.runs)
    }
}
