internal import Datasets
internal import Imaging
internal import Synchronization
internal import TensorFiles

/// The decoded training images; each is decoded only once if the memory limit allows.
final class ImageStore: Sendable {
    /// How much larger than the network's input an image in memory may be, so that crops keep their resolution.
    private static let margin = 1.25

    private struct State {
        var images: [Int: RGBImage] = [:]
        var bytes = 0
        var failures: [Int: String] = [:]
    }

    private let images: [TrainingImage]
    private let width: Int
    private let height: Int
    private let limit: Int
    private let isStrict: Bool
    private let state = Mutex(State())

    /// Images for a network input of `width` × `height`; keeps decoded images in memory, up to `limit` bytes.
    init(_ images: [TrainingImage], width: Int, height: Int, limit: Int, isStrict: Bool) {
        self.images = images
        self.width = Int(Double(width) * Self.margin)
        self.height = Int(Double(height) * Self.margin)
        self.limit = limit
        self.isStrict = isStrict
    }

    /// The number of images that could not be decoded so far.
    var failureCount: Int { state.withLock { $0.failures.count } }

    /// The image with this index, or, if it cannot be decoded, the next one that can; `warn` is called once for each
    /// failure.
    ///
    /// - Returns: The image and its index.
    /// - Throws: `TrainingError.undecodable` if failures are not allowed, or no image can be decoded.
    func image(_ index: Int, warn: (String) -> Void) throws(TrainingError) -> (image: RGBImage, index: Int) {
        for offset in images.indices {
            let candidate = (index + offset) % images.count
            if let image = try load(candidate, warn: warn) { return (image, candidate) }
        }
        throw .undecodable(path: images[index].path, reason: "none of the images can be decoded")
    }

    private func load(_ index: Int, warn: (String) -> Void) throws(TrainingError) -> RGBImage? {
        let (kept, hasFailed) = state.withLock { ($0.images[index], $0.failures[index] != nil) }
        if let kept { return kept }
        guard !hasFailed else { return nil }
        let path = images[index].path
        let image: RGBImage
        do { image = try decode(path) } catch {
            let reason = (error as? FileError)?.reason ?? "\(error)"
            let isNew = state.withLock { $0.failures.updateValue(reason, forKey: index) == nil }
            guard !isStrict else { throw .undecodable(path: path, reason: reason) }
            if isNew { warn("\(path): \(reason); skipped") }
            return nil
        }
        state.withLock { state in
            guard state.images[index] == nil, state.bytes + image.pixels.count <= limit else { return }
            state.images[index] = image
            state.bytes += image.pixels.count
        }
        return image
    }

    private func decode(_ path: String) throws -> RGBImage {
        let image = try decodeImage(try readRegularFile(path), covering: (width, height))
        // The proportions stay, because crops depend on them.
        let scale = max(Double(width) / Double(image.width), Double(height) / Double(image.height))
        guard scale < 1 else { return image }
        return image.resized(
            width: Int((scale * Double(image.width)).rounded()), height: Int((scale * Double(image.height)).rounded()))
    }
}
