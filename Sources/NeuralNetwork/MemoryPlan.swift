/// Places buffers of known lifetimes in one block of memory; buffers that are never in use at the same time share
/// bytes.
struct MemoryPlan {
    /// The size of the block in bytes.
    private(set) var bytes = 0
    private var placed: [(range: Range<Int>, lifetime: ClosedRange<Int>)] = []

    /// Finds room for `size` bytes that are in use during the steps of `lifetime`; returns their offset, a multiple of
    /// a cache line.
    mutating func place(_ size: Int, lifetime: ClosedRange<Int>) -> Int {
        let size = max(64, (size + 63) / 64 * 64)
        var offset = 0
        for other in placed.filter({ $0.lifetime.overlaps(lifetime) }).sorted(by: {
            $0.range.lowerBound < $1.range.lowerBound
        }) {
            guard other.range.lowerBound < offset + size else { break }
            offset = max(offset, other.range.upperBound)
        }
        placed.append((offset..<offset + size, lifetime))
        bytes = max(bytes, offset + size)
        return offset
    }
}
