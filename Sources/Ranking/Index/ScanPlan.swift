/// Which rows of a snapshot a search looks at, in blocks of 64; blocks without an allowed row are left out.
struct ScanPlan: Sendable {
    /// Up to 64 rows of a part.
    struct Block: Sendable {
        /// A bit for each row that is allowed; at least one.
        let allowed: UInt64
        /// The first row's place in its segment.
        let first: UInt32
        /// The number of the part.
        let part: UInt32
    }

    /// The blocks of a unit of work: some thousand rows, so that threads share the work evenly and a canceled search ends
    /// soon.
    private static let blocksPerUnit = 64

    let blocks: [Block]
    /// Blocks of one part that one thread works on.
    let units: [Range<Int>]
    /// The number of allowed rows.
    let rowCount: Int

    init(_ snapshot: VectorSnapshot, where filter: RowFilter?) {
        if let filter {
            precondition(filter.count == snapshot.end, "a filter over \(filter.count) of \(snapshot.end) rows")
        }
        var (blocks, units, rowCount): ([Block], [Range<Int>], Int) = ([], [], 0)
        for (number, part) in snapshot.parts.enumerated() {
            var start = blocks.count
            for word in 0..<(part.count + 63) / 64 {
                let rows = min(64, part.count - word * 64)
                let allowed = (filter?.words[part.first / 64 + word] ?? .max) & (UInt64.max >> UInt64(64 - rows))
                guard allowed != 0 else { continue }
                rowCount += allowed.nonzeroBitCount
                blocks.append(Block(allowed: allowed, first: UInt32(word * 64), part: UInt32(number)))
                if blocks.count - start == Self.blocksPerUnit {
                    units.append(start..<blocks.count)
                    start = blocks.count
                }
            }
            if start < blocks.count { units.append(start..<blocks.count) }
        }
        self.blocks = blocks
        self.units = units
        self.rowCount = rowCount
    }
}
