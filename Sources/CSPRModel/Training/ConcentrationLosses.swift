internal import Tensors

/// The losses L_r and L_d, which make attention concentrate; each is the mean over images and branches.
///
/// They are the paper's equations 6 and 9 to 11. For the map M of an image and a branch, c_1…c_K are its K largest
/// values (of equal values the earlier position first); K is a share of the map:
///
///     L_r = 1 − Σ c_k / Σ M
///     P_k = (1/K) Σ_l c_k c_l d(k, l),  k* = argmax P_k,  L_d = (1/K) Σ_l c_k* c̄_l d(k*, l)
///
/// d is the distance of two positions in pixels of the map. Only c_k* is optimized: the other candidates c̄, the
/// distances and the choice of k* count as constants.
struct ConcentrationLosses {
    /// The weight of L_r in the total.
    var ratioWeight: Float
    /// The weight of L_d in the total.
    var distributionWeight: Float
    /// The share of the map that are candidates, for each branch.
    let ratios: [Double]
    let height: Int
    let width: Int
    /// The distance of two positions by how many rows and columns they are apart, [h, w].
    private let distances: [Float]

    init(ratios: [Double], height: Int, width: Int, ratioWeight: Float, distributionWeight: Float) {
        self.ratios = ratios
        self.height = height
        self.width = width
        self.ratioWeight = ratioWeight
        self.distributionWeight = distributionWeight
        distances = (0..<height * width).map { index in
            let (rows, columns) = (index / width, index % width)
            return Float(rows * rows + columns * columns).squareRoot()
        }
    }

    /// The two losses of the maps of a batch.
    struct Value: Equatable {
        /// L_r, in 0...1.
        var ratio = 0.0
        /// L_d, at least 0.
        var distribution = 0.0
    }

    /// A value of a map with its position.
    private struct Cell: Comparable {
        var value: Float
        /// Row-major.
        var position: Int

        /// Orders the larger value first; of equal values, the earlier position.
        static func < (left: Cell, right: Cell) -> Bool {
            left.value != right.value ? left.value > right.value : left.position < right.position
        }
    }

    /// K: a share of the map, at least 1, rounded half away from zero.
    static func candidateCount(ratio: Double, area: Int) -> Int {
        max(1, Int((ratio * Double(area) + 0.5).rounded(.down)))
    }

    /// Adds the weighted gradients of both losses to `gradient`, [count, N, HW], for the maps, [count, N, HW].
    func compute(
        _ maps: UnsafePointer<Float>, count: Int, threads: Int, addingTo gradient: UnsafeMutablePointer<Float>
    ) -> Value {
        let (area, branches) = (height * width, ratios.count)
        let share = 1 / Double(count * branches)
        var values = [Value](repeating: Value(), count: count * branches)
        unsafe values.withUnsafeMutableBufferPointer { values in
            parallelFor(count * branches, threads: threads) { index, _ in
                unsafe values[index] = compute(
                    maps + index * area, ratio: ratios[index % branches], share: share,
                    addingTo: gradient + index * area)
            }
        }
        // Summed one after the other, so that the result does not depend on the number of threads.
        return values.reduce(Value()) {
            Value(ratio: $0.ratio + $1.ratio * share, distribution: $0.distribution + $1.distribution * share)
        }
    }

    private func compute(
        _ map: UnsafePointer<Float>, ratio: Double, share: Double, addingTo gradient: UnsafeMutablePointer<Float>
    ) -> Value {
        let area = height * width
        let count = Self.candidateCount(ratio: ratio, area: area)
        var cells = (0..<area).map { Cell(value: unsafe map[$0], position: $0) }
        cells.sort()
        let candidates = Array(cells.prefix(count))
        var total = 0.0
        for position in 0..<area { total += unsafe Double(map[position]) }
        let kept = candidates.reduce(0.0) { $0 + Double($1.value) }

        let outside = Double(ratioWeight) * share * kept / (total * total)
        for position in 0..<area { unsafe gradient[position] += Float(outside) }
        let inside = Float(Double(ratioWeight) * share / total)
        for candidate in candidates { unsafe gradient[candidate.position] -= inside }

        let star = strongest(candidates)
        let pull = star.potential / Double(count)
        unsafe gradient[candidates[star.index].position] += Float(Double(distributionWeight) * share * pull)
        return Value(
            ratio: 1 - kept / total, distribution: Double(candidates[star.index].value) * star.potential / Double(count)
        )
    }

    /// The candidate with the largest potential P_k · K (of equal ones the first), and its Σ_l c_l d(k, l).
    private func strongest(_ candidates: [Cell]) -> (index: Int, potential: Double) {
        var best = (index: 0, potential: 0.0)
        var bestProduct = -1.0
        let places = candidates.map { (row: $0.position / width, column: $0.position % width, value: $0.value) }
        unsafe distances.withUnsafeBufferPointer { distances in
            unsafe places.withUnsafeBufferPointer { places in
                for index in 0..<places.count {
                    let own = unsafe places[index]
                    var sum = 0.0
                    for other in 0..<places.count {
                        let place = unsafe places[other]
                        let cell = abs(own.row - place.row) * width + abs(own.column - place.column)
                        sum += unsafe Double(place.value) * Double(distances[cell])
                    }
                    let product = Double(own.value) * sum
                    if product > bestProduct { (bestProduct, best) = (product, (index, sum)) }
                }
            }
        }
        return best
    }
}
