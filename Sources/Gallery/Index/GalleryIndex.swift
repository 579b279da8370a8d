import Ranking

/// A gallery's index as the writer changes it; each change gives a new snapshot.
///
/// Adding copies no table, and erasing marks rows. A copy costs O(parts).
struct GalleryIndex: Sendable {
    private(set) var facts: GalleryFacts
    private(set) var revision: Int64
    var parts: [IndexPart] = []
    private(set) var means: CameraMeans<String>
    /// The means by number: the mean of the camera means, then that of each camera.
    private(set) var table: MeanTable
    /// The names of the cameras, by their keys.
    private(set) var cameras: [UInt32: String]
    /// The curves that give its searches probabilities; nil if it is not calibrated.
    var calibration: GalleryCalibration?
    private var tally = GalleryTally()
    /// The directions of the heads of new rows; nil for a small gallery.
    var rotation: HeadRotation?
    /// The number of rows when the directions were made.
    var rotationRows = 0
    /// Where the files are; nil for an index in memory alone.
    var folder: IndexFolder?
    /// The snapshots that somebody may still read.
    var readers = SnapshotReaders()
    /// Erased rows that are not overwritten yet.
    var remains: [ErasedRow] = []
    /// Whether it will be looked soon whether they can be overwritten.
    var isWipeDue = false

    /// Makes the index of a gallery without images.
    ///
    /// - Parameters:
    ///   - facts: The gallery.
    ///   - revision: Its revision.
    ///   - means: The means of its cameras.
    ///   - cameras: The names of its cameras, by key.
    ///   - folder: Where to keep the files; nil: nowhere.
    init(
        _ facts: GalleryFacts, revision: Int64, means: CameraMeans<String>, cameras: [UInt32: String] = [:],
        folder: IndexFolder? = nil
    ) {
        self.facts = facts
        self.revision = revision
        self.means = means
        self.cameras = cameras
        self.folder = folder
        table = Self.table(of: means, dimensions: facts.dimensions)
    }

    /// The number of images.
    var imageCount: Int { parts.reduce(0) { $0 + $1.liveCount } }
    /// The number of rows, with those of erased images.
    var rowCount: Int { parts.reduce(0) { $0 + $1.count } }
    /// The newest image's key, also of an erased image.
    var lastKey: Int64? { parts.last { $0.count > 0 }?.lastKey }

    /// The keys of all images, ascending.
    var liveKeys: [Int64] {
        parts.flatMap { part in (0..<part.count).filter { !part.isErased($0) }.map { part.columns.key($0) } }
    }

    /// What searches read, from now on.
    mutating func makeSnapshot() -> GallerySnapshot {
        GallerySnapshot(
            summary: tally.summary(
                of: facts, images: imageCount, cameras: cameras, means: means, calibration: calibration,
                revision: revision),
            vectors: vectors, cameraMeans: means, facts: facts, parts: parts, cameras: cameras,
            reader: readers.next())
    }

    /// The vectors of all rows.
    var vectors: VectorSnapshot {
        VectorSnapshot(
            dimensions: facts.dimensions,
            parts: parts.filter { $0.count > 0 }.map {
                VectorSnapshot.Part(
                    $0.vectors, heads: $0.heads, cameras: $0.cameras, first: $0.first, count: $0.count)
            })
    }

    /// Takes over changed properties.
    mutating func update(_ facts: GalleryFacts, revision: Int64) {
        self.facts = facts
        self.revision = revision
    }

    /// Adds images behind the others, in the order of their keys.
    ///
    /// If the files cannot be written, the index goes on in memory, and is made anew at the next start.
    ///
    /// - Parameters:
    ///   - images: The images.
    ///   - names: The names of their cameras, by key.
    ///   - means: The cameras' means from now on; nil: as before.
    ///   - revision: The gallery's revision.
    /// - Throws: `IndexFileError` if there is no memory.
    mutating func append(
        _ images: [IndexedImage], cameras names: [UInt32: String], means: CameraMeans<String>?, revision: Int64
    ) throws(IndexFileError) {
        self.revision = revision
        if names.keys.contains(where: { cameras[$0] == nil }) {
            // A camera that came back after its last image was erased has another key.
            let again = Set(names.values)
            cameras = cameras.filter { !again.contains($0.value) }
            cameras.merge(names) { _, new in new }
        }
        if let means { try setMeans(means) }
        let numbers = meanNumbers
        var rest = images[...]
        while !rest.isEmpty {
            do {
                if parts.last?.room ?? 0 == 0 { try addPart() }
                let last = parts.count - 1
                let added = rest.prefix(parts[last].room)
                try parts[last].append(added, means: added.map { $0.camera.flatMap { numbers[$0] } ?? 0 })
                for image in added { tally.add(person: image.person, camera: image.camera, time: image.capturedAt) }
                rest = rest.dropFirst(added.count)
            } catch {
                guard folder != nil else { throw error }
                try moveToMemory()
            }
        }
    }

    /// Marks images as erased.
    mutating func remove(
        keys: some Sequence<Int64>, means: CameraMeans<String>?, revision: Int64
    ) throws(IndexFileError) {
        self.revision = revision
        var isRangeOpen = false
        for key in keys {
            guard let place = parts.firstIndex(where: { $0.lastKey ?? .min >= key }),
                let row = parts[place].row(ofKey: key), parts[place].erase(row)
            else { continue }
            remains.append(ErasedRow(part: parts[place].number, row: row, reader: readers.newest))
            let columns = parts[place].columns
            if tally.remove(person: columns.person(row), camera: columns.camera(row), time: columns.time(row)) {
                isRangeOpen = true
            }
        }
        if isRangeOpen { tally.setTimes(rangeOfTimes) }
        if let means { try setMeans(means) }
    }

    /// Counts all images anew, after parts were put in place from outside.
    mutating func recount() {
        tally = GalleryTally()
        for part in parts {
            for row in 0..<part.count where !part.isErased(row) {
                let columns = part.columns
                tally.add(person: columns.person(row), camera: columns.camera(row), time: columns.time(row))
            }
        }
    }

    private mutating func addPart() throws(IndexFileError) {
        let (first, capacity) =
            parts.last.map { ($0.first + $0.columns.capacity, VectorSegment.usualCapacity) }
            ?? (0, IndexPart.smallCapacity)
        var entry = IndexFolder.Manifest.Part(
            first: first, capacity: capacity, number: folder?.newNumbers() ?? parts.count, heads: nil, count: nil)
        if rotation != nil { entry.heads = folder?.newNumbers() }
        let part = try IndexPart(entry, in: folder, dimensions: facts.dimensions, rotation: rotation, means: table)
        try folder?.update { [full = parts.last?.count] manifest in
            if !manifest.parts.isEmpty { manifest.parts[manifest.parts.count - 1].count = full }
            manifest.parts.append(entry)
        }
        parts.append(part)
    }

    private var rangeOfTimes: (from: Timestamp, to: Timestamp)? {
        var range: (from: Int64, to: Int64)?
        for part in parts {
            for row in 0..<part.count where !part.isErased(row) {
                let time = unsafe part.columns.times[row]
                guard time != ImageColumns.noTime else { continue }
                range = range.map { (min($0.from, time), max($0.to, time)) } ?? (time, time)
            }
        }
        return range.map { (Timestamp(milliseconds: $0.from), Timestamp(milliseconds: $0.to)) }
    }
}

// Means of cameras.
extension GalleryIndex {
    private static func table(of means: CameraMeans<String>, dimensions: Int) -> MeanTable {
        MeanTable([means.common] + means.cameras.map { means.mean(of: $0) }, dimensions: dimensions)
    }

    /// The number of each camera's mean in the table; cameras without a mean are missing.
    var meanNumbers: [UInt32: Int] {
        let numbers = Dictionary(uniqueKeysWithValues: means.cameras.enumerated().map { ($1, $0 + 1) })
        return cameras.compactMapValues { numbers[$0] }
    }

    /// Compares all rows with new means; costs O(rows), and the reading of those rows whose mean is another.
    private mutating func setMeans(_ means: CameraMeans<String>) throws(IndexFileError) {
        self.means = means
        table = Self.table(of: means, dimensions: facts.dimensions)
        let numbers = meanNumbers
        for place in parts.indices {
            let part = parts[place]
            let column = try CameraColumn(table, capacity: part.columns.capacity)
            column.append(
                from: part.vectors,
                means: (0..<part.count).map { part.columns.camera($0).flatMap { numbers[$0] } ?? 0 },
                previous: part.cameras)
            parts[place].cameras = column
        }
    }
}
