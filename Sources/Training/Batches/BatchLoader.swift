internal import CSPRModel
internal import Datasets
internal import Foundation
internal import Randomness

/// The input of one update.
struct TrainingBatch {
    /// Normalized, row-major [batch, 3, H, W].
    var images: [Float]
    /// The person on each image.
    var labels: [Int]
}

/// Prepares the batches of an epoch on its own threads, a few ahead of the trainer, and returns them in order.
///
/// The content of a batch depends only on the seed, the epoch, who looks alike, and the batch's number.
///
/// Unchecked Sendable: a thread changes the state only while it has locked `condition`.
final class BatchLoader: @unchecked Sendable {
    /// The number of batches per thread that may be ready or being prepared.
    private static let ahead = 2

    private let sets: [[Int]]
    private let images: [TrainingImage]
    private let store: ImageStore
    private let recipe: TrainingRecipe
    private let epoch: Int
    private let warn: @Sendable (String) -> Void
    private let threads: Int
    // Guarded by `condition`.
    private let condition = NSCondition()
    private var ready: [Int: Result<TrainingBatch, TrainingError>] = [:]
    private var nextToPrepare: Int
    private var nextToHandOut: Int
    private var isStopped = false
    private var running = 0

    /// Starts to prepare the batches of `epoch`, from number `first`; see `EpochSampler.alike`.
    init(
        _ images: [TrainingImage], store: ImageStore, recipe: TrainingRecipe, epoch: Int, from first: Int,
        threads: Int, alike: [[Int]]? = nil, warn: @escaping @Sendable (String) -> Void
    ) {
        self.images = images
        self.store = store
        self.recipe = recipe
        self.epoch = epoch
        self.threads = max(1, threads)
        self.warn = warn
        sets = EpochSampler(
            people: images.map(\.person), batch: recipe.batch, imagesPerPerson: recipe.imagesPerPerson,
            seed: recipe.seed, alike: alike
        ).batches(epoch: epoch)
        (nextToPrepare, nextToHandOut) = (first, first)
        running = self.threads
        for number in 0..<self.threads {
            let thread = Thread { [self] in prepare() }
            thread.name = "loader-\(number)"
            thread.start()
        }
    }

    /// The number of batches of the epoch.
    var batchCount: Int { sets.count }

    /// Waits for the next batch; nil after the last one, or when the loader is stopped.
    func next() throws(TrainingError) -> TrainingBatch? {
        condition.lock()
        defer { condition.unlock() }
        guard nextToHandOut < sets.count else { return nil }
        while !isStopped, ready[nextToHandOut] == nil { condition.wait() }
        guard !isStopped else { return nil }
        let result = ready.removeValue(forKey: nextToHandOut)
        nextToHandOut += 1
        condition.broadcast()
        return try result?.get()
    }

    /// Stops the threads, and returns when they have ended.
    func stop() {
        condition.lock()
        isStopped = true
        condition.broadcast()
        while running > 0 { condition.wait() }
        condition.unlock()
    }

    private func prepare() {
        while let number = take() {
            let result: Result<TrainingBatch, TrainingError>
            do { result = .success(try batch(number)) } catch { result = .failure(error) }
            condition.lock()
            ready[number] = result
            condition.broadcast()
            condition.unlock()
        }
        condition.lock()
        running -= 1
        condition.broadcast()
        condition.unlock()
    }

    /// The number of the next batch to prepare; nil if there is nothing left to do.
    private func take() -> Int? {
        condition.lock()
        defer { condition.unlock() }
        while !isStopped, nextToPrepare < sets.count, nextToPrepare - nextToHandOut >= Self.ahead * threads {
            condition.wait()
        }
        guard !isStopped, nextToPrepare < sets.count else { return nil }
        nextToPrepare += 1
        return nextToPrepare - 1
    }

    private func batch(_ number: Int) throws(TrainingError) -> TrainingBatch {
        let (height, width) = (recipe.network.height, recipe.network.widthPixels)
        let size = 3 * height * width
        var batch = TrainingBatch(images: Array(repeating: 0, count: sets[number].count * size), labels: [])
        for (place, index) in sets[number].enumerated() {
            let (image, found) = try store.image(index, warn: warn)
            batch.labels.append(images[found].person)
            let seed = SeededGenerator.seed(recipe.seed, [epoch, number, place])
            unsafe batch.images.withUnsafeMutableBufferPointer { images in
                guard let start = images.baseAddress else { return }
                unsafe recipe.augmentation.apply(
                    to: image, seed: seed, height: height, width: width, output: start + place * size)
            }
        }
        return batch
    }
}
