import Foundation
import GRDB
import Ranking
import Testing

@testable import Gallery

/// Galleries that get vectors of another model.
@Suite struct ModelChangeTests {
    /// Sample images of three people and two cameras, one of which has enough for a mean.
    private func fill(_ fixture: StoreFixture, _ seeds: Range<Int>) throws {
        try fixture.enroll(
            try seeds.map {
                try .sample($0, person: "p\($0 % 3)", camera: $0 % 4 == 0 ? "c1" : "c0", at: fixture.clock.now)
            })
    }

    /// What a gallery of these sample images answers that was enrolled with the new model.
    private func expected(_ seeds: [Int], at time: Timestamp) throws -> AnsweredGallery {
        let folder = try TemporaryFolder()
        let fixture = StoreFixture(folder: folder, store: try StoreFixture.open(folder))
        try fixture.store.createGallery(
            try #require(GalleryName("lobby")), model: ReembeddingJob.model, dimensions: ReembeddingJob.dimensions)
        try fixture.enroll(
            try seeds.map {
                try ReembeddingJob.sample($0, person: "p\($0 % 3)", camera: $0 % 4 == 0 ? "c1" : "c0", at: time)
            })
        return try AnsweredGallery(fixture.store)
    }

    private func rows(_ store: GalleryStore) throws -> Int {
        try store.read { db in
            try Int.fetchOne(
                db, sql: "SELECT (SELECT count(*) FROM new_embedding) + (SELECT count(*) FROM new_query_vector)") ?? 0
        }
    }

    @Test func `a gallery answers as one that was enrolled with the new model, with the ids that it had`() throws {
        let fixture = try StoreFixture()
        try fill(fixture, 0..<45)
        let (before, ids) = (try AnsweredGallery(fixture.store), try fixture.store.allImages().map(\.id))
        let snapshot = try fixture.store.snapshot(of: "lobby")
        let old = snapshot.rows.map { snapshot.vectors[$0] }
        let job = try ReembeddingJob(fixture.store)
        while try job.step(fixture.store) {
            #expect(try AnsweredGallery(fixture.store) == before, "searches find the old vectors")
        }
        #expect(try fixture.store.job(id: job.id).done == 45 && fixture.store.job(id: job.id).total == 45)
        let change = try #require(try job.change(fixture.store))
        #expect(change == ModelChange(images: 45))
        let after = try AnsweredGallery(fixture.store)
        #expect(try after == expected(Array(0..<45), at: fixture.clock.now) && after.means.keys.sorted() == ["c0"])
        #expect(try fixture.store.allImages().map(\.id) == ids)
        // Who had the gallery before has it as it was.
        #expect(snapshot.rows.map { snapshot.vectors[$0] } == old && snapshot.model == StoreFixture.model)
        #expect(try fixture.store.gallery("lobby").revision > snapshot.revision)
        #expect(try rows(fixture.store) == 0)
        let audit = try #require(try fixture.store.audit(limit: 1).items.first)
        #expect(audit.action == "gallery.reembed" && audit.details == #"{"n":45}"#)

        // It goes on as any gallery, with files of an index or without.
        try fixture.enroll([try ReembeddingJob.sample(100, person: "p1", camera: "c1")])
        #expect(
            galleryError { try fixture.enroll([try .sample(101)]) }
                == .modelMismatch(expected: ReembeddingJob.model, found: StoreFixture.model))
        try fixture.store.deleteImage(id: ids[3])
        let last = try AnsweredGallery(fixture.store)
        #expect(last.vectors.count == 45 && last.vectors.last == ReembeddingJob.vector(100))
        for withIndex in [true, false] {
            let copy = try fixture.folder.copyAsIfKilled(withIndex: withIndex)
            #expect(try AnsweredGallery(StoreFixture.open(copy)) == last)
        }
        let folders = try FileManager.default.contentsOfDirectory(atPath: fixture.folder.database + ".index")
        #expect(folders.count == 1, "\(folders)")
    }

    @Test func `whenever the process is killed, each image gets its vector once`() throws {
        let fixture = try StoreFixture()
        try fill(fixture, 0..<36)
        for number in 1...3 {
            _ = try fixture.store.keepQuery(.sample(bytes: [UInt8(number), 9]))
        }
        let (before, time) = (try AnsweredGallery(fixture.store), fixture.clock.now)
        let wanted = try expected(Array(0..<36), at: time)
        let job = try ReembeddingJob(fixture.store)
        var units = 0
        while true {
            let killed = try fixture.folder.copyAsIfKilled(withIndex: units % 2 == 0)
            defer { withExtendedLifetime(killed) {} }
            let copy = try StoreFixture.open(killed)
            #expect(try AnsweredGallery(copy) == before, "killed after \(units) units")
            try copy.startJob(job.id)
            let change = try job.finish(copy)
            #expect(change == ModelChange(images: 36, queries: 3))
            #expect(try AnsweredGallery(copy) == wanted, "killed after \(units) units")
            #expect(try copy.queries(limit: 9).items.map(\.vector) == [3, 2, 1].map(ReembeddingJob.vector))
            try copy.close()
            guard try job.step(fixture.store, images: 7) else { break }
            units += 1
        }
        #expect(units == 8)
        _ = try job.change(fixture.store)
        for withIndex in [true, false] {
            let killed = try fixture.folder.copyAsIfKilled(withIndex: withIndex)
            let copy = try StoreFixture.open(killed)
            #expect(try AnsweredGallery(copy) == wanted, "killed after the change")
            #expect(try copy.job(id: job.id).cursor?.contains(#""change":"36""#) == true)
        }
    }

    @Test func `what comes and goes while the job runs is in it, or not`() throws {
        let fixture = try StoreFixture()
        try fill(fixture, 0..<30)
        let ids = try fixture.store.allImages().map(\.id)
        let job = try ReembeddingJob(fixture.store)
        try fixture.store.withoutWiping {
            #expect(try job.step(fixture.store))
            // One that has a new vector already and one that has none yet; one of each is only marked.
            try fixture.store.deleteImage(id: ids[4])
            try fixture.store.deleteImage(id: ids[20])
            try fixture.store.deleteImages(
                in: "lobby", matching: ImageFilter(ids: [ids[5], ids[21]]), wipingUpTo: 0)
            let read = try fixture.store.imagesToEmbed(
                in: "lobby", after: ReembeddingProgress(of: fixture.store.snapshot(of: "lobby")), atMost: 9)
            #expect(read.count == 9)
            while try job.step(fixture.store) {}
            try fill(fixture, 50..<52)
            #expect(try job.change(fixture.store) == nil, "two images have no new vector")
            #expect(try fixture.store.gallery("lobby").model == StoreFixture.model)
            while try job.step(fixture.store) {}
            _ = try fixture.store.keepQuery(.sample())
            #expect(try job.change(fixture.store) == nil, "a query has no new vector")
            let change = try job.finish(fixture.store)
            #expect(change == ModelChange(images: 28, queries: 1))
            let seeds = Array(0..<30).filter { ![4, 5, 20, 21].contains($0) } + [50, 51]
            #expect(try AnsweredGallery(fixture.store) == expected(seeds, at: fixture.clock.now))
        }
        try fixture.store.finishWiping()
        #expect(try fixture.store.gallery("lobby").images == 28)
    }

    @Test func `images without bytes move to a gallery of the former model, with all that is known of them`() throws {
        let fixture = try StoreFixture()
        try fixture.store.setRetention(Retention(seconds: 9_000, basis: .enrolled), of: "lobby")
        try fill(fixture, 0..<8)
        try fixture.enroll(try (200..<235).map { try ReembeddingJob.bare($0, person: "p\($0 % 4)", camera: "c1") })
        try fixture.store.setHold(true, in: "lobby", matching: ImageFilter(person: "p3"))
        let before = try fixture.store.allImages().dropFirst(8)
        // A gallery of that name stays as it is.
        try fixture.store.createGallery(
            try #require(GalleryName("lobby.left-behind")), model: StoreFixture.model, dimensions: 8)
        let job = try ReembeddingJob(fixture.store)
        let change = try job.finish(fixture.store)
        #expect(change == ModelChange(images: 8, leftBehind: 35, leftBehindGallery: "lobby.left-behind-2"))
        let killed = try fixture.folder.copyAsIfKilled()
        defer { withExtendedLifetime(killed) {} }
        for store in [fixture.store, try StoreFixture.open(killed)] {
            #expect(try AnsweredGallery(store).vectors == (0..<8).map(ReembeddingJob.vector))
            let left = try AnsweredGallery(store, "lobby.left-behind-2")
            #expect(left.vectors == (200..<235).map { unitVector($0) })
            #expect(left.summary == [StoreFixture.model, "8", "35", "4", #"["c1"]"#, #"["c1"]"#])
            let images = try store.allImages(in: "lobby.left-behind-2")
            #expect(images.map(\.id) == before.map(\.id) && images.count(where: \.isHeld) == 8)
            #expect(images.map(\.personID) == before.map(\.personID))
            #expect(images.map(\.enrolledAt) == before.map(\.enrolledAt))
            #expect(try store.gallery("lobby.left-behind-2").retention?.seconds == 9_000)
            // p3 had no image with bytes.
            #expect(try store.gallery("lobby").people == 3 && store.gallery("lobby").camerasWithMean.isEmpty)
            #expect(try store.gallery("lobby.left-behind").images == 0)
        }
        let erased = try fixture.store.deleteImages(
            in: "lobby.left-behind-2", matching: ImageFilter(cameras: ["c1"]))
        #expect(erased.count == 27 && erased.held == 8)
    }

    @Test func `a query gets its new vector and a ranking anew, unless its images cannot be embedded`() throws {
        let fixture = try StoreFixture()
        try fill(fixture, 0..<5)
        let good = try fixture.store.keepQuery(.sample(bytes: [3], standing: true)).id
        let bad = try fixture.store.keepQuery(.sample(bytes: [0], standing: true)).id
        let revision = try fixture.store.gallery("lobby").revision
        for id in [good, bad] {
            try fixture.store.saveRanking(Array("{}".utf8), of: id, galleryRevision: revision)
        }
        let log = ChangeLog()
        let observation = fixture.store.observe { log.append($0) }
        let change = try ReembeddingJob(fixture.store).finish(fixture.store)
        #expect(change == ModelChange(images: 5, queries: 1, queriesLeftBehind: 1))
        let query = try fixture.store.query(id: good)
        #expect(query.model == ReembeddingJob.model && query.vector == ReembeddingJob.vector(3))
        #expect(query.warnings == ["New."] && query.rankingRevision == 1)
        #expect(try fixture.store.query(id: bad).model == StoreFixture.model)
        for id in [good, bad] { #expect(try fixture.store.ranking(of: id) == nil) }
        #expect(log.all.contains(.rankingErased(query: good)) && !log.all.contains(.rankingErased(query: bad)))
        observation.cancel()
    }

    @Test func `a full disk leaves the gallery as it was, and passes`() throws {
        let fixture = try StoreFixture()
        try fill(fixture, 0..<40)
        let before = try AnsweredGallery(fixture.store)
        // Vectors of more than a page each, so that few free pages are not enough.
        let job = try ReembeddingJob(fixture.store, dimensions: 5_000)
        func limitPages(_ limit: String) throws {
            try fixture.store.write { db, _ in
                let pages = try Int.fetchOne(db, sql: "SELECT \(limit)") ?? 0
                try db.execute(sql: "PRAGMA max_page_count = \(pages)")
            }
        }
        func expectFull(_ body: () throws -> Void) throws {
            try limitPages("(SELECT page_count + 5 FROM pragma_page_count)")
            #expect(galleryError(body) == .diskFull(path: fixture.folder.database))
            #expect(try AnsweredGallery(fixture.store) == before)
            if TemporaryFolder.hasClient { #expect(try fixture.folder.sqlite("PRAGMA integrity_check") == "ok") }
            try limitPages("1000000")
        }
        try expectFull { _ = try job.step(fixture.store, images: 40) }
        #expect(try fixture.store.job(id: job.id).done == 0 && rows(fixture.store) == 0)
        while try job.step(fixture.store) {}
        try expectFull { _ = try job.change(fixture.store) }
        #expect(try rows(fixture.store) == 40)
        #expect(try job.finish(fixture.store).images == 40)
        #expect(
            try AnsweredGallery(fixture.store).vectors == (0..<40).map { ReembeddingJob.vector($0, dimensions: 5_000) })
    }

    @Test func `a job that does not go on leaves nothing, and one that was left is forgotten by the next`() throws {
        let fixture = try StoreFixture()
        try fill(fixture, 0..<20)
        let before = try AnsweredGallery(fixture.store)
        let job = try ReembeddingJob(fixture.store)
        #expect(try job.step(fixture.store))
        try fixture.store.requestJobCancel(job.id)
        while try job.step(fixture.store) {}
        #expect(try job.change(fixture.store) == nil, "it is cancelled")
        #expect(try rows(fixture.store) == 20)
        try fixture.store.forgetNewVectors()
        #expect(try rows(fixture.store) == 0)
        #expect(try AnsweredGallery(fixture.store) == before)
        try fixture.store.endJob(job.id, as: .cancelled)

        let second = try ReembeddingJob(fixture.store)
        while try second.step(fixture.store) {}
        try fixture.store.endJob(second.id, as: .failed)
        let third = try ReembeddingJob(fixture.store)
        #expect(try third.step(fixture.store, images: 3))
        #expect(try rows(fixture.store) == 3)
        // A gallery that is deleted takes everything with it, and its name is no help.
        try fixture.store.deleteGallery("lobby")
        #expect(try rows(fixture.store) == 0)
        try fixture.store.createGallery(try #require(GalleryName("lobby")), model: StoreFixture.model, dimensions: 8)
        #expect(galleryError { _ = try third.step(fixture.store) } == .unknownGallery("lobby"))
        #expect(galleryError { _ = try third.change(fixture.store) } == .unknownGallery("lobby"))
    }
}
