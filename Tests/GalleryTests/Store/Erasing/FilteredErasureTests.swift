import GRDB
import Ranking
import Testing

@testable import Gallery

/// Erasing the images of a gallery that match a filter.
@Suite struct FilteredErasureTests {
    static let start = Timestamp(milliseconds: 1_795_341_600_000)

    /// Enrolls 99 images: nine people, three cameras of 33 images each, minutes 0 to 98.
    private func fill(_ fixture: StoreFixture) throws {
        try fixture.enroll(
            try (0..<99).map {
                try .sample(
                    $0, person: "p\($0 / 11)", camera: "c\($0 % 3)",
                    at: $0 == 50 ? nil : Self.start.adding(seconds: 60 * Int64($0)), externalID: "e\($0)",
                    name: "\($0).png")
            })
    }

    /// What a gallery has, without ids and revisions, which are never the same twice.
    private struct Contents: Equatable {
        var images: [String?] = []
        var counts: [Int] = []
        var names: [[String]] = []
        var times: [Timestamp?] = []
        var means: [[Float]] = []
        var nearest: [[String?]] = []
        /// What the database holds, also of images that are not shown any more; empty while they wait to be wiped.
        var rows: [String] = []

        init(_ store: GalleryStore, isWiped: Bool = true) throws {
            images = try store.allImages().map(\.externalID)
            let summary = try store.gallery("lobby")
            counts = [summary.images, summary.people]
            names = [summary.cameras, summary.camerasWithMean]
            times = [summary.capturedFrom, summary.capturedTo]
            let snapshot = try store.snapshot(of: "lobby")
            means = snapshot.cameraMeans.cameras.map { snapshot.cameraMeans.mean(of: $0) }
            let all = try store.rows(of: snapshot, matching: ImageFilter())
            for seed in [3, 40, 1_000] {
                let keys = try snapshot.vectors.nearest(to: unitVector(seed), count: 20, where: all)
                    .map { snapshot.key(ofRow: $0.row) }
                let shown = try store.images(withKeys: keys)
                nearest.append(keys.map { shown[$0]?.externalID })
            }
            guard isWiped else { return }
            rows = try store.read { db in
                try String.fetchAll(
                    db,
                    sql: """
                        SELECT label FROM person UNION ALL SELECT label || images FROM camera
                        UNION ALL SELECT count(*) FROM embedding UNION ALL SELECT count(*) FROM image_content
                        UNION ALL SELECT count(name) || '/' || count(image) || '/' || count(*) FROM batch_item ORDER BY 1
                        """)
            }
        }
    }

    @Test(arguments: [
        ImageFilter(cameras: ["c1"]), ImageFilter(cameras: ["c0", "c2"]), ImageFilter(excludedCameras: ["c1"]),
        ImageFilter(capturedFrom: start.adding(seconds: 3000)), ImageFilter(capturedTo: start.adding(seconds: 600)),
        ImageFilter(person: "p4"), ImageFilter(cameras: ["c1"], person: "p4"), ImageFilter(externalID: "e7"),
        ImageFilter(person: "nobody"), ImageFilter(capturedFrom: start),
    ])
    func `erasing by a filter is erasing its images one by one, also after a restart`(filter: ImageFilter) throws {
        let (whole, single) = (try StoreFixture(), try StoreFixture())
        for fixture in [whole, single] { try fill(fixture) }
        let before = try whole.store.snapshot(of: "lobby")
        let matching = try single.store.images(in: "lobby", filter: filter, limit: 1000).items
        for image in matching { try single.store.deleteImage(id: image.id) }
        #expect(
            try whole.store.deleteImages(in: "lobby", matching: filter, atMost: 7)
                == ErasedImages(count: matching.count, waiting: 0))
        let expected = try Contents(single.store)
        #expect(try Contents(whole.store) == expected)
        #expect(expected.images.count == 99 - matching.count)
        #expect(try whole.store.images(in: "lobby", filter: filter, limit: 1000).items.isEmpty)
        for withIndex in [true, false] {
            let copy = try whole.folder.copyAsIfKilled(withIndex: withIndex)
            #expect(try Contents(StoreFixture.open(copy)) == expected)
        }
        #expect(before.imageCount == 99 && before.rows.count == 99, "a reader keeps what it started with")
    }

    @Test(arguments: [
        ImageFilter(cameras: ["c1"]), ImageFilter(excludedCameras: ["c1"]), ImageFilter(capturedFrom: start),
    ])
    func `erasing that is wiped later shows the same at once, and leaves the same`(filter: ImageFilter) throws {
        let (later, atOnce) = (try StoreFixture(), try StoreFixture())
        for fixture in [later, atOnce] { try fill(fixture) }
        let count = try atOnce.store.deleteImages(in: "lobby", matching: filter).count
        var shown = try Contents(atOnce.store)
        let rows = shown.rows
        shown.rows = []
        try later.store.withoutWiping {
            let erased = try later.store.deleteImages(in: "lobby", matching: filter, atMost: 20, wipingUpTo: 0)
            #expect(erased == ErasedImages(count: count, waiting: count))
            #expect(try later.store.imagesToWipe() == count)
            #expect(try Contents(later.store, isWiped: false) == shown)
            // Killed before anything is wiped, or after a part.
            for step in 0..<2 {
                if step == 1 { #expect(try later.store.wipeSome(atMost: 20).images == 20) }
                for withIndex in [true, false] {
                    let copy = try later.folder.copyAsIfKilled(withIndex: withIndex)
                    let store = try StoreFixture.open(copy)
                    #expect(try Contents(store, isWiped: false) == shown)
                    try store.finishWiping()
                    #expect(try Contents(store).rows == rows)
                }
            }
        }
        try later.store.finishWiping()
        #expect(try later.store.imagesToWipe() == 0)
        shown.rows = rows
        #expect(try Contents(later.store) == shown)
    }

    @Test func `ids are a filter of their own gallery alone, and join the others`() throws {
        let fixture = try StoreFixture()
        try fixture.store.createGallery(
            try #require(GalleryName("garage")), model: StoreFixture.model, dimensions: 8)
        try fill(fixture)
        let elsewhere = try fixture.enroll([try .sample(1, camera: "c1")], in: "garage")
        let ids = try fixture.store.allImages().map(\.id)
        func erase(_ filter: ImageFilter) throws -> Int {
            try fixture.store.deleteImages(in: "lobby", matching: filter).count
        }
        #expect(try erase(ImageFilter(ids: [elsewhere[0], "i_none"])) == 0)
        #expect(try erase(ImageFilter(cameras: ["c1"], ids: [ids[0], ids[1]])) == 1)
        #expect(try erase(ImageFilter(externalID: "e4", ids: [ids[4], ids[5]])) == 1)
        #expect(try erase(ImageFilter(ids: [ids[0], ids[1], ids[2]])) == 2, "the second is gone already")
        #expect(try fixture.store.allImages().map(\.id) == [ids[3]] + ids[5...])
        #expect(try fixture.store.gallery("garage").images == 1)
        #expect(
            galleryError { _ = try fixture.store.deleteImages(in: "none", matching: ImageFilter(person: "p0")) }
                == .unknownGallery("none"))
    }

    @Test func `an erasure that stops half-way is a clean beginning, and the repeat ends it`() throws {
        let fixture = try StoreFixture()
        try fill(fixture)
        let filter = ImageFilter(excludedCameras: ["c1"])
        func erase(_ store: GalleryStore, stopping: Bool) throws -> Int {
            try store.deleteImages(in: "lobby", matching: filter, atMost: 10, isCancelled: { stopping }) {
                AuditEvent(.imagesDelete, actor: "dock", target: "lobby", details: #"{"erased":\#($0)}"#)
            }.count
        }
        #expect(try erase(fixture.store, stopping: true) == 10)
        let copy = try fixture.folder.copyAsIfKilled(withIndex: true)
        let restarted = try StoreFixture.open(copy)
        #expect(try Contents(restarted) == Contents(fixture.store))
        #expect(try restarted.allImages().prefix(6).map(\.externalID) == ["e1", "e4", "e7", "e10", "e13", "e15"])
        #expect(try erase(restarted, stopping: false) == 56)
        #expect(try erase(restarted, stopping: false) == 0)
        #expect(try restarted.gallery("lobby").cameras == ["c1"])
        let rows = try restarted.audit(after: 0, limit: 100)
        #expect(rows.map(\.details) == [10, 10, 10, 10, 10, 10, 6, 0].map { #"{"erased":\#($0)}"# })
        #expect(rows.map(\.outcome) == Array(repeating: "ok", count: 7) + ["unchanged"])
    }

    @Test func `a mean is made anew of the images that are left, if they are less than half`() throws {
        let fixture = try StoreFixture()
        try fixture.enroll(try (0..<80).map { try .sample($0, person: "p\($0 / 20)", camera: "a") })
        let whole = try fixture.store.snapshot(of: "lobby").cameraMeans.mean(of: "a")
        try fixture.store.deleteImages(in: "lobby", matching: ImageFilter(person: "p0"))
        #expect(try fixture.store.snapshot(of: "lobby").cameraMeans.mean(of: "a") == whole)
        try fixture.enroll(try (80..<100).map { try .sample($0, person: "p4", camera: "a") })
        let ids = try fixture.store.allImages().suffix(45).map(\.id)
        try fixture.store.deleteImages(in: "lobby", matching: ImageFilter(ids: Set(ids)))
        let plain = (0..<8).map { index in
            Float((20..<55).reduce(0.0) { $0 + Double(unitVector($1)[index]) } / 35)
        }
        #expect(try fixture.store.snapshot(of: "lobby").cameraMeans.mean(of: "a") == plain)
    }

    @Test func `rankings that show one of the images go, and the others stay`() throws {
        let fixture = try StoreFixture()
        try fill(fixture)
        let ids = try fixture.store.allImages().map(\.id)
        let shown = [[0, 1], [2, 3], [98], []]
        let queries = try shown.map { places in
            let query = try fixture.store.keepQuery(.sample()).id
            let text = #"{"i_":"i_","results":["# + places.map { #"{"image_id":"\#(ids[$0])"}"# }.joined(separator: ",")
            try fixture.store.saveRanking(Array(text.utf8), of: query, galleryRevision: 1)
            return query
        }
        let changes = ChangeLog()
        let observation = fixture.store.observe { changes.append($0) }
        try fixture.store.deleteImages(in: "lobby", matching: ImageFilter(ids: [ids[1], ids[98]]))
        observation.cancel()
        #expect(
            changes.all == [
                .gallery(name: "lobby", revision: 2), .rankingErased(query: queries[0]),
                .rankingErased(query: queries[2]),
            ])
        #expect(try queries.map { try fixture.store.ranking(of: $0) == nil } == [true, false, true, false])
    }

    @Test(arguments: [100, 0])
    func `images that were erased together leave no bytes on the disk`(limit: Int) throws {
        let fixture = try StoreFixture(dimensions: 64)
        try fixture.enroll(
            try (0..<40).map {
                try .sample(
                    $0, dimensions: 64, bytes: ErasureTests.image($0, size: $0 % 2 == 0 ? 700 : 20_000),
                    person: "<<person-\($0)>>", camera: "c\($0 % 4)", externalID: "<<external-\($0)>>")
            })
        let ids = try fixture.store.allImages().map(\.id)
        let erased = try fixture.store.deleteImages(
            in: "lobby", matching: ImageFilter(cameras: ["c0", "c3"]), atMost: 9, wipingUpTo: limit)
        #expect(erased == ErasedImages(count: 20, waiting: limit == 0 ? 20 : 0))
        if erased.waiting > 0 { try fixture.store.finishWiping() }
        #expect(try fixture.folder.bytes(of: "-wal") == 0)
        let stored = try fixture.folder.storedBytes()
        for number in 0..<40 {
            let isErased = [0, 3].contains(number % 4)
            for trace in [
                ErasureTests.marker(number), Array("<<person-\(number)>>".utf8), Array("<<external-\(number)>>".utf8),
                Array(ids[number].utf8),
            ] { #expect(stored.holds(trace) != isErased, "image \(number)") }
        }
    }
}
