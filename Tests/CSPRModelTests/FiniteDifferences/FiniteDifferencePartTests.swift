import Testing

/// Every part of the representation by its definition, on its own, and the whole descriptors.
@Suite struct FiniteDifferencePartTests {
    /// An odd and an even number of positions; the even one for the lower median.
    static let shapes = [[2, 2, 5, 3], [1, 3, 4, 3]]

    @Test(arguments: shapes)
    func `the product of a map and X changes as its gradients say`(shape: [Int]) {
        expectGradientsMatch(["x": .spread(shape, seed: 1), "map": map(shape, seed: 2)]) { tape, input in
            tape.product(input("map"), input("x"), at: "here")
        }
    }

    @Test(arguments: Tape.OrderStatistic.allCases, shapes)
    func `a maximum, a minimum or a lower median changes as its gradient says`(
        statistic: Tape.OrderStatistic, shape: [Int]
    ) {
        expectGradientsMatch(["z": .spread(shape, seed: 1)]) { tape, input in
            tape.orderStatistic(input("z"), statistic)
        }
    }

    @Test(arguments: shapes)
    func `a variance changes as its gradient says`(shape: [Int]) {
        expectGradientsMatch(["z": .spread(shape, seed: 1)]) { tape, input in tape.variance(input("z")) }
    }

    @Test(arguments: shapes)
    func `the statistical part changes as its gradient says`(shape: [Int]) {
        expectGradientsMatch(["z": .spread(shape, seed: 1)]) { tape, input in tape.statistical(input("z")) }
    }

    @Test(arguments: shapes)
    func `the positional part changes as its gradient says`(shape: [Int]) {
        expectGradientsMatch(["z": .spread(shape, seed: 1)]) { tape, input in tape.positional(input("z")) }
    }

    @Test(arguments: shapes)
    func `normalized barycenters change as their gradient says`(shape: [Int]) {
        expectGradientsMatch(["z": .spread(shape, in: 0...1.8, seed: 1)]) { tape, input in
            tape.positional(input("z"), isNormalized: true)
        }
    }

    @Test(arguments: 0..<3)
    func `the relational part of each branch changes as its gradients say`(branch: Int) {
        let names = ["a", "b", "c"]
        var inputs: [String: Variable] = [:]
        for (seed, name) in names.enumerated() { inputs[name] = .spread([2, 2, 3, 2], seed: UInt64(seed)) }
        expectGradientsMatch(inputs) { tape, input in tape.relational(names.map(input), branch) }
    }

    /// If ⟨a,a⟩⟨b,b⟩ is about 1e-12, the constant under the root matters as much as the product.
    @Test func `a cosine distance of channels that are almost zero changes as its gradients say`() {
        let a = Variable.spread([1, 2, 3, 1], in: 2e-4...1e-3, seed: 1)
        let b = Variable.spread([1, 2, 3, 1], in: 2e-4...1e-3, seed: 2)
        expectGradientsMatch(["a": a, "b": b], step: 1e-8) { tape, input in
            tape.cosineDistance(input("a"), input("b"))
        }
    }

    @Test func `a cosine distance of a channel that is zero to one that is not changes as its gradients say`() {
        let zero = Variable([1, 1, 3, 2], Array(repeating: 0, count: 6))
        expectGradientsMatch(["a": zero, "b": .spread([1, 1, 3, 2], seed: 2)], step: 1e-10) { tape, input in
            tape.cosineDistance(input("a"), input("b"))
        }
    }

    @Test func `a cosine distance of channels that are both zero is one and has no gradient`() {
        let zero = Variable([1, 1, 3, 2], Array(repeating: 0, count: 6))
        expectGradientsMatch(["a": zero, "b": zero]) { tape, input in
            let distance = tape.cosineDistance(input("a"), input("b"))
            #expect(distance.value == [1])
            return distance
        }
    }

    @Test(arguments: ["SPR", "SP", "SR", "PR", "S", "P", "R", ""])
    func `the descriptors of all branches change as the gradients of X and every map say`(letters: String) {
        let shape = [2, 2, 4, 3]
        let names = ["m", "n", "o"]
        var inputs = ["x": Variable.spread(shape, in: 0.1...2, seed: 7)]
        for (seed, name) in names.enumerated() { inputs[name] = map(shape, seed: UInt64(seed)) }
        expectGradientsMatch(inputs) { tape, input in
            let z = names.map { tape.product(input($0), input("x"), at: $0) }
            return tape.concatenation(z.indices.map { tape.descriptor(z, $0, letters: letters) })
        }
    }

    /// A map for X of `shape`.
    private func map(_ shape: [Int], seed: UInt64) -> Variable {
        .spread([shape[0], 1, shape[2], shape[3]], in: 0.05...0.95, seed: seed)
    }
}
