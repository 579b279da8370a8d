/// Finds the lines of NDJSON in a part of a body, without holding them.
struct LineScanner {
    /// A line that is not blank.
    struct Line: Sendable, Equatable {
        /// Counted from 1, blank lines included.
        let number: Int
        /// Its bytes, without the line feed.
        let range: Range<Int>
    }

    private static let step = 1 << 18

    private let source: ByteSource
    private let end: Int
    private var buffer: [UInt8] = []
    /// Where in the body the buffer begins, and where in the buffer reading goes on.
    private var base: Int
    private var position = 0
    private var number = 0

    /// Scans `range` of `source`.
    init(_ source: ByteSource, _ range: Range<Int>) {
        self.source = source
        base = range.lowerBound
        end = range.upperBound
    }

    /// The next line that has more than white space in it, or nil after the last.
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
                let found = buffer[position...].firstIndex(of: 0x0A)
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
