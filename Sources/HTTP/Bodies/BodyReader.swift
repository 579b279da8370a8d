import HTTPTypes

/// Collects one request's body from received bytes: in memory, or in pieces for the disk.
final class BodyReader {
    private enum Framing {
        case length(remaining: Int)
        case chunked(ChunkedDecoder)
        case over
    }

    /// Bytes handed to the disk at once.
    private static let pieceBytes = 256 << 10

    private var framing: Framing
    private let limit: Int
    private let memoryLimit: Int
    /// Received, and neither handled nor on disk.
    private var bytes: [UInt8] = []
    /// Bytes of content so far.
    private(set) var received = 0
    /// Whether the body goes to a file.
    private(set) var isSpooled: Bool
    /// Keeps the pieces, once there is one.
    private(set) var writer: SpoolWriter?

    /// Gets ready for a body of at most `limit` bytes, which goes to a file beyond `memoryLimit`.
    init(_ framing: BodyFraming, limit: Int, memoryLimit: Int, configuration: ServerConfiguration) {
        self.limit = limit
        self.memoryLimit = memoryLimit
        switch framing {
        case .none:
            self.framing = .over
            isSpooled = false
        case .length(let length):
            self.framing = .length(remaining: length)
            isSpooled = length > memoryLimit
            bytes.reserveCapacity(isSpooled ? Self.pieceBytes : length)
        case .chunked:
            self.framing = .chunked(
                ChunkedDecoder(
                    extensionLimit: configuration.chunkExtensionBytes, trailerLimit: configuration.trailerBytes))
            isSpooled = false
        }
    }

    /// Whether the whole body has been received.
    var isComplete: Bool {
        if case .over = framing { true } else { false }
    }

    /// Whether a piece is due for the disk.
    var hasPiece: Bool {
        isSpooled && (bytes.count >= Self.pieceBytes || isComplete && (!bytes.isEmpty || writer == nil))
    }

    /// The collected bytes, which are then the caller's.
    func takeBytes() -> [UInt8] {
        let taken = bytes
        bytes = []
        return taken
    }

    /// The collected bytes, and what keeps them on disk.
    func takePiece(folder: String) -> ([UInt8], SpoolWriter) {
        let writer = writer ?? SpoolWriter(folder: folder)
        self.writer = writer
        return (takeBytes(), writer)
    }

    /// What has kept pieces on disk so far, which is then the caller's to drop.
    func takeWriter() -> SpoolWriter? {
        defer { writer = nil }
        return writer
    }

    /// Takes what belongs to the body out of `input`, until it is empty, a piece is due or the body ends.
    ///
    /// - Throws: A 413 problem beyond the limit, a 400 one for malformed chunks.
    func receive(_ input: inout ByteBuffer) throws(HTTPProblem) {
        while !input.isEmpty, !isComplete, !hasPiece {
            switch framing {
            case .over: return
            case .length(let remaining):
                let count = min(remaining, input.count)
                append(input.storage[input.start..<(input.start + count)])
                input.consume(count)
                framing = count == remaining ? .over : .length(remaining: remaining - count)
            case .chunked(var decoder):
                let step = try decoder.step(input.storage.span.extracting(input.start..<input.end))
                guard received + decoder.remaining <= limit else { throw .contentTooLarge(limit: limit) }
                framing = .chunked(decoder)
                switch step {
                case .needsMore: input.clear()
                case .data(let range):
                    guard received + range.count <= limit else { throw .contentTooLarge(limit: limit) }
                    append(input.storage[(input.start + range.lowerBound)..<(input.start + range.upperBound)])
                    input.consume(range.upperBound)
                case .end(let end):
                    input.consume(end)
                    framing = .over
                }
            }
        }
    }

    private func append(_ slice: ArraySlice<UInt8>) {
        bytes.append(contentsOf: slice)
        received += slice.count
        if received > memoryLimit { isSpooled = true }
    }
}
