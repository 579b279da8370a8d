import Ranking

/// A gallery's index as the writer changes it; each change gives a new snapshot.
///
/// Adding copies no table, and erasing marks rows. A copy costs O(parts).
struct GalleryIndex: Sendable {
    private(set) var facts: GalleryFacts
    private(set) var revision: Int64
    private(set) var parts: [IndexPart] = []
    private(set) var means: CameraMeans<String>
    /// The means by number: the mean of the camera means, then that of each camera.
    private var table: MeanTable
    /// The names of the cameras, by their keys.
    private var cameras: [UInt32: String] = [:]
    private var tally = GalleryTally()
    /// The directions of the heads of new rows; nil for a small gallery.
    private(set) var rotation: HeadRotation?
    /// The number of rows when the directions were made.
    private var rotationRows = 0

    /// The rows from which on heads are worth their making; a search reads fewer rows completely in no time.
    static let leastRotatedRows = 2_000
    /// How much larger a gallery is when its directions are made anew.
    static let rotationGrowth = 10

    /// Makes the index of a gallery without images.
    init(_ facts: GalleryFacts, revision: Int64, means: CameraMeans<String>) {
        self.facts = facts
        self.revision = revision
        self.means = means
        table = Self.table(of: means, dimensions: facts.dimensions)
    }

    /// The number of images.
    var imageCount: Int { parts.reduce(0) { $0 + $1.liveCount } }

    /// What searches read.
    var snapshot: GallerySnapshot {
        GallerySnapshot(
            summary: tally.summary(
                of: facts, images: imageCount, cameras: cameras, means: means, revision: revision),
            vectors: VectorSnapshot(
                dimensions: facts.dimensions,
                parts: parts.filter { $0.count > 0 }.map {
                    VectorSnapshot.Part(
                        $0.vectors, heads: $0.heads, cameras: $0.cameras, first: $0.first, count: $0.count)
                }),
            cameraMeans: means, facts: facts, parts: parts, cameras: cameras)
    }

    /// Takes over changed properties.
    mutating func update(_ facts: GalleryFacts, revision: Int64) {
        self.facts = facts
        self.revision = revision
    }

    /// Adds images behind the others, in the order of their keys.
    ///
    /// - Parameters:
    ///   - images: The images.
    ///   - names: The names of their cameras, by key.
    ///   - means: The cameras' means from now on; nil: as before.
    ///   - revision: The gallery's revision.
    mutating func append(
        _ images: [IndexedImage], cameras names: [UInt32: String], means: CameraMeans<String>?, revision: Int64
    ) throws(IndexFileError) {
        self.revision = revision
        cameras.merge(names) { _, new in new }
        if let means { try setMeans(means) }
        let numbers = meanNumbers
        var rest = images[...]
        while !rest.isEmpty {
            if parts.last?.room ?? 0 == 0 { try addPart() }
            let last = parts.count - 1
            let added = rest.prefix(parts[last].room)
            try parts[last].append(added, means: added.map { $0.camera.flatMap { numbers[$0] } ?? 0 })
            for image in added { tally.add(person: image.person, camera: image.camera, time: image.capturedAt) }
            rest = rest.dropFirst(added.count)
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
            let columns = parts[place].columns
            if tally.remove(person: columns.person(row), camera: columns.camera(row), time: columns.time(row)) {
                isRangeOpen = true
            }
        }
        if isRangeOpen { tally.setTimes(rangeOfTimes) }
        if let means { try setMeans(means) }
    }

    private mutating func addPart() throws(IndexFileError) {
        let (first, capacity) =
            parts.last.map { ($0.first + $0.columns.capacity, VectorSegment.usualCapacity) }
            ?? (0, IndexPart.smallCapacity)
        parts.append(
            try IndexPart(
                first: first, capacity: capacity, dimensions: facts.dimensions, rotation: rotation, means: table))
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
    private var meanNumbers: [UInt32: Int] {
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

// Directions of heads.
extension GalleryIndex {
    /// Whether the gallery needs directions, or better ones.
    var needsRotation: Bool {
        let rows = parts.reduce(0) { $0 + $1.count }
        return rows >= Self.leastRotatedRows && rows >= Self.rotationGrowth * rotationRows
    }

    /// Makes directions and the heads of all rows, which takes seconds for a large gallery; this index stays as it is.
    ///
    /// - Returns: The directions and the parts with heads; nil if no directions could be made.
    func rotated() throws(IndexFileError) -> (rotation: HeadRotation, heads: [HeadCodes])? {
        guard let rotation = HeadRotation.make(from: snapshot.vectors.sample(), dimensions: facts.dimensions) else {
            return nil
        }
        var heads: [HeadCodes] = []
        for part in parts {
            let made = try HeadCodes(rotation, capacity: part.columns.capacity)
            try made.append(from: part.vectors, upTo: part.count)
            heads.append(made)
        }
        return (rotation, heads)
    }

    /// Takes over heads that were made from an earlier state of this index, and adds those of rows that came later.
    mutating func install(_ rotation: HeadRotation, _ heads: [HeadCodes]) throws(IndexFileError) {
        self.rotation = rotation
        rotationRows = parts.reduce(0) { $0 + $1.count }
        for place in parts.indices {
            let part = parts[place]
            let made =
                if place < heads.count { heads[place] } else {
                    try HeadCodes(rotation, capacity: part.columns.capacity)
                }
            try made.append(from: part.vectors, upTo: part.count)
            parts[place].heads = made
        }
    }

    /// Marks that directions cannot be made now, so that it is tried again only when the gallery has grown.
    mutating func putOffRotation() { rotationRows = parts.reduce(0) { $0 + $1.count } }
}
