internal import NeuralNetwork
internal import Tensors

/// Computes the gradients of X and M through the part representation, again without storing Z.
///
/// Everything except maximum, minimum and median depends on Z through the two products that `PartRepresentation`
/// computes: F = X · W with W = [M^i, M^i∘y, M^i∘x], and S = (X∘X) · P with P = [M^i∘M^j]. From the gradients of F and
/// S, which are small,
///
///     ∂X = ∂F · Wᵀ + 2 X ∘ (∂S · Pᵀ),   ∂W = Xᵀ · ∂F,   ∂P = (X∘X)ᵀ · ∂S,
///
/// and ∂M follows from ∂W and ∂P. Maximum, minimum and median send their gradient to the one position that they come
/// from. If such a value is zero, X is zero there too and its rectifier stops the gradient, so it is left out.
final class PartGradient {
    private let parts: PartRepresentation
    private let threads: Int
    private let workspaces: [Workspace]

    /// The memory that one worker needs: for a block of channels, and for the sums over an image's channels.
    private struct Workspace {
        var squares: AlignedMemory
        var spread: AlignedMemory
        var second: AlignedMemory
        var firstGradient: AlignedMemory
        var secondGradient: AlignedMemory
        var weightedGradient: AlignedMemory
        var productsGradient: AlignedMemory
    }

    /// Creates the backward pass of `parts`.
    init(_ parts: PartRepresentation, threads: Int) throws(OneDNNError) {
        self.parts = parts
        self.threads = threads
        let (block, area) = (PartRepresentation.blockSize, parts.area)
        let (columns, pairs) = (parts.columns, parts.pairs.count)
        var workspaces: [Workspace] = []
        for _ in 0..<threads {
            func room(_ floats: Int) throws(OneDNNError) -> AlignedMemory { try AlignedMemory(bytes: 4 * floats) }
            workspaces.append(
                Workspace(
                    squares: try room(block * area), spread: try room(block * area), second: try room(block * pairs),
                    firstGradient: try room(block * columns), secondGradient: try room(block * pairs),
                    weightedGradient: try room(area * columns), productsGradient: try room(area * pairs)))
        }
        self.workspaces = workspaces
    }

    /// What the gradient is computed from; each pointer has the values of all images, one image after the other.
    @unsafe struct Inputs {
        /// X, [C, HW] per image.
        var features: UnsafePointer<Float>
        /// The descriptors that `PartRepresentation` gave for X and M in its last run, [N, length] per image.
        var descriptors: UnsafePointer<Float>
        /// The gradient of the descriptors, [N, length] per image.
        var gradient: UnsafePointer<Float>
    }

    /// Writes the gradients of X, [count, C, HW], and of M, [count, N, HW].
    ///
    /// `inputs` must be the inputs of the part representation's last run, because its products are used again.
    func compute(
        _ inputs: Inputs, count: Int, features: UnsafeMutablePointer<Float>, maps: UnsafeMutablePointer<Float>
    ) throws(OneDNNError) {
        let (area, channels, branches, length) = (parts.area, parts.channels, parts.branches, parts.length)
        let failures = FailureBox()
        parallelFor(count, threads: threads) { image, worker in
            do throws(OneDNNError) {
                try unsafe compute(
                    image: image,
                    Inputs(
                        features: inputs.features + image * channels * area,
                        descriptors: inputs.descriptors + image * branches * length,
                        gradient: inputs.gradient + image * branches * length),
                    workspace: workspaces[worker], features: features + image * channels * area,
                    maps: maps + image * branches * area)
            } catch {
                failures.add(error)
            }
        }
        try failures.check()
    }

    private func compute(
        image: Int, _ inputs: Inputs, workspace: Workspace, features: UnsafeMutablePointer<Float>,
        maps: UnsafeMutablePointer<Float>
    ) throws(OneDNNError) {
        let (area, columns, pairs) = (parts.area, parts.columns, parts.pairs.count)
        let weighted = unsafe parts.weighted(of: image)
        let products = unsafe parts.products(of: image)
        let weightedGradient = unsafe workspace.weightedGradient.pointer()
        let productsGradient = unsafe workspace.productsGradient.pointer()
        unsafe weightedGradient.update(repeating: 0, count: area * columns)
        unsafe productsGradient.update(repeating: 0, count: area * pairs)
        unsafe maps.update(repeating: 0, count: parts.branches * area)
        let (squares, spread) = unsafe (workspace.squares.pointer(), workspace.spread.pointer())
        let (second, first) = unsafe (workspace.second.pointer(), workspace.firstGradient.pointer())
        let secondGradient = unsafe workspace.secondGradient.pointer()
        for start in stride(from: 0, to: parts.channels, by: PartRepresentation.blockSize) {
            let count = min(PartRepresentation.blockSize, parts.channels - start)
            let x = unsafe inputs.features + start * area
            let target = unsafe features + start * area
            if pairs > 0 {
                for index in 0..<count * area { unsafe squares[index] = x[index] * x[index] }
                try unsafe multiply(
                    squares, rowStride: area, products, rowStride: pairs, into: second, rowStride: pairs, m: count,
                    n: pairs, k: area, isTransposed: false)
            }
            for row in 0..<count {
                unsafe momentGradients(
                    channel: start + row, inputs, second: second + row * pairs, first: first + row * columns,
                    secondGradient: secondGradient + row * pairs)
            }
            try unsafe multiply(
                first, rowStride: columns, weighted, rowStride: columns, into: target, rowStride: area, m: count,
                n: area, k: columns, isTransposed: true)
            try unsafe multiply(
                x, rowStride: area, first, rowStride: columns, into: weightedGradient, rowStride: columns, m: area,
                n: columns, k: count, isFirstTransposed: true, isTransposed: false, isAdded: true)
            if pairs > 0 {
                try unsafe multiply(
                    secondGradient, rowStride: pairs, products, rowStride: pairs, into: spread, rowStride: area,
                    m: count, n: area, k: pairs, isTransposed: true)
                for index in 0..<count * area { unsafe target[index] += 2 * x[index] * spread[index] }
                try unsafe multiply(
                    squares, rowStride: area, secondGradient, rowStride: pairs, into: productsGradient,
                    rowStride: pairs, m: area, n: pairs, k: count, isFirstTransposed: true, isTransposed: false,
                    isAdded: true)
            }
            guard parts.hasStatistics else { continue }
            for row in 0..<count {
                unsafe sendOrderStatistics(
                    channel: start + row, inputs, x: x + row * area, flushed: parts.flushed(of: image),
                    features: target + row * area, maps: maps)
            }
        }
        unsafe gatherMaps(image: image, weightedGradient, productsGradient, into: maps)
    }

    /// The gradients of one channel's first moments ∂F and second moments ∂S.
    private func momentGradients(
        channel: Int, _ inputs: Inputs, second: UnsafePointer<Float>, first: UnsafeMutablePointer<Float>,
        secondGradient: UnsafeMutablePointer<Float>
    ) {
        let (channels, branches) = (parts.channels, parts.branches)
        let scale = 1 / Float(parts.area)
        for index in parts.pairs.indices { unsafe secondGradient[index] = 0 }
        let meanOffset = parts.hasStatistics ? 2 * channels : 0
        let positions = parts.hasStatistics ? 5 * channels : channels
        for branch in 0..<branches {
            let gradient = unsafe inputs.gradient + branch * parts.length + channel
            unsafe first[branch] = scale * gradient[meanOffset]
            if parts.hasStatistics {
                let mean = unsafe inputs.descriptors[branch * parts.length + channel + meanOffset]
                let variance = unsafe gradient[4 * channels]
                unsafe first[branch] -= 2 * scale * mean * variance
                unsafe secondGradient[branch] += scale * variance
            }
            guard parts.hasPositions else { continue }
            var weight = scale
            if parts.isNormalized {
                // r = P / (S + ε): dP = dr / (S + ε), dS = −r · dr / (S + ε).
                let values = unsafe inputs.descriptors + branch * parts.length + channel
                unsafe weight /= values[meanOffset] + PartRepresentation.emptiness
                unsafe first[branch] -=
                    weight
                    * (values[positions] * gradient[positions]
                        + values[positions + channels] * gradient[positions + channels])
            }
            unsafe first[branches + branch] = weight * gradient[positions]
            unsafe first[2 * branches + branch] = weight * gradient[positions + channels]
        }
        guard parts.hasRelations else { return }
        let start = parts.length - (branches - 1) * channels
        for index in branches..<max(branches, parts.pairs.count) {
            let (i, j) = parts.pairs[index]
            let gradient = unsafe Double(
                inputs.gradient[i * parts.length + start + (j - 1) * channels + channel]
                    + inputs.gradient[j * parts.length + start + i * channels + channel])
            let (a, b, dot) = unsafe (Double(second[i]), Double(second[j]), Double(second[index]))
            let norm = (a * b + PartRepresentation.epsilon).squareRoot()
            let cubed = norm * norm * norm
            unsafe secondGradient[index] -= Float(gradient / norm)
            unsafe secondGradient[i] += Float(gradient * dot * b / (2 * cubed))
            unsafe secondGradient[j] += Float(gradient * dot * a / (2 * cubed))
        }
    }

    /// Adds the gradients of one channel's maxima, minima and medians at the positions that they come from.
    private func sendOrderStatistics(
        channel: Int, _ inputs: Inputs, x: UnsafePointer<Float>, flushed: UnsafePointer<Float>,
        features: UnsafeMutablePointer<Float>, maps: UnsafeMutablePointer<Float>
    ) {
        let (area, channels) = (parts.area, parts.channels)
        for branch in 0..<parts.branches {
            let map = unsafe flushed + branch * area
            let values = unsafe inputs.descriptors + branch * parts.length + channel
            let gradients = unsafe inputs.gradient + branch * parts.length + channel
            // Maximum, minimum and median.
            for statistic in [0, 1, 3] {
                let value = unsafe values[statistic * channels]
                let gradient = unsafe gradients[statistic * channels]
                guard value > 0, gradient != 0 else { continue }
                guard let position = unsafe firstPosition(of: value, x: x, map: map) else { continue }
                unsafe features[position] += gradient * map[position]
                unsafe maps[branch * area + position] += gradient * x[position]
            }
        }
    }

    private func firstPosition(of value: Float, x: UnsafePointer<Float>, map: UnsafePointer<Float>) -> Int? {
        var start = 0
        let area = parts.area
        // Looks at eight values at a time without a branch, then finds the exact place.
        while start + 8 <= area {
            var isHere = false
            for position in start..<start + 8 { isHere = unsafe isHere || (x[position] * map[position] == value) }
            if isHere { break }
            start += 8
        }
        while start < area {
            if unsafe x[start] * map[start] == value { return start }
            start += 1
        }
        return nil
    }

    /// Adds the gradient of one image's maps that follows from its ∂W and ∂P.
    private func gatherMaps(
        image: Int, _ weightedGradient: UnsafePointer<Float>, _ productsGradient: UnsafePointer<Float>,
        into maps: UnsafeMutablePointer<Float>
    ) {
        let (area, branches, columns, pairs) = (parts.area, parts.branches, parts.columns, parts.pairs)
        let flushed = unsafe parts.flushed(of: image)
        for position in 0..<area {
            let row = unsafe weightedGradient + position * columns
            let (y, x) = (position / parts.width, position % parts.width)
            for branch in 0..<branches {
                var sum = unsafe row[branch]
                if parts.hasPositions {
                    unsafe sum += row[branches + branch] * (Float(y) / Float(parts.height))
                    unsafe sum += row[2 * branches + branch] * (Float(x) / Float(parts.width))
                }
                unsafe maps[branch * area + position] += sum
            }
            for (index, (i, j)) in pairs.enumerated() {
                let gradient = unsafe productsGradient[position * pairs.count + index]
                unsafe maps[i * area + position] += gradient * flushed[j * area + position]
                unsafe maps[j * area + position] += gradient * flushed[i * area + position]
            }
        }
    }
}
