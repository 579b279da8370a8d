import HTTPTypes

/// The memory that one body may take.
struct BodyRoom {
    /// The bytes of a piece on its way to a file.
    static let largePiece = 256 << 10
    /// The bytes of a piece while the memory for bodies is used up.
    static let smallPiece = 16 << 10

    /// A body of more bytes goes to a file.
    let memory: Int
    /// The bytes of one piece for the file.
    let piece: Int
}

/// Collects the body of one request from received bytes, in memory or in pieces that go to a file.
final class BodyReader {
    private enum Framing {
        case length(remaining: Int)
        case chunked(ChunkedDecoder)
        case over
    }

    private var framing: Framing
    private let limit: Int
    private let room: BodyRoom
    /// Bytes that were received, but are neither taken by a handler nor on disk.
    private var bytes: [UInt8] = []
    /// The bytes of the body so far.
    private(set) var received = 0
    /// Whether the body goes to a file.
    private(set) var isSpooled: Bool
    /// Writes the pieces; nil before the first one.
    private(set) var writer: SpoolWriter?

    /// Prepares for a body of at most `limit` bytes.
    init(_ framing: BodyFraming, limit: Int, room: BodyRoom, configuration: HTTPServer.Configuration) {
        self.limit = limit
        self.room = room
        switch framing {
        case .none:
            self.framing = .over
            isSpooled = false
        case .length(let length):
            self.framing = .length(remaining: length)
            isSpooled = length > room.memory
            bytes.reserveCapacity(isSpooled ? room.piece : length)
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
        isSpooled && (bytes.count >= room.piece || isComplete && (!bytes.isEmpty || writer == nil))
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
            let usable = isSpooled ? min(input.count, room.piece - bytes.count) : input.count
            switch framing {
            case .over: return
            case .length(let remaining):
                let count = min(remaining, usable)
                append(input.storage[input.start..<(input.start + count)])
                input.consume(count)
                framing = count == remaining ? .over : .length(remaining: remaining - count)
            case .chunked(var decoder):
                let step = try decoder.step(input.storage.span.extracting(input.start..<(input.start + usable)))
                guard received + decoder.remaining <= limit else { throw .contentTooLarge(limit: limit) }
                framing = .chunked(decoder)
                switch step {
                case .needsMore: input.consume(usable)
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
        if received > room.memory { isSpooled = true }
    }
}
