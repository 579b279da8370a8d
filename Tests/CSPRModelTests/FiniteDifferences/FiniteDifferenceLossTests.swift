import Testing

/// Every loss by its definition, on its own.
@Suite struct FiniteDifferenceLossTests {
    /// 2 images, 3 branches.
    private let maps = Variable.spread([2, 3, 5, 3], in: 0.05...0.95, seed: 3)
    private let ratios = [0, 0.2, 0.4]

    @Test(arguments: [0, 0.1], [(batch: 1, classes: 4), (3, 5)])
    func `cross entropy, with and without smoothing, changes as its gradient says`(
        smoothing: Double, size: (batch: Int, classes: Int)
    ) {
        let logits = Variable.spread([size.batch, size.classes], in: -3...3, seed: 1)
        expectGradientsMatch(["x": logits]) { tape, input in
            tape.crossEntropy(input("x"), labels: Array([2, 0, 2].prefix(size.batch)), smoothing: smoothing)
        }
    }

    /// With the margin 0.02, some anchors are far enough from the others already; with 2, none is.
    @Test(arguments: [[0, 0, 1, 1, 2, 2], [0, 1, 0, 0, 2, 1], [0, 0, 0, 0, 0, 0]], [0.02, 0.3, 2])
    func `the batch-hard triplet loss changes as its gradient says`(labels: [Int], margin: Double) {
        expectGradientsMatch(["x": .spread([6, 4], seed: 5)]) { tape, input in
            tape.batchHardTriplet(input("x"), labels: labels, margin: margin)
        }
    }

    @Test(arguments: [[0, 0, 1, 1, 2, 2], [0, 1, 0, 0, 2, 1], [0, 0, 0, 0, 0, 0], [0, 1, 2, 3, 4, 5]], [0.1, 1])
    func `the supervised contrastive loss changes as its gradient says`(labels: [Int], temperature: Double) {
        expectGradientsMatch(["x": .spread([6, 4], seed: 5)]) { tape, input in
            tape.supervisedContrastive(input("x"), labels: labels, temperature: temperature)
        }
    }

    /// The weights of the pairs stay as they are when the features move.
    @Test(arguments: [[0, 0, 1, 1, 2, 2], [0, 1, 0, 0, 2, 1], [0, 0, 0, 0, 0, 0], [0, 1, 2, 3, 4, 5]], [4.0, 16])
    func `the circle loss changes as its gradient for constant weights says`(labels: [Int], scale: Double) {
        let features = Variable.spread([6, 4], seed: 5)
        expectGradientsMatch(["x": features]) { tape, input in
            tape.circleLoss(input("x"), labels: labels, margin: 0.25, scale: scale, constants: features.value)
        }
    }

    @Test func `the ratio loss changes as its gradient says`() {
        expectGradientsMatch(["maps": maps]) { tape, input in
            tape.ratioLoss(input("maps"), candidates: tape.candidates(input("maps"), ratios: ratios))
        }
    }

    /// The other candidates, the distances and the choice of k* stay as they are when c_k* moves.
    @Test func `the distribution loss changes as the gradient of the optimized candidate says`() {
        let candidates = Tape().candidates(maps, ratios: ratios)
        expectGradientsMatch(["maps": maps]) { tape, input in
            tape.distributionLoss(input("maps"), candidates: candidates, constants: maps.value)
        }
    }

    @Test func `a weighted sum of losses changes as its gradient says`() {
        let candidates = Tape().candidates(maps, ratios: ratios)
        expectGradientsMatch(["maps": maps]) { tape, input in
            let ratio = tape.ratioLoss(input("maps"), candidates: candidates)
            let distribution = tape.distributionLoss(input("maps"), candidates: candidates, constants: maps.value)
            return tape.sum([(factor: 0.1, term: ratio), (factor: 1, term: distribution)])
        }
    }
}
