@testable import NeuralNetwork

/// Layers that normalize or mix by the statistics of single images.
extension Tape {
    /// γ · x̂ + β with x̂ = (x − mean) / √(variance + 1e-5), mean and (population) variance of each channel of each image.
    ///
    /// It is a batch norm of one image, image after image.
    func instanceNorm(_ x: Variable, weight: Variable, bias: Variable) -> Variable {
        let size = x.value.count / x.shape[0]
        let images = (0..<x.shape[0]).map { image in
            let part = selection(x, [1] + x.shape.dropFirst(), Array(image * size..<(image + 1) * size))
            return batchNorm(part, weight: weight, bias: bias).y
        }
        return stacked(images)
    }

    /// The first `count` channels normalized by each image, the others by the batch.
    func splitNorm(
        _ x: Variable, first count: Int, instance: Parameters, batch: Parameters
    ) -> (y: Variable, statistics: BatchStatistics) {
        let first = instanceNorm(
            channels(x, 0..<count), weight: instance("weight"), bias: instance("bias"))
        let (rest, statistics) = batchNorm(
            channels(x, count..<x.shape[1]), weight: batch("weight"), bias: batch("bias"))
        return (concatenation([first, rest]), statistics)
    }

    /// Some channels of [B, C, H, W].
    func channels(_ x: Variable, _ range: Range<Int>) -> Variable {
        let area = x.shape[2] * x.shape[3]
        let indices = (0..<x.shape[0]).flatMap { image in
            (image * x.shape[1] + range.lowerBound) * area..<(image * x.shape[1] + range.upperBound) * area
        }
        return selection(x, [x.shape[0], range.count, x.shape[2], x.shape[3]], indices)
    }

    /// Images [1, …] one after the other.
    private func stacked(_ images: [Variable]) -> Variable {
        let size = images[0].value.count
        return record([images.count] + images[0].shape.dropFirst(), images.flatMap(\.value)) { y in
            for (number, image) in images.enumerated() {
                image.addGradient(Array(y.gradient[number * size..<(number + 1) * size]))
            }
        }
    }

    /// σ' · (x − μ) / σ + μ' with μ' = λ · μ + (1 − λ) · μ̃ and σ' alike, where μ̃ and σ̃ are the partner's; without a draw, x.
    ///
    /// σ is √(variance + 1e-6) of a channel. The gradient takes μ and σ, which are those of `constants`, as constants.
    func mixedStyles(_ x: Variable, _ draw: StyleMixing.Draw?, constants: [Double]) -> Variable {
        guard let draw else { return x }
        let (channels, area) = (x.shape[1], x.shape[2] * x.shape[3])
        let planes = (0..<x.shape[0] * channels).map { constants[$0 * area..<($0 + 1) * area] }
        let means = planes.map { $0.reduce(0, +) / Double(area) }
        let deviations = zip(planes, means).map { plane, mean in
            (plane.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(area) + 1e-6).squareRoot()
        }
        func mixed(_ statistics: [Double], _ plane: Int) -> Double {
            let image = plane / channels
            let share = Double(draw.shares[image])
            let other = statistics[draw.partners[image] * channels + plane % channels]
            return share * statistics[plane] + (1 - share) * other
        }
        let factors = planes.indices.map { mixed(deviations, $0) / deviations[$0] }
        let value = x.value.enumerated().map { index, value in
            (value - means[index / area]) * factors[index / area] + mixed(means, index / area)
        }
        return record(x.shape, value) { y in
            for index in x.gradient.indices { x.gradient[index] += factors[index / area] * y.gradient[index] }
        }
    }
}
