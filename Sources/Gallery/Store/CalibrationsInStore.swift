import FoundationEssentials
import GRDB
import Ranking

extension GalleryStore {
    /// Stores the calibration of a gallery in the place of the former one, and notes that the job which made it is done.
    ///
    /// Kept queries must be ranked again to show their probabilities, so this counts as a new revision.
    ///
    /// - Parameters:
    ///   - fits: The curves, of different methods.
    ///   - snapshot: The gallery as it was when they were made.
    ///   - job: The job and its result, a JSON object that becomes its cursor; each curve counts as a unit. Nil: no job.
    ///   - audit: The row to add to the audit.
    /// - Returns: What is stored.
    /// - Throws: `unknownGallery` if the gallery is gone, also if another one has its name; `unknownJob`, `jobIsOver`,
    ///   `diskFull`, `inputOutput`.
    @discardableResult
    public func saveCalibration(
        _ fits: [GalleryCalibration.Fit], of snapshot: GallerySnapshot, job: (id: String, result: String)? = nil,
        audit: AuditEvent? = nil
    ) throws(GalleryError) -> GalleryCalibration {
        let calibration = GalleryCalibration(
            model: snapshot.model, images: snapshot.imageCount, createdAt: clock(), fits: fits)
        try write(audit: audit) { db, aftermath in
            let gallery = try db.gallery(snapshot.name)
            guard gallery.key == snapshot.facts.key else { throw GalleryError.unknownGallery(snapshot.name) }
            try db.run(
                "INSERT OR REPLACE INTO calibration (gallery, model, images, created_at, fits) VALUES (?, ?, ?, ?, ?)",
                [
                    gallery.key, calibration.model, calibration.images, calibration.createdAt.milliseconds,
                    String(decoding: try JSONEncoder().encode(fits), as: UTF8.self),
                ])
            if let job {
                let units = Int64(fits.count)
                try db.recordJob(job.id, done: units, total: units, cursor: job.result, &aftermath)
            }
            let revision = try db.advanceRevision(of: gallery)
            aftermath.publish.append { $0.calibrate(gallery, calibration, revision: revision) }
            aftermath.changes.append(.gallery(name: gallery.name, revision: revision))
        }
        return calibration
    }
}

extension Database {
    /// The calibration of a gallery; nil if it has none.
    ///
    /// - Throws: `SQLITE_CORRUPT` if it cannot be read.
    func calibration(of gallery: GalleryFacts) throws -> GalleryCalibration? {
        guard let row = try row("SELECT * FROM calibration WHERE gallery = ?", [gallery.key]) else { return nil }
        let fits: String = row["fits"]
        do {
            return GalleryCalibration(
                model: row["model"], images: row["images"], createdAt: Timestamp(milliseconds: row["created_at"]),
                fits: try JSONDecoder().decode([GalleryCalibration.Fit].self, from: Data(fits.utf8)))
        } catch {
            throw DatabaseError(
                resultCode: .SQLITE_CORRUPT, message: "the calibration of gallery \(gallery.name) is none: \(error)")
        }
    }
}
