import Foundation

extension Tape {
    /// (1/B) Σ_a log(1 + Σ_n e^(γ α_n (s_n − m)) · Σ_p e^(−γ α_p (s_p − 1 + m))), s = cos(f_a, f_i), p of the anchor's person.
    ///
    /// α_p = max(0, 1 + m − s_p) and α_n = max(0, s_n + m) are constants, computed from `constants` instead of f. The
    /// gradient uses ∂s_ai/∂f_a = (u_i − s_ai u_a) / ‖f_a‖ with u = f / ‖f‖.
    func circleLoss(
        _ features: Variable, labels: [Int], margin: Double, scale: Double, constants: [Double]
    ) -> Variable {
        let (batch, length) = (features.shape[0], features.shape[1])
        func row(_ values: [Double], _ index: Int) -> [Double] { Array(values[index * length..<(index + 1) * length]) }
        func size(_ x: [Double]) -> Double { x.reduce(0) { $0 + $1 * $1 }.squareRoot() }
        func cosine(_ values: [Double], _ a: Int, _ b: Int) -> Double {
            let (x, y) = (row(values, a), row(values, b))
            return zip(x, y).reduce(0) { $0 + $1.0 * $1.1 } / (size(x) * size(y))
        }
        var (loss, slopes) = (0.0, [Double](repeating: 0, count: features.value.count))
        for anchor in 0..<batch {
            let others = (0..<batch).filter { $0 != anchor }
            let positives = others.filter { labels[$0] == labels[anchor] }
            let negatives = others.filter { labels[$0] != labels[anchor] }
            guard !positives.isEmpty, !negatives.isEmpty else { continue }
            func weight(_ other: Int) -> Double {
                let fixed = cosine(constants, anchor, other)
                return labels[other] == labels[anchor]
                    ? -scale * max(0, 1 + margin - fixed) : scale * max(0, fixed + margin)
            }
            func power(_ other: Int) -> Double {
                let offset = labels[other] == labels[anchor] ? 1 - margin : margin
                return exp(weight(other) * (cosine(features.value, anchor, other) - offset))
            }
            let sums = (positives.map(power).reduce(0, +), negatives.map(power).reduce(0, +))
            loss += log(1 + sums.0 * sums.1) / Double(batch)
            for other in others {
                let partner = labels[other] == labels[anchor] ? sums.1 : sums.0
                let slope = power(other) * weight(other) * partner / (1 + sums.0 * sums.1) / Double(batch)
                let s = cosine(features.value, anchor, other)
                for (one, two) in [(anchor, other), (other, anchor)] {
                    let (x, y) = (row(features.value, one), row(features.value, two))
                    for index in 0..<length {
                        slopes[one * length + index] += slope * (y[index] / size(y) - s * x[index] / size(x)) / size(x)
                    }
                }
            }
        }
        return scalar(loss, of: features, slopes: slopes)
    }

    /// −Σ_k q_k log softmax(x)_k averaged over the batch, q = (1 − s) · onehot(label) + s/K; x is [B, K].
    func crossEntropy(_ logits: Variable, labels: [Int], smoothing: Double = 0) -> Variable {
        let (batch, classes) = (logits.shape[0], logits.shape[1])
        var (loss, slopes) = (0.0, logits.value)
        for row in 0..<batch {
            let values = logits.value[row * classes..<(row + 1) * classes]
            let largest = values.max() ?? 0
            let logarithm = largest + log(values.reduce(0) { $0 + exp($1 - largest) })
            for (column, value) in values.enumerated() {
                let target = smoothing / Double(classes) + (column == labels[row] ? 1 - smoothing : 0)
                loss -= target * (value - logarithm) / Double(batch)
                slopes[row * classes + column] = (exp(value - logarithm) - target) / Double(batch)
            }
        }
        return scalar(loss, of: logits, slopes: slopes)
    }

    /// (1/B) Σ_a max(0, m + max_p ‖f_a − f_p‖ − min_n ‖f_a − f_n‖), p of the anchor's person, n of others; f is [B, D].
    ///
    /// An anchor without another person adds 0, and the gradient of a distance of zero is taken as zero.
    func batchHardTriplet(_ features: Variable, labels: [Int], margin: Double) -> Variable {
        let (batch, length) = (features.shape[0], features.shape[1])
        func difference(_ a: Int, _ b: Int) -> [Double] {
            (0..<length).map { features.value[a * length + $0] - features.value[b * length + $0] }
        }
        func distance(_ a: Int, _ b: Int) -> Double {
            difference(a, b).reduce(0) { $0 + $1 * $1 }.squareRoot()
        }
        var (loss, slopes) = (0.0, [Double](repeating: 0, count: features.value.count))
        for anchor in 0..<batch {
            let positives = (0..<batch).filter { labels[$0] == labels[anchor] }
            let negatives = (0..<batch).filter { labels[$0] != labels[anchor] }
            guard let positive = positives.max(by: { distance(anchor, $0) < distance(anchor, $1) }),
                let negative = negatives.min(by: { distance(anchor, $0) < distance(anchor, $1) })
            else { continue }
            let violation = margin + distance(anchor, positive) - distance(anchor, negative)
            guard violation > 0 else { continue }
            loss += violation / Double(batch)
            for (other, sign) in [(positive, 1.0), (negative, -1.0)] where distance(anchor, other) > 0 {
                for (index, term) in difference(anchor, other).enumerated() {
                    let slope = sign * term / distance(anchor, other) / Double(batch)
                    slopes[anchor * length + index] += slope
                    slopes[other * length + index] -= slope
                }
            }
        }
        return scalar(loss, of: features, slopes: slopes)
    }

    /// (1/B) Σ_a (1/|P_a|) Σ_p −log(e^s_ap / Σ_{i≠a} e^s_ai), s = cos(f_a, f_i) / t, p of the anchor's person; f is [B, D].
    ///
    /// An anchor without another image of its person adds 0. The gradient uses ∂s_ai/∂f_a = (u_i − (u_a·u_i) u_a) / (t
    /// ‖f_a‖) with u = f / ‖f‖.
    func supervisedContrastive(_ features: Variable, labels: [Int], temperature: Double) -> Variable {
        let (batch, length) = (features.shape[0], features.shape[1])
        let norms = (0..<batch).map { row in
            (0..<length).reduce(0) { $0 + features.value[row * length + $1] * features.value[row * length + $1] }
                .squareRoot()
        }
        func unit(_ row: Int, _ index: Int) -> Double { features.value[row * length + index] / norms[row] }
        func cosine(_ a: Int, _ b: Int) -> Double { (0..<length).reduce(0) { $0 + unit(a, $1) * unit(b, $1) } }
        var (loss, slopes) = (0.0, [Double](repeating: 0, count: features.value.count))
        for anchor in 0..<batch {
            let others = (0..<batch).filter { $0 != anchor }
            let positives = others.filter { labels[$0] == labels[anchor] }
            guard !positives.isEmpty else { continue }
            let total = others.reduce(0) { $0 + exp(cosine(anchor, $1) / temperature) }
            for positive in positives {
                loss -= (cosine(anchor, positive) / temperature - log(total)) / Double(positives.count * batch)
            }
            for other in others {
                let share = exp(cosine(anchor, other) / temperature) / total
                let target = positives.contains(other) ? 1 / Double(positives.count) : 0
                let slope = (share - target) / (temperature * Double(batch))
                for index in 0..<length {
                    let along = cosine(anchor, other)
                    slopes[anchor * length + index] +=
                        slope * (unit(other, index) - along * unit(anchor, index)) / norms[anchor]
                    slopes[other * length + index] +=
                        slope * (unit(anchor, index) - along * unit(other, index)) / norms[other]
                }
            }
        }
        return scalar(loss, of: features, slopes: slopes)
    }

    /// The candidates of every map of [B, N, h, w], equation 5: the positions of the K largest values; of equal values,
    /// the earlier one first.
    func candidates(_ maps: Variable, ratios: [Double]) -> [[Int]] {
        let area = maps.shape[2] * maps.shape[3]
        return (0..<maps.value.count / area).map { map in
            let count = max(1, Int((ratios[map % ratios.count] * Double(area) + 0.5).rounded(.down)))
            let ordered = (0..<area).sorted { left, right in
                let values = (maps.value[map * area + left], maps.value[map * area + right])
                return values.0 != values.1 ? values.0 > values.1 : left < right
            }
            return Array(ordered.prefix(count))
        }
    }

    /// L_r (equations 6-7), the mean over all maps of 1 − Σ c_k / Σ M.
    func ratioLoss(_ maps: Variable, candidates: [[Int]]) -> Variable {
        let area = maps.shape[2] * maps.shape[3]
        let share = 1 / Double(candidates.count)
        var (loss, slopes) = (0.0, [Double](repeating: 0, count: maps.value.count))
        for (map, positions) in candidates.enumerated() {
            let total = maps.value[map * area..<(map + 1) * area].reduce(0, +)
            let kept = positions.reduce(0) { $0 + maps.value[map * area + $1] }
            loss += share * (1 - kept / total)
            for index in map * area..<(map + 1) * area { slopes[index] += share * kept / (total * total) }
            for position in positions { slopes[map * area + position] -= share / total }
        }
        return scalar(loss, of: maps, slopes: slopes)
    }

    /// L_d (equations 9-11), the mean over all maps of (1/K) Σ_l c_k* c_l d(k*, l); d is the distance of two positions in pixels of the map.
    ///
    /// k* has the largest P_k = (1/K) Σ_l c_k c_l d(k, l), of equal ones the first. Only c_k* is optimized: `constants`
    /// are the values of the other candidates, which are those of the maps.
    func distributionLoss(_ maps: Variable, candidates: [[Int]], constants: [Double]) -> Variable {
        let (area, width) = (maps.shape[2] * maps.shape[3], maps.shape[3])
        func distance(_ a: Int, _ b: Int) -> Double {
            let (rows, columns) = (Double(a / width - b / width), Double(a % width - b % width))
            return (rows * rows + columns * columns).squareRoot()
        }
        func potential(_ map: Int, _ k: Int) -> Double {
            let sum = candidates[map].reduce(0) {
                $0 + constants[map * area + k] * constants[map * area + $1] * distance(k, $1)
            }
            return sum / Double(candidates[map].count)
        }
        let strongest = candidates.enumerated().map { map, positions -> Int in
            let potentials = positions.map { potential(map, $0) }
            return positions[potentials.indices.reduce(0) { potentials[$1] > potentials[$0] ? $1 : $0 }]
        }
        let share = 1 / Double(candidates.count)
        var (loss, slopes) = (0.0, [Double](repeating: 0, count: maps.value.count))
        for (map, k) in strongest.enumerated() {
            let pull = candidates[map].reduce(0) { $0 + constants[map * area + $1] * distance(k, $1) }
            slopes[map * area + k] = share * pull / Double(candidates[map].count)
            loss += slopes[map * area + k] * maps.value[map * area + k]
        }
        return scalar(loss, of: maps, slopes: slopes)
    }

    /// A loss whose derivative with respect to `x` is known.
    private func scalar(_ loss: Double, of x: Variable, slopes: [Double]) -> Variable {
        record([1], [loss]) { y in x.addGradient(slopes.map { $0 * y.gradient[0] }) }
    }
}
