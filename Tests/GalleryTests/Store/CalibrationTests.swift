import GRDB
import Ranking
import Testing

@testable import Gallery

@Suite struct CalibrationTests {
    /// Curves of both kinds of methods, which say other things for another `shift`.
    private func fits(shift: Double = 0) throws -> [GalleryCalibration.Fit] {
        let pairs = (0..<200).map { number in
            let distance = Double(number) / 100
            return CalibrationPair(distance: distance + shift, isSamePerson: number % 10 >= number / 20)
        }
        let sample = try PairSample(pairs, people: 50, images: 100)
        let calibration = try Calibration(fit: sample, check: sample)
        return [
            .init(calibration, of: .init(isNormalized: false, reRanked: nil)),
            .init(
                calibration,
                of: .init(isNormalized: true, reRanked: .init(k1: 9, k2: 3, lambda: 0.3, candidates: 50))),
        ]
    }

    @Test func `a calibration is kept, replaced by the next one, and is there after a kill`() throws {
        let fixture = try StoreFixture()
        #expect(try fixture.store.gallery("lobby").calibration == nil)
        try fixture.enroll((0..<4).map { try .sample($0) })
        let before = try fixture.store.gallery("lobby")
        for shift in [0, 0.5] {
            fixture.clock.advance(seconds: 60)
            let made = try fixture.store.saveCalibration(
                try fits(shift: shift), of: fixture.store.snapshot(of: "lobby"))
            #expect(made.images == 4 && made.model == StoreFixture.model && made.createdAt == fixture.clock.now)
            #expect(try fixture.store.gallery("lobby").calibration == made)
            #expect(try made.fits == fits(shift: shift))
        }
        let after = try fixture.store.gallery("lobby")
        #expect(after.revision == before.revision + 2, "kept queries are ranked again")
        let folder = try fixture.folder.copyAsIfKilled(withIndex: true)
        #expect(try StoreFixture.open(folder).gallery("lobby") == after)
    }

    @Test func `a method has the curve that was fitted for it, and no other method has one`() throws {
        let fixture = try StoreFixture()
        let fits = try fits()
        try fixture.store.saveCalibration(fits, of: fixture.store.snapshot(of: "lobby"))
        let gallery = try fixture.store.gallery("lobby")
        for fit in fits { #expect(gallery.probabilities(of: fit.method) == fit.calibration.curve) }
        #expect(gallery.probabilities(of: .init(isNormalized: true, reRanked: nil)) == nil)
        for other in [
            GalleryCalibration.Method.ReRanked(k1: 8, k2: 3, lambda: 0.3, candidates: 50),
            .init(k1: 9, k2: 2, lambda: 0.3, candidates: 50), .init(k1: 9, k2: 3, lambda: 0.2, candidates: 50),
            .init(k1: 9, k2: 3, lambda: 0.3, candidates: 51),
        ] {
            #expect(gallery.probabilities(of: .init(isNormalized: true, reRanked: other)) == nil)
        }
    }

    @Test func `a calibration is stale when the gallery has grown by half, and is not used for another model`() throws {
        let fixture = try StoreFixture()
        #expect(try !fixture.store.gallery("lobby").isCalibrationStale)
        try fixture.enroll((0..<10).map { try .sample($0) })
        let fits = try fits()
        try fixture.store.saveCalibration(fits, of: fixture.store.snapshot(of: "lobby"))
        try fixture.enroll((10..<14).map { try .sample($0) })
        #expect(try !fixture.store.gallery("lobby").isCalibrationStale)
        try fixture.enroll([try .sample(14)])
        let stale = try fixture.store.gallery("lobby")
        #expect(stale.isCalibrationStale && stale.probabilities(of: fits[0].method) != nil)
        try fixture.store.saveCalibration(fits, of: fixture.store.snapshot(of: "lobby"))
        #expect(try !fixture.store.gallery("lobby").isCalibrationStale)
        try fixture.store.close()
        try fixture.folder.tamper("UPDATE calibration SET model = 'sha256:b'")
        let other = try StoreFixture.open(fixture.folder).gallery("lobby")
        #expect(other.isCalibrationStale && other.probabilities(of: fits[0].method) == nil)
    }

    @Test func `a calibration goes with its gallery, and does not come to another one of the same name`() throws {
        let fixture = try StoreFixture()
        let snapshot = try fixture.store.snapshot(of: "lobby")
        try fixture.store.saveCalibration(try fits(), of: snapshot)
        try fixture.store.deleteGallery("lobby")
        #expect(try fixture.store.read { try Int.fetchOne($0, sql: "SELECT count(*) FROM calibration") } == 0)
        let name = try #require(GalleryName("lobby"))
        try fixture.store.createGallery(name, model: StoreFixture.model, dimensions: 8)
        #expect(try fixture.store.gallery("lobby").calibration == nil)
        #expect(
            galleryError { try fixture.store.saveCalibration(try fits(), of: snapshot) } == .unknownGallery("lobby"))
        #expect(try fixture.store.gallery("lobby").calibration == nil)
    }

    @Test func `a calibration and the end of its job's unit are one change`() throws {
        let fixture = try StoreFixture()
        let snapshot = try fixture.store.snapshot(of: "lobby")
        let job = try fixture.store.createJob(NewJob(.calibration, gallery: "lobby", createdBy: "ops"))
        try fixture.store.startJob(job.id)
        try fixture.store.saveCalibration(try fits(), of: snapshot, job: (job.id, #"{"images":0}"#))
        let done = try fixture.store.job(id: job.id)
        #expect(done.done == 2 && done.total == 2 && done.cursor == #"{"images":0}"#)
        try fixture.store.endJob(job.id, as: .cancelled)
        let error = galleryError {
            try fixture.store.saveCalibration(try fits(shift: 1), of: snapshot, job: (job.id, "{}"))
        }
        #expect(error == .jobIsOver(job.id, state: .cancelled))
        #expect(try fixture.store.gallery("lobby").calibration?.fits == fits(), "the job was over, so nothing changed")
    }
}
