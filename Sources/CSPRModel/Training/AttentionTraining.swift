internal import Foundation
internal import NeuralNetwork
internal import Tensors

/// The N attention modules in training, M = σ(BN(p)) with p = r₀·max X + r₁·mean X + r₂·K₁∗X + r₃·K₃∗X + r₄·K₅∗X + b.
///
/// They are the paper's equations 1 and 2. As in `AttentionModules`, everything that is linear in X is one 5×5 kernel K
/// per branch, and the taps of all kernels are the rows of one matrix product. Here BN uses the batch's statistics and
/// is not part of K. The gradients of r and of the three kernels follow from the gradient of K by the chain rule, so
/// one pass over the images is enough.
final class AttentionTraining {
    private let modules: [Module]
    private let isMultiscale: Bool
    private let side: Int
    private let channels: Int
    private let height: Int
    private let width: Int
    private let batch: Int
    private let threads: Int
    /// K, [N·side², C], and its gradient.
    private let kernel: AlignedMemory
    private let kernelGradient: AlignedMemory
    /// p, [batch, N, HW]; after `forward` (p − mean) / deviation.
    private let normalized: AlignedMemory
    private let maps: AlignedMemory
    private let taps: AlignedMemory
    /// The channel of the largest value at each position, [batch, HW].
    private var largest: [Int32]
    private var inverseDeviations: [Double]
    private var factors: [Float]

    /// The parameters of one attention module.
    private struct Module {
        /// Side, kernel and bias of each convolution, 1×1 first.
        var convolutions: [(side: Int, weight: Parameter, bias: Parameter)]
        var reduce: (weight: Parameter, bias: Parameter)?
        var scale: Parameter
        var shift: Parameter
        var runningMean: Parameter
        var runningVariance: Parameter
    }

    private var area: Int { height * width }
    private var branches: Int { modules.count }

    /// Creates the modules for X of `shape` [C, h, w] and batches of `batch` images.
    init(
        _ configuration: CSPRConfiguration, parameters: ParameterStore, shape: [Int], batch: Int
    ) throws(OneDNNError) {
        isMultiscale = configuration.attention == .multiscale
        side = isMultiscale ? 5 : 1
        (channels, height, width) = (shape[0], shape[1], shape[2])
        self.batch = batch
        threads = openMPThreads
        let sides = isMultiscale ? [1, 3, 5] : [1]
        let isMultiscale = isMultiscale
        modules = (0..<configuration.branches).map { branch in
            func pair(_ layer: String) -> (weight: Parameter, bias: Parameter) {
                let name = "attention.\(branch).\(layer)"
                return (parameters["\(name).weight"], parameters["\(name).bias"])
            }
            let norm = pair("bn")
            return Module(
                convolutions: sides.map { side in
                    let layer = pair("conv\(side)x\(side)")
                    return (side, layer.weight, layer.bias)
                }, reduce: isMultiscale ? pair("reduce") : nil, scale: norm.weight, shift: norm.bias,
                runningMean: parameters["attention.\(branch).bn.running_mean"],
                runningVariance: parameters["attention.\(branch).bn.running_var"])
        }
        let area = shape[1] * shape[2]
        let rows = modules.count * side * side
        kernel = try AlignedMemory(bytes: 4 * rows * channels)
        kernelGradient = try AlignedMemory(bytes: 4 * rows * channels)
        normalized = try AlignedMemory(bytes: 4 * batch * modules.count * area)
        maps = try AlignedMemory(bytes: 4 * batch * modules.count * area)
        taps = try AlignedMemory(bytes: 4 * rows * area)
        largest = Array(repeating: 0, count: batch * area)
        inverseDeviations = Array(repeating: 0, count: modules.count)
        factors = Array(repeating: 0, count: modules.count)
    }

    /// M of the last forward run, [batch, N, HW].
    var output: UnsafeMutablePointer<Float> { unsafe maps.pointer() }

    /// Computes M for X, [batch, C, HW], and moves the running statistics.
    func forward(_ features: UnsafePointer<Float>) throws(OneDNNError) {
        let constants = try combineKernels()
        let (area, branches) = (area, branches)
        let rows = branches * side * side
        for image in 0..<batch {
            let x = unsafe features + image * channels * area
            unsafe findLargest(x, image: image)
            try unsafe multiply(
                kernel.pointer(), rowStride: channels, x, rowStride: area, into: taps.pointer(), rowStride: area,
                m: rows, n: area, k: channels, isTransposed: false)
            for branch in 0..<branches {
                let map = unsafe normalized.pointer(at: (image * branches + branch) * area)
                for position in 0..<area {
                    let maximum = unsafe x[Int(largest[image * area + position]) * area + position]
                    unsafe map[position] = constants[branch] + factors[branch] * maximum
                }
                forEachShift { tap, target, source, count in
                    let from = unsafe taps.pointer(at: (branch * side * side + tap) * area + source)
                    for index in 0..<count { unsafe map[target + index] += from[index] }
                }
            }
        }
        for branch in 0..<branches { try normalize(branch) }
    }

    /// Combines the modules' kernels to K, and returns each branch's constant.
    private func combineKernels() throws(OneDNNError) -> [Float] {
        var constants: [Float] = []
        let kernel = unsafe kernel.pointer()
        unsafe kernel.update(repeating: 0, count: branches * side * side * channels)
        for (branch, module) in modules.enumerated() {
            let reduce = try module.reduce?.weight.tensor().elements
            factors[branch] = reduce?[0] ?? 0
            var constant = try module.reduce?.bias.tensor().elements[0] ?? 0
            if let reduce { forEachChannel(ofCenter: branch) { unsafe kernel[$0] += reduce[1] / Float(channels) } }
            for (index, convolution) in module.convolutions.enumerated() {
                let factor = reduce?[2 + index] ?? 1
                let weight = try convolution.weight.tensor().elements
                forEachWeight(branch, side: convolution.side) { unsafe kernel[$1] += factor * weight[$0] }
                constant += try factor * convolution.bias.tensor().elements[0]
            }
            constants.append(constant)
        }
        return constants
    }

    /// Calls `body` with the indices in K of a branch's central tap.
    private func forEachChannel(ofCenter branch: Int, _ body: (Int) -> Void) {
        let start = (branch * side * side + side * side / 2) * channels
        for index in start..<start + channels { body(index) }
    }

    /// Calls `body` with each index of a kernel [1, C, s, s] and the index in K that it adds to.
    private func forEachWeight(_ branch: Int, side small: Int, _ body: (Int, Int) -> Void) {
        let margin = (side - small) / 2
        for index in 0..<channels * small * small {
            let (channel, row, column) = (index / (small * small), index / small % small, index % small)
            body(index, (branch * side * side + (row + margin) * side + column + margin) * channels + channel)
        }
    }

    /// Calls `body` for each tap and each row with a run of positions: map[target + i] takes X[source + i].
    private func forEachShift(_ body: (_ tap: Int, _ target: Int, _ source: Int, _ count: Int) -> Void) {
        for tap in 0..<side * side {
            let (down, right) = (tap / side - side / 2, tap % side - side / 2)
            let left = max(0, -right)
            let count = min(width, width - right) - left
            guard count > 0 else { continue }
            for row in max(0, -down)..<max(min(height, height - down), max(0, -down)) {
                body(tap, row * width + left, (row + down) * width + left + right, count)
            }
        }
    }

    private func findLargest(_ x: UnsafePointer<Float>, image: Int) {
        for position in 0..<area {
            var (best, value) = (0, unsafe x[position])
            for channel in 1..<channels where unsafe x[channel * area + position] > value {
                (best, value) = (channel, unsafe x[channel * area + position])
            }
            largest[image * area + position] = Int32(best)
        }
    }

    /// p → (p − mean) / deviation over the batch → M, for one branch.
    private func normalize(_ branch: Int) throws(OneDNNError) {
        let module = modules[branch]
        let count = Double(batch * area)
        var (sum, squares) = (0.0, 0.0)
        unsafe forEachValue(branch) { values, _ in
            for position in 0..<area { sum += unsafe Double(values[position]) }
        }
        let mean = sum / count
        unsafe forEachValue(branch) { values, _ in
            for position in 0..<area {
                let deviation = unsafe Double(values[position]) - mean
                squares += deviation * deviation
            }
        }
        let variance = squares / count
        let inverse = 1 / (variance + BatchNorm.epsilon).squareRoot()
        inverseDeviations[branch] = inverse
        let (scale, shift) = (try module.scale.tensor().elements[0], try module.shift.tensor().elements[0])
        unsafe forEachValue(branch) { values, maps in
            for position in 0..<area {
                let normal = unsafe Float((Double(values[position]) - mean) * inverse)
                unsafe values[position] = normal
                unsafe maps[position] = 1 / (1 + exp(-(scale * normal + shift)))
            }
        }
        let unbiased = squares / max(1, count - 1)
        for (running, value) in [(module.runningMean, mean), (module.runningVariance, unbiased)] {
            var tensor = try running.tensor()
            tensor.elements[0] += BatchNorm.momentum * (Float(value) - tensor.elements[0])
            try running.assign(tensor)
        }
    }

    /// Calls `body` with each image's p and M of a branch.
    private func forEachValue(
        _ branch: Int, _ body: (UnsafeMutablePointer<Float>, UnsafeMutablePointer<Float>) -> Void
    ) {
        for image in 0..<batch {
            let start = (image * branches + branch) * area
            unsafe body(normalized.pointer(at: start), maps.pointer(at: start))
        }
    }

    /// Computes the gradients of all parameters, and adds the gradient of X to `features`, [batch, C, HW].
    ///
    /// - Parameters:
    ///   - x: X of the last forward run.
    ///   - gradient: The gradient of M, [batch, N, HW]; overwritten, as it also serves as working memory.
    ///   - features: Where the gradient of X is added.
    /// - Throws: What oneDNN refuses.
    func backward(
        _ x: UnsafePointer<Float>, maps gradient: UnsafeMutablePointer<Float>, features: UnsafeMutablePointer<Float>
    ) throws(OneDNNError) {
        unsafe kernelGradient.pointer().update(repeating: 0, count: branches * side * side * channels)
        for branch in 0..<branches { try unsafe denormalize(branch, gradient) }
        var maximumGradients = [Double](repeating: 0, count: branches)
        let rows = branches * side * side
        for image in 0..<batch {
            let target = unsafe features + image * channels * area
            let x = unsafe x + image * channels * area
            unsafe taps.pointer().update(repeating: 0, count: rows * area)
            for branch in 0..<branches {
                let map = unsafe gradient + (image * branches + branch) * area
                forEachShift { tap, to, from, count in
                    let taps = unsafe taps.pointer(at: (branch * side * side + tap) * area + from)
                    for index in 0..<count { unsafe taps[index] = map[to + index] }
                }
                guard isMultiscale else { continue }
                for position in 0..<area {
                    let channel = Int(largest[image * area + position])
                    unsafe target[channel * area + position] += factors[branch] * map[position]
                    maximumGradients[branch] += unsafe Double(map[position] * x[channel * area + position])
                }
            }
            try unsafe multiply(
                taps.pointer(), rowStride: area, x, rowStride: area, into: kernelGradient.pointer(),
                rowStride: channels, m: rows, n: channels, k: area, isTransposed: true, isAdded: true)
            try unsafe multiply(
                kernel.pointer(), rowStride: channels, taps.pointer(), rowStride: area, into: target, rowStride: area,
                m: channels, n: area, k: rows, isFirstTransposed: true, isTransposed: false, isAdded: true)
        }
        for branch in 0..<branches { try spread(branch, maximumGradient: maximumGradients[branch]) }
    }

    /// Turns ∂M of one branch into ∂p, in place, and computes the gradients of the norm's scale and shift.
    private func denormalize(_ branch: Int, _ gradient: UnsafeMutablePointer<Float>) throws(OneDNNError) {
        var (scaleGradient, shiftGradient) = (0.0, 0.0)
        for image in 0..<batch {
            let start = (image * branches + branch) * area
            let (normal, map) = unsafe (normalized.pointer(at: start), maps.pointer(at: start))
            for position in start..<start + area {
                let value = unsafe map[position - start]
                let inner = unsafe gradient[position] * value * (1 - value)
                unsafe gradient[position] = inner
                scaleGradient += unsafe Double(inner) * Double(normal[position - start])
                shiftGradient += Double(inner)
            }
        }
        let module = modules[branch]
        let count = Double(batch * area)
        let factor = Double(try module.scale.tensor().elements[0]) * inverseDeviations[branch]
        for image in 0..<batch {
            let start = (image * branches + branch) * area
            let normal = unsafe normalized.pointer(at: start)
            for position in start..<start + area {
                let centerd = unsafe Double(gradient[position]) - shiftGradient / count
                let value = unsafe centerd - Double(normal[position - start]) * scaleGradient / count
                unsafe gradient[position] = Float(factor * value)
            }
        }
        try module.scale.assign(Tensor(shape: [1], elements: [Float(scaleGradient)]), to: .gradient)
        try module.shift.assign(Tensor(shape: [1], elements: [Float(shiftGradient)]), to: .gradient)
    }

    /// Computes the gradients of one module's kernels and factors from the gradient of K.
    ///
    /// A bias before a batch norm has no effect: its gradient, Σ ∂p, is zero.
    private func spread(_ branch: Int, maximumGradient: Double) throws(OneDNNError) {
        let module = modules[branch]
        let reduce = try module.reduce?.weight.tensor().elements
        let kernelGradient = unsafe kernelGradient.pointer()
        var reduceGradient = [Double](repeating: 0, count: 5)
        reduceGradient[0] = maximumGradient
        forEachChannel(ofCenter: branch) { unsafe reduceGradient[1] += Double(kernelGradient[$0]) / Double(channels) }
        for (index, convolution) in module.convolutions.enumerated() {
            let factor = reduce?[2 + index] ?? 1
            let weight = try convolution.weight.tensor()
            var gradient = Tensor(zeros: weight.shape)
            forEachWeight(branch, side: convolution.side) { small, large in
                gradient.elements[small] = unsafe factor * kernelGradient[large]
                unsafe reduceGradient[2 + index] += Double(weight.elements[small]) * Double(kernelGradient[large])
            }
            try convolution.weight.assign(gradient, to: .gradient)
            try convolution.bias.assign(Tensor(zeros: [1]), to: .gradient)
        }
        guard let layer = module.reduce else { return }
        try layer.weight.assign(Tensor(shape: [1, 5, 1, 1], elements: reduceGradient.map { Float($0) }), to: .gradient)
        try layer.bias.assign(Tensor(zeros: [1]), to: .gradient)
    }
}
