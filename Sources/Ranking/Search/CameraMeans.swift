internal import CDistance

/// The mean vector of each camera's images, by which vectors of different cameras are made comparable.
///
/// A network that has not seen a camera gives all of its images something in common: a part of the vector that depends on
/// light, color and angle, and not on the person. So an image is nearer to others of its own camera than it should be.
/// Subtracting the mean of camera c before two vectors are compared takes that part away:
///
///     x̃ = (x − μ_c) / ‖x − μ_c‖
///
/// A mean needs no labels of people. The idea within a network is that of Zhuang et al., "Rethinking the distribution gap of
/// person re-identification with camera-based batch normalization", ECCV 2020.
public struct CameraMeans<Camera: Hashable & Sendable>: Sendable {
    /// The cameras that have a mean; without any, nothing can be made comparable.
    public let cameras: [Camera]
    /// The mean of the camera means: for images of no known camera, and of cameras with few images; zero if there is no
    /// camera mean.
    public let common: [Float]
    private let means: [Camera: [Float]]

    /// The number of images from which on a camera has a mean of its own; as few as 32 give a usable one.
    public static var leastImages: Int { 32 }

    /// Takes means that were computed before; O(cameras · dimensions).
    ///
    /// - Parameters:
    ///   - dimensions: the number of values of a mean.
    ///   - means: a mean for each camera, each camera at most once. `common` is summed in this order, so that the same
    ///     means in the same order give the same bits.
    public init(dimensions: Int, means: [(camera: Camera, mean: [Float])]) {
        var all = VectorSum(dimensions: dimensions)
        for (_, mean) in means { all.add(mean) }
        cameras = means.map(\.camera)
        common = all.mean
        self.means = Dictionary(uniqueKeysWithValues: means.map { ($0.camera, $0.mean) })
    }

    /// Computes the means, in double precision; O(rows · dimensions).
    ///
    /// - Parameters:
    ///   - rows: the vectors, usually of length 1.
    ///   - cameras: the camera of each row; nil if it is not known.
    ///   - leastImages: the number of images from which on a camera has a mean of its own.
    public init(of rows: EmbeddingMatrix, cameras: [Camera?], leastImages: Int = Self.leastImages) {
        precondition(rows.count == cameras.count, "\(cameras.count) cameras for \(rows.count) rows")
        var sums: [Camera: VectorSum] = [:]
        // The order of first appearance does not depend on the hash seed, so the same rows give the same bits.
        var order: [Camera] = []
        for (row, camera) in cameras.enumerated() {
            guard let camera else { continue }
            if sums[camera] == nil { order.append(camera) }
            sums[camera, default: VectorSum(dimensions: rows.dimensions)].add(rows[row])
        }
        self.init(
            dimensions: rows.dimensions,
            means: order.compactMap { camera in
                guard let sum = sums[camera], sum.count >= leastImages else { return nil }
                return (camera, sum.mean)
            })
    }

    /// The mean of a camera's images, or `common` if it has none of its own.
    public func mean(of camera: Camera?) -> [Float] { camera.flatMap { means[$0] } ?? common }

    /// The vector without its camera's mean, scaled to length 1; zero if the two are equal.
    public func normalized(_ vector: [Float], of camera: Camera?) -> [Float] {
        precondition(vector.count == common.count, "a vector of \(vector.count) for means of \(common.count)")
        let mean = mean(of: camera).map(Double.init)
        return unsafe [Float](unsafeUninitializedCapacity: vector.count) { normalized, count in
            guard let start = normalized.baseAddress else { return }
            unsafe c_normalize(vector, mean, vector.count, start)
            count = vector.count
        }
    }

    /// Each row without its camera's mean, scaled to length 1.
    public func normalized(_ rows: EmbeddingMatrix, of cameras: [Camera?]) -> EmbeddingMatrix {
        precondition(rows.count == cameras.count, "\(cameras.count) cameras for \(rows.count) rows")
        var result = EmbeddingMatrix(dimensions: rows.dimensions)
        for (row, camera) in cameras.enumerated() { result.append(normalized(rows[row], of: camera)) }
        return result
    }
}
