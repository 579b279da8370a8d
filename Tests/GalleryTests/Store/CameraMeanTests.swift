import GRDB
import Ranking
import Testing

@testable import Gallery

@Suite struct CameraMeanTests {
    private func images(_ seeds: Range<Int>, camera: String?) throws -> [NewImage] {
        try seeds.map { try .sample($0, camera: camera) }
    }

    /// The mean as a user of pen and paper defines it.
    private func plainMean(_ seeds: some Collection<Int>) -> [Float] {
        (0..<8).map { index in
            Float(seeds.reduce(0.0) { $0 + Double(unitVector($1)[index]) } / Double(seeds.count))
        }
    }

    /// The mean of a camera; nil if it has none of its own.
    private func mean(_ camera: String, _ snapshot: GallerySnapshot) -> [Float]? {
        snapshot.cameraMeans.cameras.contains(camera) ? snapshot.cameraMeans.mean(of: camera) : nil
    }

    /// Whether a store that starts from the files as they are now has the same means.
    private func expectSameAfterKill(_ fixture: StoreFixture) throws {
        let folder = try fixture.folder.copyAsIfKilled()
        let before = try fixture.store.snapshot(of: "lobby")
        let after = try StoreFixture.open(folder).snapshot(of: "lobby")
        #expect(after.summary == before.summary)
        #expect(after.cameraMeans.cameras == before.cameraMeans.cameras)
        #expect(after.cameraMeans.common == before.cameraMeans.common)
        for camera in before.cameraMeans.cameras { #expect(mean(camera, after) == mean(camera, before)) }
    }

    @Test(
        arguments: [
            (31, nil, .keep), (32, nil, .estimate), (63, 32, .keep), (64, 32, .estimate), (32, 32, .keep),
            (31, 32, .remove), (50, 100, .keep), (49, 100, .estimate), (31, 100, .remove), (0, nil, .keep),
        ] as [(Int, Int?, MeanStep)])
    func `a mean is due at 32 images, at twice and at less than half of those it was made of`(
        images: Int, counted: Int?, step: MeanStep
    ) {
        #expect(MeanStep(images: images, counted: counted) == step)
    }

    @Test func `a camera has the mean of its images from 32 on, and again whenever they have doubled`() throws {
        let fixture = try StoreFixture()
        try fixture.enroll(images(0..<31, camera: "a") + images(1000..<1040, camera: nil))
        #expect(try fixture.store.snapshot(of: "lobby").cameraMeans.cameras.isEmpty)
        try fixture.enroll(images(31..<33, camera: "a"))
        #expect(try mean("a", fixture.store.snapshot(of: "lobby")) == plainMean(0..<33))
        try fixture.enroll(images(33..<65, camera: "a") + images(100..<140, camera: "b"))
        let between = try fixture.store.snapshot(of: "lobby")
        #expect(mean("a", between) == plainMean(0..<33), "65 are not twice 33")
        #expect(mean("b", between) == plainMean(100..<140))
        #expect(between.cameraMeans.cameras == ["a", "b"] && between.summary.camerasWithMean == ["a", "b"])
        try expectSameAfterKill(fixture)
        try fixture.enroll(images(65..<66, camera: "a"))
        let after = try fixture.store.snapshot(of: "lobby")
        #expect(mean("a", after) == plainMean(0..<66))
        #expect(mean("a", between) == plainMean(0..<33), "a reader keeps the means that it started with")
        try expectSameAfterKill(fixture)
        let all = zip(plainMean(0..<66), plainMean(100..<140)).map { Float((Double($0) + Double($1)) / 2) }
        #expect(after.cameraMeans.common == all)
    }

    @Test func `images that are in the gallery already do not count twice`() throws {
        let fixture = try StoreFixture()
        try fixture.enroll(images(0..<20, camera: "a"))
        try fixture.enroll(images(0..<20, camera: "a"))
        #expect(try fixture.store.snapshot(of: "lobby").cameraMeans.cameras.isEmpty)
        try fixture.enroll(images(10..<32, camera: "a"))
        #expect(try mean("a", fixture.store.snapshot(of: "lobby")) == plainMean(0..<32))
    }

    @Test func `a mean forgets erased images when they are more than half, and goes with the 32nd`() throws {
        let fixture = try StoreFixture()
        let ids = try fixture.enroll(images(0..<70, camera: "a"))
        for id in ids.prefix(35) { try fixture.store.deleteImage(id: id) }
        #expect(try mean("a", fixture.store.snapshot(of: "lobby")) == plainMean(0..<70))
        try fixture.store.deleteImage(id: ids[35])
        #expect(try mean("a", fixture.store.snapshot(of: "lobby")) == plainMean(36..<70))
        try expectSameAfterKill(fixture)
        for id in ids[36..<38] { try fixture.store.deleteImage(id: id) }
        #expect(try mean("a", fixture.store.snapshot(of: "lobby")) == plainMean(36..<70))
        try fixture.store.deleteImage(id: ids[38])
        #expect(try fixture.store.snapshot(of: "lobby").cameraMeans.cameras.isEmpty)
        try expectSameAfterKill(fixture)
        for id in ids[39...] { try fixture.store.deleteImage(id: id) }
        try fixture.enroll(images(200..<232, camera: "a"))
        #expect(try mean("a", fixture.store.snapshot(of: "lobby")) == plainMean(200..<232))
    }

    @Test func `a refused commit leaves the means as they were`() throws {
        let fixture = try StoreFixture()
        try fixture.enroll(images(0..<31, camera: "a"))
        let bad = try NewImage.sample(99, dimensions: 4, camera: "a")
        #expect(galleryError { try fixture.enroll(try images(40..<50, camera: "a") + [bad]) } != nil)
        #expect(try fixture.store.snapshot(of: "lobby").cameraMeans.cameras.isEmpty)
        try fixture.enroll(images(31..<32, camera: "a"))
        #expect(try mean("a", fixture.store.snapshot(of: "lobby")) == plainMean(0..<32))
    }

    @Test func `galleries have means of their own, which go with them`() throws {
        let fixture = try StoreFixture()
        let name = try #require(GalleryName("garage"))
        try fixture.store.createGallery(name, model: StoreFixture.model, dimensions: 8)
        try fixture.enroll(images(0..<32, camera: "a"))
        try fixture.enroll(images(50..<90, camera: "a"), in: "garage")
        #expect(try mean("a", fixture.store.snapshot(of: "lobby")) == plainMean(0..<32))
        #expect(try mean("a", fixture.store.snapshot(of: "garage")) == plainMean(50..<90))
        try fixture.store.deleteGallery("lobby")
        #expect(try fixture.store.read { try Int.fetchOne($0, sql: "SELECT count(*) FROM camera_mean") } == 1)
    }

    @Test func `an older database gets its means at the first start, and keeps them`() throws {
        let fixture = try StoreFixture()
        try fixture.enroll(images(0..<40, camera: "a") + images(40..<60, camera: "b"))
        try fixture.store.close()
        // What version 5 did not have.
        try fixture.folder.tamper(
            """
            DROP TABLE webhook; DROP TABLE new_embedding; DROP TABLE new_query_vector;
            ALTER TABLE gallery DROP COLUMN model_changes;
            ALTER TABLE query DROP COLUMN name;
            DROP TABLE hold; DROP TABLE calibration; DROP TABLE job; DROP VIEW living_image; DROP TABLE erased; DROP TABLE camera_mean;
            ALTER TABLE camera DROP COLUMN images; ALTER TABLE gallery DROP COLUMN camera_normalization;
            DROP INDEX image_external_id; DROP TABLE run;
            ALTER TABLE gallery DROP COLUMN retention_seconds; ALTER TABLE gallery DROP COLUMN retention_basis;
            ALTER TABLE gallery DROP COLUMN retention_checked_at;
            DELETE FROM grdb_migrations WHERE CAST(identifier AS INTEGER) >= 6; PRAGMA user_version = 5
            """)
        let store = try StoreFixture.open(fixture.folder)
        let snapshot = try store.snapshot(of: "lobby")
        #expect(mean("a", snapshot) == plainMean(0..<40) && snapshot.cameraMeans.cameras == ["a"])
        #expect(snapshot.cameraNormalization)
        #expect(snapshot.revision == 2, "kept rankings of the revision 1 were made without means")
        #expect(try store.read { try Int.fetchOne($0, sql: "PRAGMA user_version") } == Schema.version)
        let counts = try store.read { try Int.fetchAll($0, sql: "SELECT images FROM camera ORDER BY label") }
        #expect(counts == [40, 20])
    }

    @Test func `the setting of a gallery is on, can be turned off, and stays off`() throws {
        let fixture = try StoreFixture()
        #expect(try fixture.store.gallery("lobby").cameraNormalization)
        let off = try fixture.store.setCameraNormalization(false, of: "lobby")
        #expect(!off.cameraNormalization && off.revision == 1)
        #expect(try fixture.store.setCameraNormalization(false, of: "lobby").revision == 1, "nothing changed")
        try fixture.enroll(images(0..<32, camera: "a"))
        let snapshot = try fixture.store.snapshot(of: "lobby")
        #expect(!snapshot.cameraNormalization && snapshot.cameraMeans.cameras == ["a"])
        try expectSameAfterKill(fixture)
        #expect(
            galleryError { try fixture.store.setCameraNormalization(false, of: "none") } == .unknownGallery("none"))
    }

    @Test(arguments: ["x'0000'", "zeroblob(28)", "x'\(String(repeating: "0000c07f", count: 8))'"])
    func `a mean that does not belong is refused`(vector: String) throws {
        let fixture = try StoreFixture()
        try fixture.enroll(images(0..<32, camera: "a"))
        try fixture.store.close()
        try fixture.folder.tamper("UPDATE camera_mean SET vector = \(vector)")
        guard case .corrupt = galleryError({ _ = try StoreFixture.open(fixture.folder) }) else {
            Issue.record("a damaged mean was accepted")
            return
        }
    }
}
