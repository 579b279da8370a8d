import Ranking

// Work that takes long: it is done on a copy of the index while searches and the writer go on, and then put in place.

/// Directions for a gallery, with the heads of its rows.
struct MadeRotation: Sendable {
    let rotation: HeadRotation
    /// The number of the directions' file.
    let number: Int?
    /// For each part that there was: its number, its heads, and the number of their file.
    let heads: [(part: Int, heads: HeadCodes, number: Int?)]
}

extension GalleryIndex {
    /// The rows from which on heads are worth their making; fewer rows are read completely in no time.
    static let leastRotatedRows = 2_000
    /// How much larger a gallery is when its directions are made anew.
    static let rotationGrowth = 10

    /// Whether the gallery needs directions, or better ones.
    var needsRotation: Bool {
        rowCount >= Self.leastRotatedRows && rowCount >= Self.rotationGrowth * rotationRows
    }

    /// Takes numbers for the files of new directions and heads.
    mutating func reserveNumbers() -> Int? { folder?.newNumbers(parts.count + 1) }

    /// Makes directions and the heads of all rows, which takes seconds for a large gallery; this index stays as it is.
    ///
    /// - Parameter number: The first of the numbers that `reserveNumbers` has taken.
    /// - Returns: nil if no directions could be made.
    /// - Throws: `IndexFileError` if there is no room.
    func makeRotation(number: Int?) throws(IndexFileError) -> MadeRotation? {
        guard let rotation = HeadRotation.make(from: vectors.sample(), dimensions: facts.dimensions) else { return nil }
        if let folder, let number { try folder.write(rotation, number: number) }
        var heads: [(part: Int, heads: HeadCodes, number: Int?)] = []
        for (place, part) in parts.enumerated() {
            let own = number.map { $0 + 1 + place }
            let made = try HeadCodes(
                rotation, capacity: part.columns.capacity,
                path: folder.flatMap { folder in own.map { folder.file("heads", $0) } })
            try made.append(from: part.vectors, upTo: part.count)
            heads.append((part.number, made, own))
        }
        return MadeRotation(rotation: rotation, number: number, heads: heads)
    }

    /// Takes over heads that were made from an earlier state of this index, and adds those of rows that came later.
    mutating func install(_ made: MadeRotation) throws(IndexFileError) {
        // The files went away when the disk was full.
        guard (made.number == nil) == (folder == nil) else { return putOffRotation() }
        var entries = folder?.manifest.parts ?? []
        for place in parts.indices {
            let part = parts[place]
            let heads: HeadCodes
            if let own = made.heads.first(where: { $0.part == part.number }) {
                heads = own.heads
                if !entries.isEmpty { entries[place].heads = own.number }
            } else {
                let number = folder?.newNumbers()
                heads = try HeadCodes(
                    made.rotation, capacity: part.columns.capacity,
                    path: folder.flatMap { folder in number.map { folder.file("heads", $0) } })
                if !entries.isEmpty { entries[place].heads = number }
            }
            try heads.append(from: part.vectors, upTo: part.count)
            parts[place].heads = heads
        }
        rotation = made.rotation
        rotationRows = rowCount
        try folder?.update { [rotationRows] manifest in
            manifest.parts = entries
            manifest.directions = made.number
            manifest.directionRows = rotationRows
        }
    }

    /// Notes that directions cannot be made now, so that it is tried again only when the gallery has grown.
    mutating func putOffRotation() { rotationRows = rowCount }
}

// Taking erased rows out.
extension GalleryIndex {
    /// The erased rows from which on a part is written anew, if they are more than half of its rows.
    static let leastCompactedRows = 1_024

    /// The number of a part that is mostly of erased rows; nil if there is none.
    var partToCompact: Int? {
        parts.first { $0.erasedCount >= Self.leastCompactedRows && 2 * $0.erasedCount > $0.count }?.number
    }

    /// Writes a part anew without its erased rows; this index stays as it is.
    ///
    /// - Parameters:
    ///   - number: The part's number.
    ///   - newNumber: The first of two numbers that `reserveNumbers` has taken.
    /// - Returns: The new part; nil if there is no part with this number.
    /// - Throws: `IndexFileError` if there is no room.
    func compacted(_ number: Int, newNumber: Int?) throws(IndexFileError) -> IndexPart? {
        guard let part = parts.first(where: { $0.number == number }) else { return nil }
        return try copy(of: part, number: newNumber ?? -number - 1, in: folder)
    }

    /// Puts a part that was written anew in place of the old one, with what changed meanwhile.
    mutating func install(_ compacted: IndexPart, for number: Int) throws(IndexFileError) {
        // If the means, the directions or the folder changed meanwhile, the part is written again later.
        guard let place = parts.firstIndex(where: { $0.number == number }), compacted.cameras.table === table,
            compacted.heads?.rotation === rotation, (compacted.vectors.path == nil) == (folder == nil)
        else { return }
        var new = compacted
        let (old, numbers) = (parts[place], meanNumbers)
        for row in 0..<new.count where old.row(ofKey: new.columns.key(row)) == nil { _ = new.erase(row) }
        let later = (old.firstRow(from: (new.lastKey ?? 0) + 1)..<old.count).filter { !old.isErased($0) }
            .map { old.image($0) }.filter { $0.key > new.lastKey ?? 0 }
        try new.append(later[...], means: later.map { $0.camera.flatMap { numbers[$0] } ?? 0 })
        parts[place] = new
        remains.removeAll { $0.part == number }
        try folder?.update { manifest in
            manifest.parts[place].number = new.number
            manifest.parts[place].heads = new.heads == nil ? nil : new.number + 1
            if manifest.parts[place].count != nil { manifest.parts[place].count = new.count }
        }
    }

    /// Goes on without files, when they cannot be written: all parts are copied to memory.
    mutating func moveToMemory() throws(IndexFileError) {
        var copies: [IndexPart] = []
        for (place, part) in parts.enumerated() { copies.append(try copy(of: part, number: place, in: nil)) }
        if let folder { try? IndexFolder.remove(folder.path) }
        folder = nil
        parts = copies
        remains = []
    }

    /// The images of a part in a new one, at the same row.
    private func copy(of part: IndexPart, number: Int, in folder: IndexFolder?) throws(IndexFileError) -> IndexPart {
        let entry = IndexFolder.Manifest.Part(
            first: part.first, capacity: part.columns.capacity, number: number,
            heads: rotation == nil ? nil : number + 1, count: nil)
        var new = try IndexPart(
            entry, in: folder, dimensions: facts.dimensions, rotation: rotation, means: table)
        let numbers = meanNumbers
        let rows = (0..<part.count).filter { !part.isErased($0) }
        for start in stride(from: 0, to: rows.count, by: 1_024) {
            let images = rows[start..<min(start + 1_024, rows.count)].map { part.image($0) }
            try new.append(images[...], means: images.map { $0.camera.flatMap { numbers[$0] } ?? 0 })
        }
        return new
    }
}
