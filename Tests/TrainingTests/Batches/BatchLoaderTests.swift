import CSPRModel
import Datasets
import Dispatch
import Foundation
import Imaging
import Synchronization
import Testing

@testable import Training

@Suite struct BatchLoaderTests {
    private static let (height, width) = (24, 8)

    private static func recipe(batch: Int = 4, perPerson: Int = 0) -> TrainingRecipe {
        var recipe = TrainingRecipe()
        (recipe.network.height, recipe.network.widthPixels) = (height, width)
        (recipe.batch, recipe.imagesPerPerson) = (batch, perPerson)
        return recipe
    }

    private func store(_ folder: ImageFolder, limit: Int = 1 << 20, isStrict: Bool = false) -> ImageStore {
        ImageStore(folder.images, width: Self.width, height: Self.height, limit: limit, isStrict: isStrict)
    }

    /// The batches that a loader returns for an epoch.
    private func batches(
        _ folder: ImageFolder, _ store: ImageStore, recipe: TrainingRecipe = recipe(), epoch: Int = 0,
        from first: Int = 0,
        threads: Int = 1, warn: @escaping @Sendable (String) -> Void = { _ in }
    ) throws -> [TrainingBatch] {
        let loader = BatchLoader(
            folder.images, store: store, recipe: recipe, epoch: epoch, from: first, threads: threads, warn: warn)
        defer { loader.stop() }
        var batches: [TrainingBatch] = []
        while let batch = try loader.next() { batches.append(batch) }
        return batches
    }

    /// The level of a channel of one image of a batch where nothing is erased, in 0...255.
    private func level(_ batch: TrainingBatch, _ image: Int, channel: Int) -> Int {
        let area = Self.height * Self.width
        let plane = batch.images[(image * 3 + channel) * area..<(image * 3 + channel + 1) * area]
        let value = plane.first { $0 != 0 } ?? 0
        return Int(((value * Preprocessing.deviation[channel] + Preprocessing.mean[channel]) * 255).rounded())
    }

    @Test func `batches hold the sampler's images in their order, with their people`() throws {
        let folder = try ImageFolder(18, people: 5)
        let recipe = Self.recipe()
        let sets = EpochSampler(people: folder.images.map(\.person), batch: 4, imagesPerPerson: 0, seed: 1)
            .batches(epoch: 2)
        let found = try batches(folder, store(folder), recipe: recipe, epoch: 2)
        #expect(found.count == 4)
        for (batch, set) in zip(found, sets) {
            #expect(batch.images.count == 4 * 3 * Self.height * Self.width)
            #expect(batch.labels == set.map { folder.images[$0].person })
            #expect((0..<4).map { level(batch, $0, channel: 0) } == batch.labels.map { 20 * $0 })
            #expect((0..<4).map { level(batch, $0, channel: 1) } == set.map { 10 * $0 })
        }
    }

    @Test(arguments: [0, 2])
    func `neither threads nor memory nor where it begins change a batch`(perPerson: Int) throws {
        let folder = try ImageFolder(21, people: 4)
        let recipe = Self.recipe(perPerson: perPerson)
        let expected = try batches(folder, store(folder), recipe: recipe, epoch: 1)
        let kept = store(folder)
        for threads in [2, 3, 8] {
            for store in [kept, store(folder, limit: 0), store(folder, limit: 2000)] {
                let found = try batches(folder, store, recipe: recipe, epoch: 1, threads: threads)
                #expect(found.map(\.images) == expected.map(\.images) && found.map(\.labels) == expected.map(\.labels))
            }
        }
        let rest = try batches(folder, kept, recipe: recipe, epoch: 1, from: 3, threads: 2)
        #expect(rest.map(\.images) == expected.dropFirst(3).map(\.images))
        #expect(try batches(folder, kept, recipe: recipe, epoch: 2).map(\.images) != expected.map(\.images))
    }

    @Test func `images that are kept are not read again`() throws {
        let folder = try ImageFolder(8, people: 2)
        let kept = store(folder)
        let first = try batches(folder, kept)
        for index in folder.images.indices { try folder.remove(index) }
        #expect(try batches(folder, kept).map(\.images) == first.map(\.images))
        #expect(kept.failureCount == 0)
    }

    @Test(arguments: [1, 3])
    func `an image that does not decode is named once, counted, and replaced by the next`(threads: Int) throws {
        let folder = try ImageFolder(10, people: 3)
        try folder.spoil(4)
        try folder.remove(9)
        let warnings = Mutex<[String]>([])
        let store = store(folder, limit: 0)
        let sets = EpochSampler(people: folder.images.map(\.person), batch: 5, imagesPerPerson: 0, seed: 1)
        for epoch in 0..<3 {
            let found = try batches(folder, store, recipe: Self.recipe(batch: 5), epoch: epoch, threads: threads) {
                warning in
                warnings.withLock { $0.append(warning) }
            }
            for (batch, set) in zip(found, sets.batches(epoch: epoch)) {
                let shown = set.map { [4: 5, 9: 0][$0] ?? $0 }
                #expect(batch.labels == shown.map { folder.images[$0].person })
                #expect((0..<5).map { level(batch, $0, channel: 1) } == shown.map { 10 * $0 })
            }
        }
        let named = warnings.withLock { $0.sorted() }
        #expect(named.count == 2 && store.failureCount == 2)
        #expect(named[0].hasPrefix("\(folder.images[4].path): \(ImageError.unsupportedFormat)"))
        #expect(named[1].hasPrefix("\(folder.images[9].path): "))
    }

    @Test func `an image that does not decode is an error where none may be skipped`() throws {
        let folder = try ImageFolder(8, people: 2)
        try folder.spoil(3)
        let strict = store(folder, isStrict: true)
        #expect(
            throws: TrainingError.undecodable(
                path: folder.images[3].path, reason: "\(ImageError.unsupportedFormat)")
        ) { try batches(folder, strict, threads: 2) }
    }

    @Test func `a folder where nothing decodes is an error`() throws {
        let folder = try ImageFolder(4, people: 2)
        for index in 0..<4 { try folder.spoil(index) }
        #expect(throws: TrainingError.self) { try batches(folder, store(folder)) }
    }

    @Test(.timeLimit(.minutes(1)), arguments: [1, 4])
    func `a loader can be stopped before its end`(threads: Int) throws {
        let folder = try ImageFolder(20, people: 2)
        for taken in [0, 1, 4] {
            let loader = BatchLoader(
                folder.images, store: store(folder), recipe: Self.recipe(), epoch: 0, from: 0, threads: threads
            ) { _ in }
            for _ in 0..<taken { #expect(try loader.next() != nil) }
            loader.stop()
            loader.stop()
        }
    }

    @Test func `a stopped loader hands out no more`() throws {
        let folder = try ImageFolder(20, people: 2)
        let loader = BatchLoader(
            folder.images, store: store(folder), recipe: Self.recipe(), epoch: 0, from: 0, threads: 1
        ) { _ in }
        loader.stop()
        let isDone = DispatchSemaphore(value: 0)
        Thread.detachNewThread {
            while (try? loader.next()) != nil {}
            isDone.signal()
        }
        #expect(isDone.wait(timeout: .now() + 30) == .success)
    }

    @Test(arguments: [(400, 800), (400, 500), (90, 900), (8, 24), (3, 100)])
    func `large images are kept small, in their proportions`(width: Int, height: Int) throws {
        let folder = try ImageFolder(1, people: 1, width: width, height: height)
        let image = try store(folder).image(0) { _ in }.image
        let aspect = Double(image.width) / Double(image.height) * Double(height) / Double(width)
        // Sides of at least 10 pixels are rounded to whole ones.
        #expect((0.95...1.05).contains(aspect), "\(image.width)×\(image.height)")
        // Crops are not enlarged more than they would be from the file.
        #expect(image.width >= min(width, Self.width) && image.height >= min(height, Self.height))
        #expect(image.width <= 2 * Self.width || image.height <= 2 * Self.height)
    }
}
