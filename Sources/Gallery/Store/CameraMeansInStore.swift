import GRDB
import Ranking

/// When the mean of a camera's images is made, made again, or removed.
///
/// A mean stays as it is in between, so that one state of a gallery gives one ranking, also after a restart.
enum MeanStep: Equatable {
    case keep
    case estimate
    case remove

    /// The step for a camera that has `images` now.
    ///
    /// A mean is made of `leastImages` or more, and again when the camera has twice as many images as it was made of. If
    /// the camera has less than half of them, the mean is made again too: it would be mostly of erased images.
    ///
    /// - Parameters:
    ///   - images: the camera's images now.
    ///   - counted: the images of which its mean was made; nil if it has no mean.
    init(images: Int, counted: Int?) {
        let least = CameraMeans<String>.leastImages
        guard let counted else {
            self = images >= least ? .estimate : .keep
            return
        }
        if images < least {
            self = .remove
        } else {
            self = images >= 2 * counted || 2 * images < counted ? .estimate : .keep
        }
    }
}

extension Database {
    /// Counts images that were added to cameras or erased from them, and makes the means that are due.
    ///
    /// Call it after the images are inserted or marked as erased, and before cameras without images are deleted. A mean that is made
    /// costs a read of all vectors of its camera; because that happens at doublings, enrolling reads each vector about twice.
    ///
    /// - Parameters:
    ///   - changes: the number of images added, negative if erased, by the camera's key.
    ///   - gallery: the cameras' gallery.
    /// - Returns: the gallery's means; nil if they are as before.
    /// - Throws: a `DatabaseError`; `SQLITE_CORRUPT` if a vector is not of the gallery's dimensions.
    func countImages(_ changes: [Int64: Int], of gallery: GalleryFacts) throws -> CameraMeans<String>? {
        var areChanged = false
        for (camera, change) in changes {
            try run("UPDATE camera SET images = images + ? WHERE key = ?", [change, camera])
            if try updateMean(of: camera, dimensions: gallery.dimensions) { areChanged = true }
        }
        return areChanged ? try cameraMeans(of: gallery) : nil
    }

    /// Makes the means of all cameras that have enough images, for a database that has none yet.
    func estimateAllCameraMeans() throws {
        for row in try rows(
            "SELECT camera.key, dimensions FROM camera JOIN gallery ON gallery.key = camera.gallery", [])
        {
            // The migration that calls this is older than the view of the images that are not erased.
            _ = try updateMean(of: row["key"], dimensions: row["dimensions"], images: "image")
        }
    }

    /// Counts the images of a gallery's cameras anew, and makes the means of those that have enough; costs a read of all
    /// vectors.
    func renewCameraMeans(of gallery: GalleryFacts) throws {
        try run("DELETE FROM camera_mean WHERE camera IN (SELECT key FROM camera WHERE gallery = ?)", [gallery.key])
        try run(
            """
            UPDATE camera SET images = (SELECT count(*) FROM living_image WHERE living_image.camera = camera.key)
            WHERE gallery = ?
            """, [gallery.key])
        for row in try rows("SELECT key FROM camera WHERE gallery = ? ORDER BY key", [gallery.key]) {
            _ = try updateMean(of: row["key"], dimensions: gallery.dimensions)
        }
    }

    /// The means of a gallery's cameras; the same order, and so the same bits, after every start.
    func cameraMeans(of gallery: GalleryFacts) throws -> CameraMeans<String> {
        let means = try rows(
            """
            SELECT camera.label, vector FROM camera_mean JOIN camera ON camera.key = camera_mean.camera
            WHERE camera.gallery = ? ORDER BY camera.key
            """, [gallery.key]
        ).map { row in (camera: row["label"] as String, mean: try row.vector(of: gallery.dimensions)) }
        return CameraMeans(dimensions: gallery.dimensions, means: means)
    }

    /// Makes, remakes or removes the mean of a camera if that is due; returns whether it did.
    private func updateMean(
        of camera: Int64, dimensions: Int, images: String = "living_image"
    ) throws -> Bool {
        let row = try row(
            """
            SELECT camera.images, camera_mean.images AS counted
            FROM camera LEFT JOIN camera_mean ON camera_mean.camera = camera.key WHERE camera.key = ?
            """, [camera])
        guard let row else { return false }
        let counted: Int? = row["counted"]
        switch MeanStep(images: row["images"], counted: counted) {
        case .keep: return false
        case .remove: try run("DELETE FROM camera_mean WHERE camera = ?", [camera])
        case .estimate:
            let sum = try sumOfVectors(of: camera, dimensions: dimensions, images: images)
            try run(
                "INSERT OR REPLACE INTO camera_mean (camera, images, vector) VALUES (?, ?, ?)",
                [camera, sum.count, Vector.data(sum.mean)])
        }
        return true
    }

    /// The sum of the vectors of a camera's images, the oldest first, which is the order of a snapshot's rows.
    private func sumOfVectors(of camera: Int64, dimensions: Int, images: String) throws -> VectorSum {
        let statement = try cachedStatement(
            sql: """
                SELECT vector FROM \(images) AS image JOIN embedding ON embedding.image = image.key
                WHERE camera = ? ORDER BY image.key
                """)
        let rows = try Row.fetchCursor(statement, arguments: [camera])
        var sum = VectorSum(dimensions: dimensions)
        while let row = try rows.next() { sum.add(try row.vector(of: dimensions)) }
        return sum
    }
}

extension Row {
    /// The blob `vector`, which must hold `dimensions` finite values.
    fileprivate func vector(of dimensions: Int) throws -> [Float] {
        let vector = try Vector.read(self, "vector")
        guard vector.count == dimensions, vector.allSatisfy(\.isFinite) else {
            throw DatabaseError(resultCode: .SQLITE_CORRUPT, message: "a vector that is not its gallery's kind")
        }
        return vector
    }
}
