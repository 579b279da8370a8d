extension Tape {
    /// The parameters of an attention module, under the names of the weight file without their prefix.
    typealias Parameters = (String) -> Variable

    /// An attention module (equations 1-2): X [B, C, H, W] → M [B, 1, H, W].
    ///
    /// M = σ(BN(R ∗ [max X, mean X, K₁∗X, K₃∗X, K₅∗X])), or σ(BN(K₁ ∗ X)) if there is only one kernel.
    ///
    /// - Parameters:
    ///   - x: X.
    ///   - pooled: [max X, mean X], [B, 2, H, W], which all modules share; nil if the module is a single kernel.
    ///   - place: A name for the map.
    ///   - parameters: The parameters of the module.
    /// - Returns: M, and the statistics of its batch norm.
    func attention(
        _ x: Variable, pooled: Variable?, at place: String, _ parameters: Parameters
    ) -> (map: Variable, statistics: BatchStatistics) {
        func convolution(_ x: Variable, _ name: String, padding: Int) -> Variable {
            self.convolution(
                x, weight: parameters("\(name).weight"), bias: parameters("\(name).bias"), padding: padding)
        }
        var map = convolution(x, "conv1x1", padding: 0)
        if let pooled {
            let (middle, large) = (convolution(x, "conv3x3", padding: 1), convolution(x, "conv5x5", padding: 2))
            map = convolution(concatenation([pooled, map, middle, large]), "reduce", padding: 0)
        }
        let (normal, statistics) = batchNorm(map, weight: parameters("bn.weight"), bias: parameters("bn.bias"))
        return (sigmoid(normal, at: place), statistics)
    }

    /// [max X, mean X] over the channels: [B, C, H, W] → [B, 2, H, W].
    func pooledChannels(_ x: Variable) -> Variable { concatenation([channelMaximum(x), channelMean(x)]) }

    /// The maximum over the channels; of equal values, the first: [B, C, H, W] → [B, 1, H, W].
    func channelMaximum(_ x: Variable) -> Variable {
        let (channels, area) = (x.shape[1], x.shape[2] * x.shape[3])
        func index(_ entry: Int, _ channel: Int) -> Int {
            (entry / area * channels + channel) * area + entry % area
        }
        let largest = (0..<x.shape[0] * area).map { entry in
            (1..<max(1, channels)).reduce(0) { x.value[index(entry, $1)] > x.value[index(entry, $0)] ? $1 : $0 }
        }
        return selection(x, [x.shape[0], 1, x.shape[2], x.shape[3]], largest.enumerated().map(index))
    }

    /// The mean over the channels: [B, C, H, W] → [B, 1, H, W].
    func channelMean(_ x: Variable) -> Variable {
        let (channels, area) = (x.shape[1], x.shape[2] * x.shape[3])
        var value = [Double](repeating: 0, count: x.shape[0] * area)
        func target(_ index: Int) -> Int { index / (channels * area) * area + index % area }
        for index in x.value.indices { value[target(index)] += x.value[index] / Double(channels) }
        return record([x.shape[0], 1, x.shape[2], x.shape[3]], value) { y in
            for index in x.value.indices { x.gradient[index] += y.gradient[target(index)] / Double(channels) }
        }
    }

    /// Z = M ⊗ X (equation 4): M [B, 1, H, W] times every channel of X [B, C, H, W].
    func product(_ map: Variable, _ x: Variable, at place: String) -> Variable {
        let (channels, area) = (x.shape[1], x.shape[2] * x.shape[3])
        func position(_ index: Int) -> Int { index / (channels * area) * area + index % area }
        let value = point.settle(place, x.value.indices.map { map.value[position($0)] * x.value[$0] })
        return record(x.shape, value) { z in
            for index in x.value.indices {
                x.gradient[index] += map.value[position(index)] * z.gradient[index]
                map.gradient[position(index)] += x.value[index] * z.gradient[index]
            }
        }
    }

    /// F_S (equation 12): maximum, minimum, mean, lower median and population variance, [B, 5C].
    func statistical(_ z: Variable) -> Variable {
        concatenation([
            orderStatistic(z, .maximum), orderStatistic(z, .minimum), globalAveragePooling(z),
            orderStatistic(z, .median), variance(z),
        ])
    }

    /// F_P (equation 13): the means of Z · y/H and Z · x/W, [B, 2C].
    ///
    /// Normalized, they are divided by the mean of Z plus 1e-4.
    func positional(_ z: Variable, isNormalized: Bool = false) -> Variable {
        let (height, width) = (z.shape[2], z.shape[3])
        let means = [
            weightedMean(z) { Double($0 / width) / Double(height) },
            weightedMean(z) { Double($0 % width) / Double(width) },
        ]
        guard isNormalized else { return concatenation(means) }
        return concatenation(means.map { quotient($0, globalAveragePooling(z)) })
    }

    /// a / (b + 1e-4), whose slopes are 1 / (b + 1e-4) and −a / (b + 1e-4)².
    private func quotient(_ a: Variable, _ b: Variable) -> Variable {
        let divisors = b.value.map { $0 + 1e-4 }
        return record(a.shape, zip(a.value, divisors).map { $0 / $1 }) { y in
            for (index, divisor) in divisors.enumerated() {
                a.gradient[index] += y.gradient[index] / divisor
                b.gradient[index] -= y.gradient[index] * a.value[index] / (divisor * divisor)
            }
        }
    }

    /// F_R of branch i (equation 14): the cosine distances to every other branch in order, [B, (N − 1)C].
    func relational(_ branches: [Variable], _ i: Int) -> Variable {
        concatenation(branches.indices.filter { $0 != i }.map { cosineDistance(branches[i], branches[$0]) })
    }

    /// The descriptor of branch i: the parts S, P and R that `letters` names, in this order; without S, the mean takes
    /// its place.
    func descriptor(_ branches: [Variable], _ i: Int, letters: String, isNormalized: Bool = false) -> Variable {
        var parts = [letters.contains("S") ? statistical(branches[i]) : globalAveragePooling(branches[i])]
        if letters.contains("P") { parts.append(positional(branches[i], isNormalized: isNormalized)) }
        if letters.contains("R") { parts.append(relational(branches, i)) }
        return concatenation(parts)
    }

    /// What `orderStatistic` looks for.
    enum OrderStatistic: CaseIterable {
        case maximum, minimum, median
    }

    /// A value of a given rank among a channel's positions: [B, C, H, W] → [B, C].
    ///
    /// Of equal values it is the earliest; for an even count, the median is the lower of the two middle values.
    func orderStatistic(_ z: Variable, _ statistic: OrderStatistic) -> Variable {
        let area = z.shape[2] * z.shape[3]
        let planes = z.shape[0] * z.shape[1]
        let positions = (0..<planes).map { plane -> Int in
            let values = z.value[plane * area..<(plane + 1) * area].sorted()
            let value =
                switch statistic {
                case .maximum: values[area - 1]
                case .minimum: values[0]
                case .median: values[(area - 1) / 2]
                }
            return z.value[plane * area..<(plane + 1) * area].firstIndex(of: value).map { $0 - plane * area } ?? 0
        }
        return selection(z, [z.shape[0], z.shape[1]], positions.enumerated().map { $0 * area + $1 })
    }

    /// The population variance over the positions, v = mean (z − mean z)²: [B, C, H, W] → [B, C]; dz = 2 (z − mean z) / (H·W) · dv.
    func variance(_ z: Variable) -> Variable {
        let area = z.shape[2] * z.shape[3]
        let means = globalAveragePooling(z).value
        var value = [Double](repeating: 0, count: means.count)
        for index in z.value.indices {
            let deviation = z.value[index] - means[index / area]
            value[index / area] += deviation * deviation / Double(area)
        }
        return record([z.shape[0], z.shape[1]], value) { v in
            for index in z.value.indices {
                let deviation = z.value[index] - means[index / area]
                z.gradient[index] += 2 * deviation / Double(area) * v.gradient[index / area]
            }
        }
    }

    /// 1 − ⟨a,b⟩ / √(⟨a,a⟩⟨b,b⟩ + 1e-12) per channel: [B, C, H, W] → [B, C].
    ///
    /// With n for the root: da = −(b / n − ⟨a,b⟩⟨b,b⟩ a / n³), and db alike.
    func cosineDistance(_ a: Variable, _ b: Variable) -> Variable {
        let area = a.shape[2] * a.shape[3]
        let planes = a.shape[0] * a.shape[1]
        func inner(_ a: [Double], _ b: [Double], _ plane: Int) -> Double {
            (plane * area..<(plane + 1) * area).reduce(0) { $0 + a[$1] * b[$1] }
        }
        let (ab, aa, bb) = (
            (0..<planes).map { inner(a.value, b.value, $0) }, (0..<planes).map { inner(a.value, a.value, $0) },
            (0..<planes).map { inner(b.value, b.value, $0) }
        )
        let norm = (0..<planes).map { (aa[$0] * bb[$0] + 1e-12).squareRoot() }
        return record([a.shape[0], a.shape[1]], (0..<planes).map { 1 - ab[$0] / norm[$0] }) { y in
            for index in a.value.indices {
                let plane = index / area
                let (slope, cube) = (-y.gradient[plane], norm[plane] * norm[plane] * norm[plane])
                let (left, right) = (a.value[index], b.value[index])
                a.gradient[index] += slope * (right / norm[plane] - ab[plane] * bb[plane] * left / cube)
                b.gradient[index] += slope * (left / norm[plane] - ab[plane] * aa[plane] * right / cube)
            }
        }
    }
}
