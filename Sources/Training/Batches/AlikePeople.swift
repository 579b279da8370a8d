internal import CSPRModel
internal import Datasets
internal import Distances
internal import Randomness
internal import Tensors

/// Finds the people who look most like each person to the network as it is now.
///
/// Batches of such people are harder than random ones, so that fewer of them teach as much. Source: graph sampling, Liao and
/// Shao, "Graph Sampling Based Deep Metric Learning for Generalizable Person Re-Identification", CVPR 2022.
struct AlikePeople {
    /// The number of images in a forward pass.
    private static let batch = 16
    /// The number of people who are compared with all others at a time.
    private static let peopleAtOnce = 256

    let images: [TrainingImage]
    let store: ImageStore
    let seed: UInt64

    /// The people who look most like each person, by one image of each that the seed and the epoch choose.
    ///
    /// Costs a forward pass for each person and O(P²) products of vectors for P people.
    ///
    /// - Parameters:
    ///   - count: The most people to find for each.
    ///   - epoch: The number of the epoch, of both phases together.
    ///   - model: The network.
    ///   - isStopped: Asked between forward passes.
    ///   - warn: Called with a sentence about an image that cannot be decoded; the next image takes its place.
    /// - Returns: Element p: the numbers of at most `count` other people, most alike first; nil if stopped.
    /// - Throws: `TrainingError.undecodable`, `ModelError`.
    func nearest(
        _ count: Int, epoch: Int, model: CSPRModel, isStopped: () -> Bool, warn: (String) -> Void
    ) throws -> [[Int]]? {
        var random = SeededGenerator(seed: SeededGenerator.seed(seed, [epoch, 3]))
        var own: [Int: [Int]] = [:]
        for (index, image) in images.enumerated() { own[image.person, default: []].append(index) }
        let chosen = own.keys.sorted().compactMap { own[$0]?.randomElement(using: &random) }
        guard let vectors = try embed(chosen, model, isStopped: isStopped, warn: warn) else { return nil }
        return Self.nearest(count, of: vectors, dimensions: model.dimensions)
    }

    /// The unit vectors of images, one after the other; nil if stopped.
    private func embed(
        _ indices: [Int], _ model: CSPRModel, isStopped: () -> Bool, warn: (String) -> Void
    ) throws -> [Float]? {
        let executor = try model.makeExecutor(batch: Self.batch)
        let preprocessing = Preprocessing(model.configuration)
        var vectors: [Float] = []
        for start in stride(from: 0, to: indices.count, by: Self.batch) {
            let group = indices[start..<min(start + Self.batch, indices.count)]
            var input: [Float] = []
            for index in group { input += preprocessing.prepare(try store.image(index, warn: warn).image) }
            vectors += try executor.runViews(input, count: group.count).feature.elements
            if isStopped() { return nil }
        }
        return vectors
    }

    /// For each of the unit vectors, the numbers of at most `count` others with the largest inner products, largest first;
    /// of two that are equally large, the one with the smaller number.
    static func nearest(_ count: Int, of vectors: [Float], dimensions: Int) -> [[Int]] {
        let people = vectors.count / dimensions
        var result: [[Int]] = []
        for start in stride(from: 0, to: people, by: peopleAtOnce) {
            let end = min(start + peopleAtOnce, people)
            let products = innerProducts(
                Array(vectors[start * dimensions..<end * dimensions]), vectors, dimensions: dimensions)
            for person in start..<end {
                let row = products[(person - start) * people..<(person - start + 1) * people]
                result.append(Self.largest(count, of: row, leavingOut: person))
            }
        }
        return result
    }

    private static func largest(_ count: Int, of products: ArraySlice<Float>, leavingOut person: Int) -> [Int] {
        var best: [(product: Float, person: Int)] = []
        for (other, product) in products.enumerated() where other != person {
            guard best.count < count || product > best[count - 1].product else { continue }
            let place = best.firstIndex { $0.product < product } ?? best.count
            best.insert((product, other), at: place)
            if best.count > count { best.removeLast() }
        }
        return best.map(\.person)
    }
}
