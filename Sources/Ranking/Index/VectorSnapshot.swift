/// The rows of a gallery at one moment: segments, and how many of their rows belong to it.
///
/// What a writer adds to the segments later is not seen. A copy costs O(segments).
public struct VectorSnapshot: Sendable {
    /// The rows of one segment.
    public struct Part: Sendable {
        /// The vectors.
        public let segment: VectorSegment
        /// The heads of at least `count` rows; without them a search reads all codes.
        public let heads: HeadCodes?
        /// The means of at least `count` rows; needed only for searches among normalized rows.
        public let cameras: CameraColumn?
        /// The row of the gallery at which the segment begins, a multiple of 64.
        public let first: Int
        /// The number of rows, at least 1.
        public let count: Int

        /// Joins a segment's columns.
        public init(
            _ segment: VectorSegment, heads: HeadCodes? = nil, cameras: CameraColumn? = nil, first: Int, count: Int
        ) {
            precondition(
                first >= 0 && first.isMultiple(of: 64) && 1...segment.count ~= count,
                "\(count) of \(segment.count) rows from \(first) on")
            precondition((heads?.count ?? count) >= count, "\(heads?.count ?? 0) heads of \(count) rows")
            precondition((cameras?.count ?? count) >= count, "\(cameras?.count ?? 0) cameras of \(count) rows")
            self.segment = segment
            self.heads = heads
            self.cameras = cameras
            self.first = first
            self.count = count
        }
    }

    /// The length of every row.
    public let dimensions: Int
    /// The parts in the order of their rows; between two of them there may be row numbers without a row.
    public let parts: [Part]
    /// The number of rows.
    public let rowCount: Int
    /// The end of the row numbers: what a `RowFilter` must cover.
    public var end: Int { parts.last.map { $0.first + $0.count } ?? 0 }

    /// Joins parts, whose rows follow each other and have `dimensions` values.
    public init(dimensions: Int, parts: [Part] = []) {
        var end = 0
        for part in parts {
            precondition(
                part.first >= end && part.segment.dimensions == dimensions,
                "a part from row \(part.first) on, after \(end) rows")
            end = part.first + part.count
        }
        self.dimensions = dimensions
        self.parts = parts
        rowCount = parts.reduce(0) { $0 + $1.count }
    }

    /// The values of one row, which must exist; O(dimensions + log parts).
    public subscript(row: Int) -> [Float] {
        let (part, place) = place(of: row)
        return part.segment[place]
    }

    /// The row without its mean, scaled to length 1, as searches among normalized rows compare it.
    public func normalized(_ row: Int) -> [Float] {
        let (part, place) = place(of: row)
        guard let cameras = part.cameras else { preconditionFailure("row \(row) has no mean") }
        return unsafe [Float](unsafeUninitializedCapacity: dimensions) { values, count in
            guard let start = values.baseAddress else { return }
            unsafe cameras.table.normalize(
                part.segment.rows + place * dimensions, mean: Int(cameras.means[place]), to: start)
            count = dimensions
        }
    }

    /// A matrix of the given rows, which must exist, in the given order; as they are, or as `normalized(_:)` returns them.
    public func selecting(_ rows: some Sequence<Int>, isNormalized: Bool = false) -> EmbeddingMatrix {
        var result = EmbeddingMatrix(dimensions: dimensions)
        for row in rows { result.append(isNormalized ? normalized(row) : self[row]) }
        return result
    }

    /// Up to `count` rows, chosen evenly: [rows, dimensions], for `HeadRotation.make`.
    public func sample(_ count: Int = HeadRotation.usualSample) -> [Float] {
        let wanted = min(max(count, 0), rowCount)
        var (result, before, next): ([Float], Int, Int) = ([], 0, 0)
        result.reserveCapacity(wanted * dimensions)
        for part in parts {
            while next < wanted, next * rowCount / wanted < before + part.count {
                result += part.segment[next * rowCount / wanted - before]
                next += 1
            }
            before += part.count
        }
        return result
    }

    private func place(of row: Int) -> (Part, Int) {
        let place = parts.indices.bisected { parts[$0].first + parts[$0].count <= row }
        precondition(place < parts.count && parts[place].first <= row, "no row \(row)")
        return (parts[place], row - parts[place].first)
    }
}
