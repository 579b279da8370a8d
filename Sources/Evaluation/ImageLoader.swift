internal import CSPRModel
internal import Datasets
internal import Dispatch
internal import Foundation
internal import Imaging
internal import Synchronization
internal import TensorFiles

/// Decodes images and converts them to the network's input; prepares the next batch while the network computes.
struct ImageLoader: Sendable {
    /// A batch of network inputs, without the images that could not be decoded.
    struct Batch: Sendable {
        /// The indices of the images in the list.
        var places: [Int] = []
        /// [places.count, 3, H, W].
        var inputs: [Float] = []
        /// The images that could not be decoded.
        var failures: [ImageFailure] = []
    }

    /// A batch that is being prepared.
    private final class Pending: Sendable {
        private let batch = Mutex<Batch?>(nil)
        private let isDone = DispatchSemaphore(value: 0)

        func fulfill(_ made: Batch) {
            batch.withLock { $0 = made }
            isDone.signal()
        }

        func wait() -> Batch {
            isDone.wait()
            return batch.withLock { $0 ?? Batch() }
        }
    }

    private let images: [TestImage]
    private let preprocessing: Preprocessing
    private let batch: Int

    init(_ images: [TestImage], _ preprocessing: Preprocessing, batch: Int) {
        self.images = images
        self.preprocessing = preprocessing
        self.batch = batch
    }

    /// Calls `body` with every batch, in order.
    func forEachBatch(_ body: (Batch) throws(EvaluationError) -> Void) throws(EvaluationError) {
        var pending = images.isEmpty ? nil : begin(0)
        for start in stride(from: 0, to: images.count, by: batch) {
            guard let current = pending else { return }
            let made = current.wait()
            pending = start + batch < images.count ? begin(start + batch) : nil
            try body(made)
        }
    }

    private func begin(_ start: Int) -> Pending {
        let pending = Pending()
        DispatchQueue.global(qos: .userInitiated).async {
            var made = Batch()
            for place in start..<min(start + batch, images.count) {
                do {
                    made.inputs += preprocessing.prepare(
                        try Self.decode(images[place], covering: (preprocessing.width, preprocessing.height)))
                    made.places.append(place)
                } catch {
                    let reason = (error as? FileError)?.reason ?? "\(error)"
                    made.failures.append(ImageFailure(path: images[place].path, reason: reason))
                }
            }
            pending.fulfill(made)
        }
        return pending
    }

    /// The image, or the part of it that shows the person.
    static func decode(_ image: TestImage, covering size: (width: Int, height: Int)) throws -> RGBImage {
        let bytes = try readRegularFile(image.path)
        let decoded = try decodeImage(
            bytes, formats: ImageFormat.allCases, covering: image.box == nil ? size : nil)
        guard let box = image.box else { return decoded }
        guard box.x + box.width <= decoded.width, box.y + box.height <= decoded.height else {
            throw ImageError.corrupt(
                reason: "a box that reaches beyond its \(decoded.width)×\(decoded.height) pixels")
        }
        return decoded.cropped(x: box.x, y: box.y, width: box.width, height: box.height)
    }
}
