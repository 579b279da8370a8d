internal import HTTP

/// Finds the lines of NDJSON in a part of a body, without loading all of them.
struct LineScanner {
    /// A line that is not blank.
    struct Line: Sendable, Equatable {
        /// The line's number, counted from 1, including blank lines.
        let number: Int
        /// The place of the line's bytes, without the line feed.
        let range: Range<Int>
    }

    private static let step = 1 << 18
    private let lineFeed: ArraySlice<UInt8> = [0x0A]

    private let source: ByteSource
    private let end: Int
    private var buffer: [UInt8] = []
    /// The offset of the buffer in the body, and the position in the buffer where reading continues.
    private var base: Int
    private var position = 0
    private var number = 0

    /// Scans `range` of `source`.
    init(_ source: ByteSource, _ range: Range<Int>) {
        self.source = source
        base = range.lowerBound
        end = range.upperBound
    }

    /// The next line that is not blank, or nil after the last.
    mutating func next() throws(ContainerError) -> Line? {
        while base + position < end {
            let start = base + position
            var isBlank = true
            var isEnded = false
            while !isEnded {
                if position == buffer.count {
                    base += buffer.count
                    position = 0
                    buffer = try source.read(at: base, count: min(Self.step, end - base))
                    guard !buffer.isEmpty else { break }
                }
                let found = firstOffset(of: lineFeed, in: buffer[position...])
                let stop = found ?? buffer.count
                isBlank = isBlank && buffer[position..<stop].allSatisfy { $0 == 0x20 || $0 == 0x0D || $0 == 0x09 }
                position = found.map { $0 + 1 } ?? stop
                isEnded = found != nil
            }
            number += 1
            if !isBlank { return Line(number: number, range: start..<(base + position - (isEnded ? 1 : 0))) }
            guard isEnded else { return nil }
        }
        return nil
    }
}
