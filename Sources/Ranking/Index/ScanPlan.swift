/// Which rows of a snapshot a search looks at, in blocks of up to 64; the other rows cost nothing.
///
/// A block is 64 rows in order, or a list of rows where only few rows in order are allowed.
struct ScanPlan: Sendable {
    /// Up to 64 rows of a part.
    struct Block: Sendable {
        /// A bit for each row that is allowed; at least one.
        let allowed: UInt64
        /// The first row's place in its segment; for listed rows, the first one's place in the list.
        let first: UInt32
        /// The number of the part.
        let part: UInt32
        /// Whether the rows are those of the plan's list.
        let isListed: Bool
    }

    /// The blocks of a unit of work: some thousand rows, so that threads share the work evenly and a canceled search ends
    /// soon.
    private static let blocksPerUnit = 64
    /// With fewer allowed rows than this among 64, these are listed: reading all 64 in order would take longer.
    private static let fewRows = 24

    private(set) var blocks: [Block] = []
    /// Blocks of one part that one thread works on.
    private(set) var units: [Range<Int>] = []
    /// Rows by their places in their segments, part after part.
    private(set) var listedRows: [UInt32] = []
    /// The number of allowed rows.
    private(set) var rowCount = 0

    init(_ snapshot: VectorSnapshot, where filter: RowFilter?) {
        if let filter {
            precondition(filter.count == snapshot.end, "a filter over \(filter.count) of \(snapshot.end) rows")
        }
        for (number, part) in snapshot.parts.enumerated() {
            let (firstBlock, firstListed) = (blocks.count, listedRows.count)
            for word in 0..<(part.count + 63) / 64 {
                let rows = min(64, part.count - word * 64)
                let allowed = (filter?.words[part.first / 64 + word] ?? .max) & (UInt64.max >> UInt64(64 - rows))
                guard allowed != 0 else { continue }
                rowCount += allowed.nonzeroBitCount
                if allowed.nonzeroBitCount < Self.fewRows {
                    forEachBit(of: allowed) { listedRows.append(UInt32(word * 64 + $0)) }
                } else {
                    blocks.append(
                        Block(allowed: allowed, first: UInt32(word * 64), part: UInt32(number), isListed: false))
                }
            }
            for first in stride(from: firstListed, to: listedRows.count, by: 64) {
                let rows = min(64, listedRows.count - first)
                blocks.append(
                    Block(
                        allowed: UInt64.max >> UInt64(64 - rows), first: UInt32(first), part: UInt32(number),
                        isListed: true))
            }
            for start in stride(from: firstBlock, to: blocks.count, by: Self.blocksPerUnit) {
                units.append(start..<min(start + Self.blocksPerUnit, blocks.count))
            }
        }
    }

    /// Where the listed rows of a unit's blocks end; its last block is a list if any is.
    func listedEnd(of unit: Range<Int>) -> Int {
        guard let last = unit.last, blocks[last].isListed else { return 0 }
        return Int(blocks[last].first) + blocks[last].allowed.nonzeroBitCount
    }

    /// The place in its segment of a row of a block.
    func row(_ index: Int, of block: Block) -> UInt32 {
        block.isListed ? listedRows[Int(block.first) + index] : block.first + UInt32(index)
    }
}
