import Dispatch
import Logging
import Ranking
import Synchronization

extension GalleryIndex {
    /// Maps the files of an earlier run.
    ///
    /// Every row is compared with its check number; the first damaged one and all behind it are left out. What the index then
    /// has is a state that the database has or had; the caller brings it up to date. Costs the reading of all files.
    ///
    /// - Parameters:
    ///   - folder: The files.
    ///   - facts: The gallery.
    ///   - means: The means of its cameras.
    ///   - cameras: The names of its cameras, by key.
    /// - Throws: Why the files cannot be read. The index is nil if they are not whole.
    init?(
        opening folder: IndexFolder, _ facts: GalleryFacts, means: CameraMeans<String>, cameras: [UInt32: String]
    ) throws {
        guard let state = folder.notedState else { return nil }
        self.init(facts, revision: state.revision, means: means, cameras: cameras, folder: folder)
        let manifest = folder.manifest
        if let directions = manifest.directions {
            guard let rotation = try folder.directions(directions) else { return nil }
            self.rotation = rotation
            rotationRows = manifest.directionRows
        }
        let (rotation, table, numbers) = (rotation, table, meanNumbers)
        let opened = Mutex([Result<IndexPart, IndexFileError>?](repeating: nil, count: manifest.parts.count))
        DispatchQueue.concurrentPerform(iterations: manifest.parts.count) { place in
            let part = Result { () throws(IndexFileError) in
                try IndexPart(
                    opening: manifest.parts[place], in: folder, dimensions: facts.dimensions, rotation: rotation,
                    means: table, mean: { $0.flatMap { numbers[$0] } ?? 0 })
            }
            opened.withLock { $0[place] = part }
        }
        for (entry, part) in zip(manifest.parts, opened.withLock { $0 }) {
            guard let part = try part?.get(), part.first == 0 || (parts.last?.lastKey ?? 0) < part.columns.key(0) else {
                break
            }
            parts.append(part)
            if let count = entry.count, part.count < count { break }
        }
        if parts.count < manifest.parts.count {
            try self.folder?.update { [count = parts.count] manifest in
                manifest.parts.removeSubrange(count...)
                if count > 0 { manifest.parts[count - 1].count = nil }
            }
        }
        try folder.removeUnnamedFiles()
        recount()
        for part in parts {
            for row in 0..<part.count where part.isErased(row) {
                remains.append(ErasedRow(part: part.number, row: row, reader: 0))
            }
        }
    }

    /// Notes in the files which state of the database they are of.
    func noteState(stamp: Int64, previousStamp: Int64) {
        folder?.note(
            IndexFolder.State(
                revision: revision, images: Int64(imageCount), stamp: stamp, previousStamp: previousStamp))
    }
}
