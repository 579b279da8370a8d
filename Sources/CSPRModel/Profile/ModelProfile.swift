public import TensorFiles
internal import Tensors

/// What a model gives for images like those that it was made for, so that an image far from all of them can be told.
///
/// Vectors are taken for normally distributed. The score of a unit vector x is its squared Mahalanobis distance,
///
///     s(x) = (x − μ)ᵀ Σ⁻¹ (x − μ) = ‖L⁻¹ (x − μ)‖²,   Σ = L·Lᵀ,
///
/// as in Lee et al., "A simple unified framework for detecting out-of-distribution samples and adversarial attacks", NeurIPS
/// 2018, without classes. It says how unusual the vector is, not what the image shows: most images without people are beyond
/// `limit`, and few images of people are.
public struct ModelProfile: Sendable, Equatable {
    /// The identity of the model.
    public let model: String
    /// The number of images that the profile was made from.
    public let images: Int
    /// The score that `share` of the images of people exceed.
    public let limit: Double
    /// μ.
    let center: [Float]
    /// L⁻¹, the lower triangle row by row.
    let whitening: [Float]
    /// The same in lanes; each row is filled up with zeros.
    private let lanes: [SIMD8<Float>]

    /// The share of the images of people that are beyond the limit.
    public static let share = 0.01

    init(model: String, images: Int, limit: Double, center: [Float], whitening: [Float]) {
        precondition(
            whitening.count == center.count * (center.count + 1) / 2,
            "a triangle of \(whitening.count) for \(center.count) dimensions")
        (self.model, self.images, self.limit) = (model, images, limit)
        (self.center, self.whitening) = (center, whitening)
        var (lanes, start): ([SIMD8<Float>], Int) = ([], 0)
        for row in center.indices {
            lanes += Self.lanes(whitening[start...start + row])
            start += row + 1
        }
        self.lanes = lanes
    }

    /// The length of a vector.
    public var dimensions: Int { center.count }

    /// The score of a unit vector of `dimensions` values, at least 0; O(dimensions²).
    public func score(of vector: [Float]) -> Double {
        precondition(vector.count == dimensions, "a vector of \(vector.count) for a profile of \(dimensions)")
        let difference = Self.lanes(zip(vector, center).map { $0 - $1 }[...])
        var (score, start) = (0.0, 0)
        for row in 0..<dimensions {
            var sum = SIMD8<Float>.zero
            for place in 0...row / 8 { sum += lanes[start + place] * difference[place] }
            let value = Double(sum.sum())
            score += value * value
            start += row / 8 + 1
        }
        return score
    }

    private static func lanes(_ values: ArraySlice<Float>) -> [SIMD8<Float>] {
        stride(from: values.startIndex, to: values.endIndex, by: 8).map { start in
            var lane = SIMD8<Float>.zero
            for place in start..<min(start + 8, values.endIndex) { lane[place - start] = values[place] }
            return lane
        }
    }

    /// Whether a unit vector is within the limit.
    public func isFamiliar(_ vector: [Float]) -> Bool { score(of: vector) <= limit }
}

extension ModelProfile {
    private static let format = "reid-profile"

    /// Where the profile of a weight file lies: beside it, NAME.profile.safetensors for NAME.safetensors.
    public static func path(beside weights: String) -> String {
        let ending = ".safetensors"
        return (weights.hasSuffix(ending) ? String(weights.dropLast(ending.count)) : weights) + ".profile" + ending
    }

    /// Reads a profile from the file at `path`.
    ///
    /// - Throws: `SafetensorsError` for a file that cannot be read, `ProfileError.malformed` for one that is no profile.
    public init(contentsOf path: String) throws {
        let file = try SafetensorsFile(contentsOf: path)
        let (center, whitening) = (try file.floats("center"), try file.floats("whitening"))
        let count = center.elements.count
        guard file.metadata["format"] == Self.format, let model = file.metadata["model"],
            let images = file.metadata["images"].flatMap(Int.init), images > 0,
            let limit = file.metadata["limit"].flatMap(Double.init), limit.isFinite, limit > 0,
            center.shape == [count], count > 0, whitening.shape == [count * (count + 1) / 2],
            center.elements.allSatisfy(\.isFinite), whitening.elements.allSatisfy(\.isFinite)
        else { throw ProfileError.malformed }
        self.init(
            model: model, images: images, limit: limit, center: center.elements, whitening: whitening.elements)
    }

    /// Writes the profile to a file, in half precision; an existing file is replaced atomically.
    public func write(to path: String) throws(SafetensorsError) {
        try SafetensorsWriter.write(
            [
                ("center", .floats(Tensor(shape: [dimensions], elements: center))),
                ("whitening", .floats(Tensor(shape: [whitening.count], elements: whitening))),
            ],
            metadata: ["format": Self.format, "model": model, "images": "\(images)", "limit": "\(limit)"], to: path,
            precision: .float16)
    }
}

/// Why there is no profile.
public enum ProfileError: Error, Sendable, Equatable {
    /// The file is not a profile.
    case malformed
    /// A profile needs at least `needed` images.
    case tooFewImages(found: Int, needed: Int)
}

extension ProfileError: CustomStringConvertible {
    /// What went wrong, in one sentence for a log or a terminal.
    public var description: String {
        switch self {
        case .malformed: "this is not a profile of a model"
        case .tooFewImages(let found, let needed): "\(found) images are too few for a profile, \(needed) are needed"
        }
    }
}
