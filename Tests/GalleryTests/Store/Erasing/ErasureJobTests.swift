import Foundation
import GRDB
import Testing

@testable import Gallery

/// Erasing by jobs, unit by unit.
@Suite struct ErasureJobTests {
    static let start = Timestamp(milliseconds: 1_795_341_600_000)

    private func fill(_ fixture: StoreFixture, _ numbers: Range<Int>) throws {
        try fixture.enroll(try numbers.map { try .sample($0, person: "p\($0 / 11)", camera: "c\($0 % 3)") })
    }

    private func job(_ store: GalleryStore) throws -> (id: String, progress: ErasureProgress) {
        let progress = ErasureProgress(of: try store.snapshot(of: "lobby"))
        let cursor = String(decoding: try JSONEncoder().encode(progress), as: UTF8.self)
        let job = try store.createJob(NewJob(.erasure, gallery: "lobby", cursor: cursor, createdBy: "ops"))
        try store.startJob(job.id)
        return (job.id, progress)
    }

    /// Does the next unit from what is stored.
    @discardableResult
    private func step(_ store: GalleryStore, _ id: String, _ filter: ImageFilter) throws -> ErasureUnit {
        let cursor = try #require(try store.job(id: id).cursor)
        let progress = try JSONDecoder().decode(ErasureProgress.self, from: Data(cursor.utf8))
        return try store.eraseImages(in: "lobby", matching: filter, after: progress, atMost: 10, job: id) {
            let event = AuditEvent(.imagesDelete, actor: "ops", target: "lobby", details: #"{"erased":\#($0.erased)}"#)
            return (String(decoding: try JSONEncoder().encode($0.progress), as: UTF8.self), event)
        }
    }

    @Test func `each unit is done once and noted with it, whenever the process is killed`() throws {
        let fixture = try StoreFixture()
        try fill(fixture, 0..<99)
        let filter = ImageFilter(cameras: ["c1"])
        try fixture.store.setHold(true, in: "lobby", matching: ImageFilter(cameras: ["c1"], person: "p0"))
        let stay = try fixture.store.allImages().filter { $0.cameraID != "c1" || $0.personID == "p0" }.map(\.id)
        let (id, _) = try job(fixture.store)
        // What is enrolled after the acceptance stays.
        let late = try fixture.enroll([try .sample(500, camera: "c1")])
        // What is wiped meanwhile cannot be copied as a kill would leave it.
        try fixture.store.withoutWiping {
            for round in 0..<5 {
                let killed = try fixture.folder.copyAsIfKilled()
                defer { withExtendedLifetime(killed) {} }
                let copy = try StoreFixture.open(killed)
                try copy.startJob(id)
                for _ in round..<4 { try step(copy, id, filter) }
                #expect(try copy.allImages().map(\.id) == stay + late, "killed after \(round) units")
                let job = try copy.job(id: id)
                #expect(job.done == 33 && job.total == 33)
                let rows = try copy.audit(after: 0, limit: 9).filter { $0.action == "images.delete" }
                #expect(rows.map(\.details) == Self.erased.map { #"{"erased":\#($0)}"# })
                try copy.finishWiping()
                try copy.close()
                guard round < 4 else { continue }
                let unit = try step(fixture.store, id, filter)
                #expect(unit.remaining == [23, 13, 3, 0][round] && unit.erased == Self.erased[round])
                #expect(unit.progress.held == 4)
            }
        }
    }

    /// What the units erase of 33 images, of which four of the first ten are held.
    private static let erased = [6, 10, 10, 3]

    @Test func `a unit that begins before its job is cancelled erases nothing after that`() throws {
        let fixture = try StoreFixture()
        try fill(fixture, 0..<20)
        let (id, progress) = try job(fixture.store)
        try fixture.store.requestJobCancel(id)
        let unit = try step(fixture.store, id, ImageFilter(cameras: ["c1"]))
        #expect(unit.erased == 0 && unit.remaining == 7)
        #expect(unit.progress == progress)
        #expect(try fixture.store.allImages().count == 20)
        #expect(try fixture.store.job(id: id).done == 0)
        #expect(try fixture.store.audit(after: 0, limit: 9).filter { $0.action == "images.delete" }.isEmpty)
    }

    @Test func `a job ends with its gallery, also if another one gets the name`() throws {
        let fixture = try StoreFixture()
        try fill(fixture, 0..<20)
        let (id, _) = try job(fixture.store)
        let queued = try fixture.store.createJob(
            NewJob(.erasure, gallery: "lobby", cursor: #"{"person":"p0"}"#, createdBy: "ops")
        ).id
        try step(fixture.store, id, ImageFilter(person: "p0"))
        try fixture.store.deleteGallery("lobby")
        #expect(try fixture.store.job(id: queued).state == .cancelled)
        #expect(try fixture.store.job(id: queued).cursor == nil)
        #expect(try fixture.store.job(id: id).isCancelRequested)
        #expect(
            galleryError { try step(fixture.store, id, ImageFilter(person: "p0")) } == .unknownGallery("lobby"))
    }

    @Test func `a cancelled job has forgotten what it looked for`() throws {
        let fixture = try StoreFixture()
        let job = try fixture.store.createJob(
            NewJob(.erasure, gallery: "lobby", cursor: #"{"person":"<<nobody>>"}"#, createdBy: "ops"))
        #expect(try fixture.store.job(id: job.id).cursor != nil)
        try fixture.store.requestJobCancel(job.id)
        #expect(try fixture.store.job(id: job.id).cursor == nil)
    }

    @Test(arguments: AgeLimit.Basis.allCases, [0, 59, 60, 1000, 100_000])
    func `images age by their capture or by their enrollment, and a time that cannot be does not count`(
        basis: AgeLimit.Basis, seconds: Int64
    ) throws {
        let fixture = try StoreFixture()
        let start = fixture.clock.now
        for number in 0..<30 {
            fixture.clock.advance(seconds: 60)
            // Every third has no time; of the others, some claim to be from the future.
            let captured = fixture.clock.now.adding(seconds: Int64(number % 7 - 3) * 500)
            try fixture.enroll([
                try .sample(number, camera: "c\(number % 2)", at: number % 3 == 0 ? nil : captured)
            ])
        }
        let limit = AgeLimit(basis, latest: start.adding(seconds: seconds))
        let all = try fixture.store.allImages()
        func isOld(_ image: GalleryImage) -> Bool {
            let enrolled = image.enrolledAt.milliseconds
            var time = enrolled
            if basis == .captured, let captured = image.capturedAt?.milliseconds, captured < enrolled {
                time = captured
            }
            return time <= limit.latest.milliseconds
        }
        func found(_ filter: ImageFilter) throws -> [String] {
            try fixture.store.images(in: "lobby", filter: filter, limit: 1000).items.map(\.id)
        }
        let expected = all.filter(isOld)
        #expect(try found(ImageFilter(age: limit)) == expected.map(\.id))
        #expect(
            try found(ImageFilter(cameras: ["c1"], age: limit))
                == expected.filter { $0.cameraID == "c1" }.map(\.id))
        let ids = Set(all.prefix(9).map(\.id))
        #expect(try Set(found(ImageFilter(ids: ids, age: limit))) == ids.intersection(expected.map(\.id)))
        #expect(try fixture.store.deleteImages(in: "lobby", matching: ImageFilter(age: limit)).count == expected.count)
        #expect(try fixture.store.allImages().map(\.id) == all.filter { !isOld($0) }.map(\.id))
    }

    @Test func `indexes that are made anew hold no name of anybody who is gone, in a large file too`() throws {
        let fixture = try StoreFixture()
        // Larger than a file that each deletion rewrites.
        let large = [UInt8](repeating: 7, count: DatabaseOpening.smallFile + (1 << 20))
        try fixture.enroll([try .sample(1, bytes: large)])
        // Labels in no order, so that pages of the index split.
        for round in 0..<6 {
            try fixture.store.write { db, aftermath in
                try db.execute(
                    sql: """
                        WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 1999)
                        INSERT INTO person (gallery, label)
                        SELECT (SELECT key FROM gallery), printf('<<%06d>>', (\(round * 2000) + i) * 7919 % 100003) FROM n;
                        DELETE FROM person WHERE key * 31 % 11 < \(round + 3)
                        """)
                aftermath.erases = true
            }
        }
        func gone() throws -> Int {
            let alive = try fixture.store.read { try String.fetchSet($0, sql: "SELECT label FROM person") }
            #expect(alive.count > 1000)
            let all = try fixture.folder.storedBytes().bytes
            // The pages of the large image are left out, because splitting them takes most of a minute in a debug build.
            let pages = stride(from: 0, to: all.count, by: DatabaseOpening.pageBytes).map {
                all[$0..<min(all.count, $0 + DatabaseOpening.pageBytes)]
            }
            let named = pages.filter { StoredBytes(bytes: Data($0)).holds(Array("<<".utf8)) }
            let stored = String(decoding: Data(named.joined()), as: Unicode.ASCII.self)
            let found = stored.split(separator: "<<").compactMap {
                $0.dropFirst(6).hasPrefix(">>") ? "<<\($0.prefix(8))" : nil
            }
            return Set(found).subtracting(alive).count
        }
        let before = try gone()
        try fixture.store.renewIndexes()
        #expect(try gone() == 0, "\(before) before")
        #expect(before > 0, "SQLite leaves nothing behind any more: this is not needed")
    }
}
