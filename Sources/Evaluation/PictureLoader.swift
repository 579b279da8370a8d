internal import CSPRModel
internal import Datasets
internal import Dispatch
internal import Foundation
internal import Imaging
internal import Synchronization

/// Decodes pictures and makes them the network's input, the next batch while the network computes.
struct PictureLoader: Sendable {
    /// A batch of network inputs, as far as its pictures decoded.
    struct Batch: Sendable {
        /// Places in the list of pictures.
        var places: [Int] = []
        /// [places.count, 3, H, W].
        var inputs: [Float] = []
        /// Pictures that did not decode.
        var failures: [PictureFailure] = []
    }

    /// A batch in the making.
    private final class Pending: Sendable {
        private let batch = Mutex<Batch?>(nil)
        private let isDone = DispatchSemaphore(value: 0)

        func fulfil(_ made: Batch) {
            batch.withLock { $0 = made }
            isDone.signal()
        }

        func wait() -> Batch {
            isDone.wait()
            return batch.withLock { $0 ?? Batch() }
        }
    }

    private let pictures: [TestPicture]
    private let preprocessing: Preprocessing
    private let batch: Int

    init(_ pictures: [TestPicture], _ preprocessing: Preprocessing, batch: Int) {
        self.pictures = pictures
        self.preprocessing = preprocessing
        self.batch = batch
    }

    /// Calls `body` with every batch, in order.
    func forEachBatch(_ body: (Batch) throws(EvaluationError) -> Void) throws(EvaluationError) {
        var pending = pictures.isEmpty ? nil : begin(0)
        for start in stride(from: 0, to: pictures.count, by: batch) {
            guard let current = pending else { return }
            let made = current.wait()
            pending = start + batch < pictures.count ? begin(start + batch) : nil
            try body(made)
        }
    }

    private func begin(_ start: Int) -> Pending {
        let pending = Pending()
        DispatchQueue.global(qos: .userInitiated).async {
            var made = Batch()
            for place in start..<min(start + batch, pictures.count) {
                do {
                    made.inputs += preprocessing.prepare(
                        try Self.decode(pictures[place], covering: (preprocessing.width, preprocessing.height)))
                    made.places.append(place)
                } catch {
                    let reason = (error as? ImageError).map { "\($0)" } ?? error.localizedDescription
                    made.failures.append(PictureFailure(path: pictures[place].path, reason: reason))
                }
            }
            pending.fulfil(made)
        }
        return pending
    }

    /// The picture, or the part of it that shows the person.
    static func decode(_ picture: TestPicture, covering size: (width: Int, height: Int)) throws -> RGBImage {
        let bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: picture.path)))
        let image = try decodeImage(
            bytes, formats: ImageFormat.allCases, covering: picture.box == nil ? size : nil)
        guard let box = picture.box else { return image }
        guard box.x + box.width <= image.width, box.y + box.height <= image.height else {
            throw ImageError.corrupt(
                reason: "a box that reaches beyond its \(image.width)×\(image.height) pixels")
        }
        return image.cropped(x: box.x, y: box.y, width: box.width, height: box.height)
    }
}
