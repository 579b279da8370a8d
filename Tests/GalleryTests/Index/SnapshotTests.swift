import Gallery
import Ranking
import Synchronization
import Testing

/// A flag that is set once and seen by every thread.
private final class Flag: Sendable {
    private let value = Atomic(false)

    var isRaised: Bool { value.load(ordering: .acquiring) }

    func raise() { value.store(true, ordering: .releasing) }
}

@Suite struct SnapshotTests {
    static let times = (0..<6).map { Timestamp(milliseconds: 1_795_341_600_000 + Int64($0) * 60_000) }

    /// Six images of people 0, 1, 2, 0, 1, none; by cameras a, b, a, b, none, a; at minutes 0 to 4, none.
    static func fixture() throws -> StoreFixture {
        let fixture = try StoreFixture()
        let cameras = ["a", "b", "a", "b", nil, "a"]
        try fixture.enroll(
            try (0..<6).map { index in
                try .sample(
                    index, person: index < 5 ? "\(index % 3)" : nil, camera: cameras[index],
                    at: index < 5 ? times[index] : nil, externalID: "x\(index)")
            })
        return fixture
    }

    @Test(arguments: [
        (ImageFilter(cameras: ["a"]), [0, 2, 5]), (ImageFilter(cameras: ["a", "b"]), [0, 1, 2, 3, 5]),
        (ImageFilter(excludedCameras: ["a"]), [1, 3, 4]), (ImageFilter(cameras: ["a"], excludedCameras: ["a"]), []),
        (ImageFilter(capturedFrom: times[1]), [1, 2, 3, 4]), (ImageFilter(capturedTo: times[1]), [0, 1]),
        (ImageFilter(capturedFrom: times[2], capturedTo: times[2]), [2]), (ImageFilter(person: "0"), [0, 3]),
        (ImageFilter(externalID: "x4"), [4]), (ImageFilter(cameras: ["b"], person: "0"), [3]),
        (ImageFilter(person: "none"), []),
    ])
    func `a filter leaves exactly the matching images`(filter: ImageFilter, rows: [Int]) throws {
        let fixture = try Self.fixture()
        let snapshot = try fixture.store.snapshot(of: "lobby")
        #expect(try fixture.store.rows(of: snapshot, matching: filter)?.rows == rows)
        let page = try fixture.store.images(in: "lobby", filter: filter, limit: 1000)
        #expect(page.items.map(\.externalID) == rows.map { "x\($0)" })
        #expect(page.next == nil)
    }

    @Test func `no filter means all rows`() throws {
        let fixture = try Self.fixture()
        let snapshot = try fixture.store.snapshot(of: "lobby")
        #expect(try fixture.store.rows(of: snapshot, matching: ImageFilter()) == nil)
    }

    @Test func `a summary counts people, cameras and times`() throws {
        let fixture = try Self.fixture()
        let summary = try fixture.store.gallery("lobby")
        #expect([summary.images, summary.people] == [6, 3])
        #expect(summary.cameras == ["a", "b"])
        #expect(summary.capturedFrom == Self.times[0])
        #expect(summary.capturedTo == Self.times[4])
        #expect(summary.revision == 1)
        #expect(fixture.store.galleries() == [summary])
    }

    @Test func `a summary follows deletions as if the image had never been`() throws {
        let fixture = try Self.fixture()
        for image in try fixture.store.allImages() {
            try fixture.store.deleteImage(id: image.id)
            let live = try fixture.store.gallery("lobby")
            let folder = try fixture.folder.copyAsIfKilled()
            #expect(try StoreFixture.open(folder).gallery("lobby") == live)
        }
        let empty = try fixture.store.gallery("lobby")
        #expect([empty.images, empty.people, empty.cameras.count] == [0, 0, 0])
        #expect(empty.capturedFrom == nil)
        #expect(empty.revision == 7)
    }

    @Test func `a camera may come back after its last image was erased`() throws {
        let fixture = try StoreFixture()
        try fixture.enroll(try (0..<3).map { try .sample($0, camera: $0 < 2 ? "a" : "b") })
        try fixture.store.deleteImages(in: "lobby", matching: ImageFilter(cameras: ["a"]))
        #expect(try fixture.store.gallery("lobby").cameras == ["b"])
        let added = try fixture.enroll([try .sample(3, camera: "a")])
        let found = try fixture.store.images(in: "lobby", filter: ImageFilter(cameras: ["a"]), limit: 10)
        #expect(found.items.map(\.id) == added)
        #expect(try fixture.store.gallery("lobby").cameras == ["a", "b"])
    }

    @Test func `a page of images goes on where it stopped, whatever happened in between`() throws {
        let fixture = try Self.fixture()
        let all = try fixture.store.allImages().map(\.id)
        let first = try fixture.store.images(in: "lobby", limit: 2)
        try fixture.store.deleteImage(id: all[1])
        let added = try fixture.enroll([try .sample(100)])
        let second = try fixture.store.images(in: "lobby", limit: 2, cursor: first.next)
        let third = try fixture.store.images(in: "lobby", limit: 1000, cursor: second.next)
        #expect((first.items + second.items + third.items).map(\.id) == all + added)
        #expect(galleryError { _ = try fixture.store.images(in: "none", limit: 1) } == .unknownGallery("none"))
        #expect(
            galleryError { _ = try fixture.store.images(in: "lobby", limit: 1, cursor: "b1") } == .invalidCursor("b1"))
    }

    @Test func `nothing comes after the largest cursor there can be`() throws {
        let fixture = try Self.fixture()
        // The largest 64-bit integer in base 36.
        let key = "1y2p0ij32e8e7"
        #expect(try fixture.store.images(in: "lobby", limit: 1, cursor: "i" + key).items.isEmpty)
        let batch = try #require(try fixture.store.batches(limit: 1, cursor: "b" + key).items.first)
        #expect(try fixture.store.items(of: batch.id, limit: 1, cursor: "t" + key).items.isEmpty)
        #expect(try fixture.store.queries(limit: 1, cursor: "q" + key).items.isEmpty)
    }

    @Test func `a reader keeps the snapshot it started with`() throws {
        let fixture = try Self.fixture()
        let before = try fixture.store.snapshot(of: "lobby")
        let images = try fixture.store.allImages()
        let vectors = (0..<6).map { before.vectors[$0] }
        try fixture.enroll([try .sample(100)])
        try fixture.store.deleteImage(id: images[2].id)
        try fixture.store.deleteGallery("lobby")
        #expect(before.rows.map { before.key(ofRow: $0) } == images.map(\.key))
        #expect(before.rows.map { before.camera(ofRow: $0) } == images.map(\.cameraID))
        #expect((0..<6).map { before.vectors[$0] } == vectors && before.imageCount == 6)
        #expect(before.revision == 1)
        #expect(galleryError { _ = try fixture.store.snapshot(of: "lobby") } == .unknownGallery("lobby"))
    }

    @Test func `rows stay aligned over many blocks and deletions`() throws {
        let fixture = try StoreFixture()
        for start in stride(from: 0, to: 2500, by: 500) {
            try fixture.enroll(try (start..<start + 500).map { try .sample($0, externalID: "\($0)") })
        }
        for number in [0, 1023, 1024, 1500, 2499] {
            let image = try #require(try fixture.store.allImages().first { $0.externalID == "\(number)" })
            try fixture.store.deleteImage(id: image.id)
        }
        try fixture.enroll([try .sample(9999, externalID: "9999")])
        let snapshot = try fixture.store.snapshot(of: "lobby")
        #expect(snapshot.imageCount == 2496)
        #expect(snapshot.rows.count == 2496)
        let images = try fixture.store.allImages()
        #expect(images.count == 2496)
        for image in images {
            let number = try #require(image.externalID.flatMap { Int($0) })
            let row = try #require(snapshot.row(ofKey: image.key))
            #expect(snapshot.vectors[row] == unitVector(number))
        }
        let filter = try #require(try fixture.store.rows(of: snapshot, matching: ImageFilter()))
        #expect(filter.rows == snapshot.rows)
    }

    @Test func `readers see whole commits while a writer works`() async throws {
        let fixture = try StoreFixture()
        let isDone = Flag()
        let store = fixture.store
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<3 {
                group.addTask {
                    var last: Int64 = 0
                    while !isDone.isRaised {
                        let snapshot = try store.snapshot(of: "lobby")
                        // Every commit adds five images, and one revision.
                        #expect(snapshot.imageCount == Int(snapshot.revision) * 5)
                        #expect(snapshot.rows.count == snapshot.imageCount)
                        #expect(snapshot.summary.images == snapshot.vectors.rowCount)
                        #expect(snapshot.revision >= last)
                        last = snapshot.revision
                        if let row = snapshot.rows.last {
                            let key = snapshot.key(ofRow: row)
                            let image = try #require(try store.images(withKeys: [key])[key])
                            #expect(try store.image(id: image.id) == image)
                            #expect(try store.content(of: image.id).mediaType == "image/jpeg")
                        }
                    }
                }
            }
            for commit in 0..<20 {
                try fixture.enroll(try (0..<5).map { try .sample(commit * 5 + $0) })
            }
            isDone.raise()
            try await group.waitForAll()
        }
    }

    @Test func `two writers take turns`() async throws {
        let fixture = try StoreFixture()
        let batches = try (0..<4).map { _ in try fixture.runningBatch() }
        let store = fixture.store
        try await withThrowingTaskGroup(of: Void.self) { group in
            for (number, batch) in batches.enumerated() {
                group.addTask {
                    // Half of the images are the same in every batch.
                    for index in 0..<10 {
                        let image = try NewImage.sample(index < 5 ? index : 100 * number + index)
                        try store.record([ItemOutcome(index: index, name: nil, result: .image(image))], batch: batch)
                    }
                }
            }
            try await group.waitForAll()
        }
        let records = try batches.map { try store.batch(id: $0) }
        #expect(records.reduce(0) { $0 + $1.enrolled } == 25)
        #expect(records.reduce(0) { $0 + $1.duplicate } == 15)
        #expect(try store.snapshot(of: "lobby").imageCount == 25)
    }
}
