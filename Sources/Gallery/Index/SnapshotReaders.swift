/// Who reads which snapshots, so that an erased row is overwritten only when nobody sees it any more.
struct SnapshotReaders: Sendable {
    /// Lives as long as a snapshot.
    final class Reader: Sendable {}

    private struct Entry: Sendable {
        let number: Int
        weak var reader: Reader?
    }

    private var entries: [Entry] = []
    /// The number of the newest snapshot.
    private(set) var newest = 0

    /// A reader for a new snapshot.
    mutating func next() -> Reader {
        newest += 1
        let reader = Reader()
        entries.removeAll { $0.reader == nil }
        entries.append(Entry(number: newest, reader: reader))
        return reader
    }

    /// Whether somebody reads a snapshot with this number or a smaller one.
    func isRead(upTo number: Int) -> Bool {
        entries.contains { $0.number <= number && $0.reader != nil }
    }
}

/// A row of an erased image.
struct ErasedRow: Sendable {
    /// The number of its part.
    let part: Int
    /// Its place in the part.
    let row: Int
    /// The newest snapshot that shows it.
    let reader: Int
}

extension GalleryIndex {
    /// Overwrites the rows of erased images that no snapshot shows any more; returns whether there are others.
    mutating func wipeRemains() -> Bool {
        remains.removeAll { erased in
            guard !readers.isRead(upTo: erased.reader) else { return false }
            parts.first { $0.number == erased.part }?.wipe(erased.row)
            return true
        }
        return !remains.isEmpty
    }
}
