import HTTPTypes

/// Collects the body of one request from received bytes, in memory or in pieces that go to a file.
final class BodyReader {
    private enum Framing {
        case length(remaining: Int)
        case chunked(ChunkedDecoder)
        case over
    }

    /// The bytes of one piece for the file.
    private static let pieceBytes = 256 << 10

    private var framing: Framing
    private let limit: Int
    private let memoryLimit: Int
    /// Bytes that were received, but are neither taken by a handler nor on disk.
    private var bytes: [UInt8] = []
    /// The bytes of the body so far.
    private(set) var received = 0
    /// Whether the body goes to a file.
    private(set) var isSpooled: Bool
    /// Writes the pieces; nil before the first one.
    private(set) var writer: SpoolWriter?

    /// Prepares for a body of at most `limit` bytes; one of more than `memoryLimit` bytes goes to a file.
    init(_ framing: BodyFraming, limit: Int, memoryLimit: Int, configuration: HTTPServer.Configuration) {
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

    /// Whether there are enough bytes for a piece.
    var hasPiece: Bool {
        isSpooled && (bytes.count >= Self.pieceBytes || isComplete && (!bytes.isEmpty || writer == nil))
    }

    /// Returns the collected bytes and empties the reader.
    func takeBytes() -> [UInt8] {
        let taken = bytes
        bytes = []
        return taken
    }

    /// Returns the collected bytes as a piece, with the writer of the file.
    func takePiece(folder: String) -> ([UInt8], SpoolWriter) {
        let writer = writer ?? SpoolWriter(folder: folder)
        self.writer = writer
        return (takeBytes(), writer)
    }

    /// Returns the writer of the file, so that the caller can drop it and thereby remove the file.
    func takeWriter() -> SpoolWriter? {
        defer { writer = nil }
        return writer
    }

    /// Takes bytes of the body out of `input`, until `input` is empty, a piece is complete or the body ends.
    ///
    /// - Throws: A problem 413 if the body is longer than the limit, 400 if its chunks are malformed.
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
