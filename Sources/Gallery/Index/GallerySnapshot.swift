public import Ranking

/// A gallery as it was after one commit; a snapshot never changes.
///
/// It holds vectors, and for each the image's key, person, camera and time; the store reads everything else. An older image
/// has a smaller row. Between rows that belong to images there may be others, of erased images.
public struct GallerySnapshot: Sendable {
    /// The gallery's counts.
    public let summary: GallerySummary
    /// The embeddings, each of length 1.
    public let vectors: VectorSnapshot
    /// The mean vectors of the cameras that have one, by the cameras' names.
    public let cameraMeans: CameraMeans<String>

    let facts: GalleryFacts
    let parts: [IndexPart]
    /// The names of the gallery's cameras, by their keys.
    let cameras: [UInt32: String]
    /// Says, by its life, that somebody may still read this snapshot.
    let reader: SnapshotReaders.Reader

    /// The gallery's name.
    public var name: String { summary.name }
    /// The identity of the model that made the vectors.
    public var model: String { summary.model }
    /// The number of values of a vector.
    public var dimensions: Int { summary.dimensions }
    /// The number of images.
    public var imageCount: Int { summary.images }
    /// The gallery's revision, which goes up by one with every change.
    public var revision: Int64 { summary.revision }
    /// Whether a search that does not say subtracts the cameras' means.
    public var cameraNormalization: Bool { summary.cameraNormalization }

    /// The key of the newest image, also of one that is erased; 0 if there was none.
    public var newestKey: Int64 { parts.last { $0.count > 0 }?.lastKey ?? 0 }

    /// The number of images whose key is greater than `last`; costs O(parts), and O(rows) of one part if it has erased rows.
    func imageCount(after last: Int64) -> Int {
        parts.reduce(0) { count, part in
            guard part.lastKey ?? .min > last else { return count }
            // The last key of the part is greater, so that this is not the largest number.
            let start = part.firstRow(from: last + 1)
            let hasErased = part.liveCount < part.count
            guard start > 0, hasErased else { return count + part.liveCount - start }
            return count + (start..<part.count).count { !part.isErased($0) }
        }
    }

    /// The rows that belong to images, ascending; costs O(images).
    public var rows: [Int] {
        parts.flatMap { part in (0..<part.count).filter { !part.isErased($0) }.map { part.first + $0 } }
    }

    /// The key of the image in a row.
    public func key(ofRow row: Int) -> Int64 { columns(of: row) { $0.key($1) } }

    /// The key of the person in a row; nil if unknown.
    public func person(ofRow row: Int) -> UInt32? { columns(of: row) { $0.person($1) } }

    /// The name of the camera in a row; nil if unknown.
    public func camera(ofRow row: Int) -> String? { columns(of: row) { $0.camera($1) }.flatMap { cameras[$0] } }

    /// The row of the image with this key; nil if it is not there.
    ///
    /// Costs O(log images).
    public func row(ofKey key: Int64) -> Int? {
        guard let part = parts.first(where: { $0.lastKey ?? .min >= key }) else { return nil }
        return part.row(ofKey: key).map { part.first + $0 }
    }

    /// The rows that belong to images and are of one of these people; costs O(images).
    public func rows(ofPeople people: Set<UInt32>) -> RowFilter {
        rows { part, word in
            var (found, rest) = (UInt64(0), part.live(word: word))
            while rest != 0 {
                let person = part.columns.person(64 * word + rest.trailingZeroBitCount)
                if let person, people.contains(person) { found |= rest & (~rest + 1) }
                rest &= rest - 1
            }
            return found
        }
    }

    /// The rows that belong to images and meet the conditions; nil if all rows do.
    func rows(meeting conditions: RowConditions?) -> RowFilter? {
        guard let conditions else {
            return parts.allSatisfy { $0.erasedCount == 0 } ? nil : rows { $0.live(word: $1) }
        }
        let table = conditions.cameraTable(of: cameras.keys)
        return rows { conditions.rows(of: $0, word: $1, cameraTable: table) }
    }

    /// The rows of those images that are there and meet the conditions.
    func rows(of keys: [Int64], meeting conditions: RowConditions) -> RowFilter {
        let table = conditions.cameraTable(of: cameras.keys)
        var filter = RowFilter(count: vectors.end)
        for key in keys {
            guard let part = parts.first(where: { $0.lastKey ?? .min >= key }), let row = part.row(ofKey: key),
                conditions.rows(of: part, word: row / 64, cameraTable: table) >> UInt64(row % 64) & 1 == 1
            else { continue }
            filter.allow(part.first + row)
        }
        return filter
    }

    /// The keys of images after the one with the key `last`, the oldest first.
    ///
    /// - Parameters:
    ///   - last: A key, of an image that need not be there.
    ///   - rows: The rows to list; nil: all.
    ///   - count: The most keys to return.
    /// - Returns: The keys, ascending.
    func keys(after last: Int64, in rows: RowFilter?, atMost count: Int) -> [Int64] {
        var keys: [Int64] = []
        for part in parts where part.lastKey ?? .min > last {
            let start = last == .max ? part.count : part.firstRow(from: last + 1)
            for row in start..<part.count where rows?[part.first + row] ?? !part.isErased(row) {
                guard keys.count < count else { return keys }
                keys.append(part.columns.key(row))
            }
        }
        return keys
    }

    private func rows(_ word: (IndexPart, Int) -> UInt64) -> RowFilter {
        var words = [UInt64](repeating: 0, count: (vectors.end + 63) / 64)
        for part in parts {
            for place in 0..<(part.count + 63) / 64 { words[part.first / 64 + place] = word(part, place) }
        }
        return RowFilter(count: vectors.end, words: words)
    }

    private func columns<Value>(of row: Int, _ read: (ImageColumns, Int) -> Value) -> Value {
        guard let part = parts.last(where: { $0.first <= row }), row - part.first < part.count else {
            preconditionFailure("no row \(row)")
        }
        return read(part.columns, row - part.first)
    }
}
