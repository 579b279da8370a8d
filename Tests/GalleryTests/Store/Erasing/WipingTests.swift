import Dispatch
import GRDB
import Ranking
import Synchronization
import Testing

@testable import Gallery

/// Erasing many images: they are marked at once, and wiped from the disk in the background.
@Suite struct WipingTests {
    /// A way to come by an image.
    enum Reader: CaseIterable {
        case id, content, key, list, ids, externalID, person, camera, time, nearest, presence, batchItems, newRanking
        case savedRanking, erasure

        /// Whether the image is there for this reader.
        func finds(_ image: GalleryImage, in store: GalleryStore) throws -> Bool {
            func lists(_ filter: ImageFilter) throws -> Bool {
                try store.images(in: "lobby", filter: filter, limit: 1000).items.contains { $0.id == image.id }
            }
            switch self {
            case .id: return galleryError { _ = try store.image(id: image.id) } != .unknownImage(image.id)
            case .content: return galleryError { _ = try store.content(of: image.id) } != .unknownImage(image.id)
            case .key: return try store.images(withKeys: [image.key])[image.key] != nil
            case .list: return try lists(ImageFilter())
            case .ids: return try lists(ImageFilter(ids: [image.id]))
            case .externalID: return try lists(ImageFilter(externalID: image.externalID))
            case .person: return try lists(ImageFilter(person: image.personID))
            case .camera: return try lists(ImageFilter(cameras: [image.cameraID ?? ""]))
            case .time: return try lists(ImageFilter(capturedFrom: image.capturedAt, capturedTo: image.capturedAt))
            case .nearest:
                let snapshot = try store.snapshot(of: "lobby")
                let vector = unitVector(try #require(image.externalID.flatMap { Int($0) }))
                let rows = try store.rows(of: snapshot, matching: ImageFilter())
                let nearest = try snapshot.vectors.nearest(to: vector, count: 1, where: rows)
                return nearest.map { snapshot.key(ofRow: $0.row) } == [image.key]
            case .presence: return try store.hasImages([image.id])
            case .batchItems:
                let batches = try store.batches(limit: 1000).items
                let items = try batches.flatMap { try store.items(of: $0.id, limit: 1000).items }
                return items.contains { $0.imageID == image.id || $0.name == image.name }
            case .newRanking:
                let ranking = NewRanking(content: [1], galleryRevision: 1, images: [image.id])
                let query = try store.keepQuery(.sample(), ranking: ranking)
                return try store.ranking(of: query.id) != nil
            case .savedRanking:
                let query = try store.keepQuery(.sample())
                try store.saveRanking([1], of: query.id, galleryRevision: 1, showing: [image.id])
                return try store.ranking(of: query.id) != nil
            case .erasure:
                // Last, because it does what it looks for.
                return try store.deleteImages(in: "lobby", matching: ImageFilter(ids: [image.id])).count == 1
            }
        }
    }

    /// Enrolls images with these numbers, each with a camera, a person, a time, an external id and a name of its own kind.
    private func fill(_ fixture: StoreFixture, _ numbers: Range<Int>) throws {
        let batch = try fixture.runningBatch()
        try fixture.store.record(
            try numbers.map { number in
                let time = FilteredErasureTests.start.adding(seconds: 60 * Int64(number))
                let image = try NewImage.sample(
                    number, person: "p\(number % 4)", camera: "c\(number % 2)", at: time, externalID: "\(number)",
                    name: "\(number).png")
                return ItemOutcome(index: number, name: "\(number).png", result: .image(image))
            }, batch: batch)
    }

    @Test(arguments: Reader.allCases)
    func `nothing finds an image that is erased and not wiped yet`(reader: Reader) throws {
        let fixture = try StoreFixture()
        try fill(fixture, 0..<12)
        let images = try fixture.store.allImages()
        try fixture.store.withoutWiping {
            let erased = try fixture.store.deleteImages(
                in: "lobby", matching: ImageFilter(person: "p1"), wipingUpTo: 0)
            #expect(erased == ErasedImages(count: 3, waiting: 3))
            #expect(try !reader.finds(images[5], in: fixture.store))
            #expect(try reader.finds(images[6], in: fixture.store))
        }
    }

    @Test func `a mean that is due is made of the images that are not erased`() throws {
        let fixture = try StoreFixture()
        try fixture.enroll(try (0..<80).map { try .sample($0, person: "p\($0 / 45)", camera: "a") })
        try fixture.store.withoutWiping {
            try fixture.store.deleteImages(in: "lobby", matching: ImageFilter(person: "p0"), wipingUpTo: 0)
            let plain = (0..<8).map { index in
                Float((45..<80).reduce(0.0) { $0 + Double(unitVector($1)[index]) } / 35)
            }
            #expect(try fixture.store.snapshot(of: "lobby").cameraMeans.mean(of: "a") == plain)
        }
    }

    @Test func `an image that waits to be wiped may be enrolled again`() throws {
        let fixture = try StoreFixture()
        let store = fixture.store
        try fill(fixture, 0..<60)
        let before = try store.allImages()
        try store.withoutWiping {
            try store.deleteImages(in: "lobby", matching: ImageFilter(cameras: ["c1"]), wipingUpTo: 0)
            try fill(fixture, 1..<5)
            #expect(try store.imagesToWipe() == 28)
            let again = try store.allImages().filter { $0.cameraID == "c1" }
            #expect(again.map(\.externalID) == ["1", "3"])
            #expect(Set(again.map(\.id)).isDisjoint(with: before.map(\.id)))
            #expect(try store.gallery("lobby").images == 32)
            let batch = try #require(try store.batches(limit: 1).items.first)
            #expect([batch.enrolled, batch.duplicate] == [2, 2])
            let copy = try fixture.folder.copyAsIfKilled()
            #expect(try StoreFixture.open(copy).allImages() == store.allImages())
        }
        let shown = try store.allImages()
        try store.finishWiping()
        #expect(try store.imagesToWipe() == 0)
        #expect(try store.allImages() == shown)
        #expect(try store.images(in: "lobby", filter: ImageFilter(cameras: ["c1"]), limit: 9).items.count == 2)
        let kept = try store.read { try Int.fetchOne($0, sql: "SELECT count(*) FROM image") }
        #expect(kept == 32)
    }

    @Test func `a store that is closed stops wiping, and the next one goes on`() throws {
        let fixture = try StoreFixture()
        try fill(fixture, 0..<400)
        let filter = ImageFilter(cameras: ["c0"])
        try fixture.store.withoutWiping {
            let erased = try fixture.store.deleteImages(in: "lobby", matching: filter)
            #expect(erased == ErasedImages(count: 200, waiting: 200))
            fixture.store.wiper.isStopped.store(true, ordering: .relaxed)
        }
        try fixture.store.finishWiping()
        #expect(try fixture.store.imagesToWipe() == 200, "it is stopped before the next transaction")
        try fixture.store.close()
        let store = try StoreFixture.open(fixture.folder)
        #expect(try store.gallery("lobby").images == 200)
        try store.finishWiping()
        let kept = try store.read { try Int.fetchOne($0, sql: "SELECT count(*) FROM image") }
        #expect(kept == 200)
        // Whatever the moment.
        #expect(try store.deleteImages(in: "lobby", matching: ImageFilter(cameras: ["c1"])).waiting == 200)
        try store.close()
        let last = try StoreFixture.open(fixture.folder)
        #expect(try last.allImages().isEmpty)
        try last.finishWiping()
        #expect(try last.read { try Int.fetchOne($0, sql: "SELECT count(*) FROM image") } == 0)
    }

    @Test func `what a reader holds up is wiped when it is gone`() throws {
        let fixture = try StoreFixture()
        let mark = ErasureTests.marker(1)
        try fixture.enroll([try .sample(1, bytes: ErasureTests.image(1, size: 20_000), person: "p")])
        // Brings the image into the database file, where only a checkpoint overwrites it.
        try fixture.store.deleteImage(id: try #require(try fixture.enroll([try .sample(2)]).first))
        let reader = try DatabaseQueue(path: fixture.folder.database)
        try reader.inTransaction(.deferred) { db in
            let images = try Int.fetchOne(db, sql: "SELECT count(*) FROM image")
            #expect(images == 1)
            try fixture.store.deleteImages(in: "lobby", matching: ImageFilter(person: "p"), wipingUpTo: 0)
            #expect(galleryError { try fixture.store.finishWiping() } == .locked(path: fixture.folder.database))
            return .commit
        }
        #expect(try fixture.folder.storedBytes().holds(mark))
        try fixture.store.finishWiping()
        #expect(try !fixture.folder.storedBytes().holds(mark))
    }

    @Test func `a gallery takes the images along that wait to be wiped`() throws {
        let fixture = try StoreFixture()
        try fill(fixture, 0..<10)
        try fixture.store.withoutWiping {
            try fixture.store.deleteImages(in: "lobby", matching: ImageFilter(person: "p1"), wipingUpTo: 0)
            #expect(try fixture.store.imagesToWipe() == 3)
            try fixture.store.deleteGallery("lobby")
            #expect(try fixture.store.imagesToWipe() == 0)
        }
        try fixture.store.finishWiping()
    }
}

extension GalleryStore {
    /// Runs `body` while nothing is wiped in the background, as if the process were killed before.
    func withoutWiping(_ body: () throws -> Void) rethrows {
        wiper.queue.suspend()
        defer { wiper.queue.resume() }
        try body()
    }
}
