import Foundation
import GRDB
import Testing

@testable import Gallery

/// Copies of galleries with vectors of another model.
@Suite struct GalleryCopyTests {
    private struct Cursor: Codable {
        var progress: ReembeddingProgress
    }

    private func text(_ progress: ReembeddingProgress) throws -> String {
        String(decoding: try JSONEncoder().encode(Cursor(progress: progress)), as: UTF8.self)
    }

    /// Does the next unit of the job from what is stored; false if there are no more images.
    private func step(_ store: GalleryStore, _ job: String, to name: String = "copy") throws -> Bool {
        let cursor = try #require(try store.job(id: job).cursor)
        let progress = try JSONDecoder().decode(Cursor.self, from: Data(cursor.utf8)).progress
        guard progress.hasCopy else {
            _ = try store.beginCopy(
                of: "lobby", as: try #require(GalleryName(name)), model: ReembeddingJob.model,
                dimensions: ReembeddingJob.dimensions, after: progress, job: job, cursor: text)
            return true
        }
        let images = try store.imagesToEmbed(in: "lobby", after: progress, atMost: 10)
        guard !images.isEmpty else {
            _ = try store.settledSnapshot(of: name)
            return false
        }
        let vectors = images.map { image in
            image.content.flatMap { Int(String(decoding: $0.bytes, as: UTF8.self).dropFirst("image ".count)) }
                .map { ReembeddingJob.vector($0) }
        }
        try store.copyImages(images, vectors, from: "lobby", to: name, after: progress, job: job, cursor: text)
        return true
    }

    private func accept(_ store: GalleryStore) throws -> String {
        let cursor = try text(ReembeddingProgress(of: try store.snapshot(of: "lobby")))
        let job = try store.createJob(NewJob(.reembedding, gallery: "lobby", cursor: cursor, createdBy: "ops")).id
        try store.startJob(job)
        return job
    }

    @Test func `a copy answers as a gallery that was enrolled with the new model, whenever the process is killed`()
        throws
    {
        let fixture = try StoreFixture()
        try fixture.store.setRetention(Retention(seconds: 9_000, basis: .enrolled), of: "lobby")
        let seeds = 0..<34
        try fixture.enroll(
            try seeds.map { try .sample($0, person: "p\($0 % 3)", camera: "c\($0 % 2)", at: fixture.clock.now) })
        try fixture.enroll([try ReembeddingJob.bare(90)])
        let before = try AnsweredGallery(fixture.store)
        let direct = StoreFixture(folder: try TemporaryFolder(), store: fixture.store)
        let fresh = try StoreFixture.open(direct.folder, clock: fixture.clock)
        try fresh.createGallery(
            try #require(GalleryName("lobby")), model: ReembeddingJob.model, dimensions: ReembeddingJob.dimensions)
        try StoreFixture(folder: direct.folder, store: fresh).enroll(
            try seeds.map {
                try ReembeddingJob.sample($0, person: "p\($0 % 3)", camera: "c\($0 % 2)", at: fixture.clock.now)
            })
        let expected = try AnsweredGallery(fresh)

        let job = try accept(fixture.store)
        var units = 0
        repeat {
            units += 1
            let killed = try fixture.folder.copyAsIfKilled(withIndex: units % 2 == 0)
            let copy = try StoreFixture.open(killed)
            while try step(copy, job) {}
            #expect(try AnsweredGallery(copy, "copy") == expected, "killed before unit \(units)")
            #expect(try AnsweredGallery(copy) == before)
            try copy.close()
        } while try step(fixture.store, job)
        #expect(units == 6)
        #expect(try fixture.store.job(id: job).done == 35)
        #expect(try fixture.store.gallery("copy").retention?.seconds == 9_000)
        let (old, new) = (try fixture.store.allImages(), try fixture.store.allImages(in: "copy"))
        #expect(new.map(\.enrolledAt) == old.dropLast().map(\.enrolledAt))
        #expect(Set(new.map(\.id)).isDisjoint(with: old.map(\.id)))
        #expect(try fixture.store.content(of: new[7].id) == fixture.store.content(of: old[7].id))
    }

    @Test func `a copy takes no name that is there, and ends with its galleries`() throws {
        let fixture = try StoreFixture()
        try fixture.enroll(try (0..<15).map { try .sample($0) })
        let job = try accept(fixture.store)
        #expect(galleryError { _ = try step(fixture.store, job, to: "lobby") } == .galleryExists("lobby"))
        #expect(try step(fixture.store, job))
        // What was enrolled into the copy already stays, and is there once.
        try fixture.enroll([try ReembeddingJob.sample(4)], in: "copy")
        while try step(fixture.store, job) {}
        #expect(try fixture.store.gallery("copy").images == 15)
        let cursor = try #require(try fixture.store.job(id: job).cursor)
        let progress = try JSONDecoder().decode(Cursor.self, from: Data(cursor.utf8)).progress
        #expect(progress.copied == 14 && progress.seen == 15)
        #expect(try fixture.store.isCopy("copy", of: progress) && !fixture.store.isCopy("lobby", of: progress))

        let second = try accept(fixture.store)
        #expect(try step(fixture.store, second, to: "other"))
        try fixture.store.deleteGallery("other")
        #expect(
            galleryError { _ = try step(fixture.store, second, to: "other") } == .unknownGallery("other"))
    }
}
