/// Which rows of a matrix may be in an answer; one bit per row.
public struct RowFilter: Sendable, Equatable {
    /// The number of rows of the matrix.
    public let count: Int
    /// The number of rows that may be in an answer.
    public private(set) var allowedCount: Int
    /// The bits, 64 rows a word; those past the last row are 0.
    private(set) var words: [UInt64]

    /// A filter over `count` rows that allows all of them or none.
    public init(count: Int, allowing all: Bool = false) {
        precondition(count >= 0, "a filter over \(count) rows")
        self.count = count
        words = Array(repeating: all ? .max : 0, count: (count + 63) / 64)
        allowedCount = all ? count : 0
        if all, !count.isMultiple(of: 64) { words[words.count - 1] = (1 << UInt64(count % 64)) - 1 }
    }

    /// A filter over `count` rows with a bit for each allowed row, 64 rows a word; bits past the last row are 0.
    public init(count: Int, words: [UInt64]) {
        precondition(words.count == (count + 63) / 64, "\(words.count) words for \(count) rows")
        let past = count.isMultiple(of: 64) ? 0 : UInt64.max << UInt64(count % 64)
        precondition((words.last ?? 0) & past == 0, "rows past the last are allowed")
        self.count = count
        self.words = words
        allowedCount = words.reduce(0) { $0 + $1.nonzeroBitCount }
    }

    /// A filter over `count` rows that allows those for which `predicate` returns true.
    public init(count: Int, where predicate: (Int) throws -> Bool) rethrows {
        self.init(count: count)
        for row in 0..<count where try predicate(row) { allow(row) }
    }

    /// Whether a row may be in an answer.
    public subscript(row: Int) -> Bool {
        precondition(row >= 0 && row < count, "row \(row) of a filter over \(count)")
        return words[row / 64] >> UInt64(row % 64) & 1 == 1
    }

    /// The allowed rows, ascending.
    public var rows: [Int] {
        var rows: [Int] = []
        rows.reserveCapacity(allowedCount)
        for (index, word) in words.enumerated() { forEachBit(of: word) { rows.append(index * 64 + $0) } }
        return rows
    }

    /// The rows that both filters allow; both are over as many rows.
    public func intersection(_ other: RowFilter) -> RowFilter {
        precondition(count == other.count, "filters over \(count) and \(other.count) rows")
        return RowFilter(count: count, words: zip(words, other.words).map { $0 & $1 })
    }

    /// Allows one more row.
    public mutating func allow(_ row: Int) {
        guard !self[row] else { return }
        words[row / 64] |= 1 << UInt64(row % 64)
        allowedCount += 1
    }

    /// Allows one row less.
    mutating func forbid(_ row: Int) {
        guard self[row] else { return }
        words[row / 64] &= ~(1 << UInt64(row % 64))
        allowedCount -= 1
    }
}

/// Calls `body` with the places of the bits that are 1, ascending.
@inline(__always)
func forEachBit(of bits: UInt64, _ body: (Int) -> Void) {
    var rest = bits
    while rest != 0 {
        body(rest.trailingZeroBitCount)
        rest &= rest - 1
    }
}
