import HTTPTypes

/// Decodes chunked coding (RFC 9112, section 7.1) strictly; the bytes may arrive in any pieces.
///
/// Extensions and trailers are checked, limited and then ignored.
struct ChunkedDecoder {
    /// What the next bytes turned out to be.
    enum Step: Equatable {
        /// All bytes were framing, and more are needed.
        case needsMore
        /// Content at these offsets; the bytes before it were framing.
        case data(Range<Int>)
        /// The body ended at this offset.
        case end(Int)
    }

    private enum State {
        case size(digits: Int)
        case `extension`(ChunkExtension)
        case sizeLineFeed
        case data
        case dataReturn
        case dataLineFeed
        case trailerStart
        case trailerName
        case trailerValue
        case trailerLineFeed
        case endLineFeed
    }

    private let extensionLimit: Int
    private let trailerLimit: Int
    private var state = State.size(digits: 0)
    /// The bytes of the current chunk that have not arrived yet.
    private(set) var remaining = 0
    private var extensionBytes = 0
    private var trailerBytes = 0

    init(extensionLimit: Int, trailerLimit: Int) {
        self.extensionLimit = extensionLimit
        self.trailerLimit = trailerLimit
    }

    /// Decodes up to the end of the next run of content; call it again with the bytes after that.
    ///
    /// - Throws: A problem 400 for anything that is not exactly chunked coding, 413 for an impossible size, 431 for too
    ///   many trailers.
    mutating func step(_ bytes: Span<UInt8>) throws(HTTPProblem) -> Step {
        var index = 0
        while index < bytes.count {
            if case .data = state {
                let end = min(bytes.count, index + remaining)
                remaining -= end - index
                if remaining == 0 { state = .dataReturn }
                return .data(index..<end)
            }
            let isEnd = try advance(bytes[index])
            index += 1
            if isEnd { return .end(index) }
        }
        return .needsMore
    }

    /// Reads one byte of framing; true after the last byte of the body.
    private mutating func advance(_ byte: UInt8) throws(HTTPProblem) -> Bool {
        switch state {
        case .size(let digits):
            if let digit = hexDigit(byte) {
                guard digits < 15 else { throw HTTPProblem(.contentTooLarge, detail: "No chunk may be that long.") }
                remaining = remaining << 4 | Int(digit)
                state = .size(digits: digits + 1)
            } else if digits > 0, byte == cr {
                state = .sizeLineFeed
            } else if digits > 0 {
                extensionBytes = 0
                guard let next = ChunkExtension.end.after(byte) else { throw .malformedChunk("its size is malformed") }
                state = .extension(next)
            } else {
                throw .malformedChunk("its size is malformed")
            }
        case .extension(let part):
            if byte == cr, part.mayEnd {
                state = .sizeLineFeed
            } else {
                extensionBytes += 1
                guard extensionBytes <= extensionLimit else { throw .malformedChunk("its extensions are too long") }
                guard let next = part.after(byte) else { throw .malformedChunk("its extensions are malformed") }
                state = .extension(next)
            }
        case .sizeLineFeed:
            guard byte == lf else { throw .malformedChunk("a carriage return stands alone") }
            state = remaining == 0 ? .trailerStart : .data
        case .data: preconditionFailure("content is not framing")
        case .dataReturn:
            guard byte == cr else { throw .malformedChunk("it is longer than its size") }
            state = .dataLineFeed
        case .dataLineFeed:
            guard byte == lf else { throw .malformedChunk("a carriage return stands alone") }
            state = .size(digits: 0)
        case .trailerStart, .trailerName, .trailerValue, .trailerLineFeed:
            try advanceTrailer(byte)
        case .endLineFeed:
            guard byte == lf else { throw .malformedChunk("a carriage return stands alone") }
            return true
        }
        return false
    }

    private mutating func advanceTrailer(_ byte: UInt8) throws(HTTPProblem) {
        if case .trailerStart = state, byte == cr {
            state = .endLineFeed
            return
        }
        trailerBytes += 1
        guard trailerBytes <= trailerLimit else {
            throw .headTooLarge("The trailers have more than \(trailerLimit) bytes.")
        }
        switch state {
        case .trailerStart where isTokenByte(byte), .trailerName where isTokenByte(byte): state = .trailerName
        case .trailerName where byte == UInt8(ascii: ":"): state = .trailerValue
        case .trailerValue where byte == cr: state = .trailerLineFeed
        case .trailerValue where isText(byte): break
        case .trailerLineFeed where byte == lf: state = .trailerStart
        default: throw .malformedChunk("its trailers are malformed")
        }
    }
}

/// Whether a byte may occur in a field's value or a quoted string: no control character except the tab.
private func isText(_ byte: UInt8) -> Bool { byte >= 0x20 && byte != 0x7f || byte == 0x09 }

/// The place within a chunk's extensions: `;name`, `;name=token` or `;name="text"`, with spaces between the parts
/// (RFC 9112, section 7.1.1).
private enum ChunkExtension {
    /// After an extension, or after the size of the chunk: the next one may follow.
    case end
    /// After spaces that only a semicolon may follow.
    case spaceBeforeSemicolon
    case beforeName
    case name
    case spaceAfterName
    case beforeValue
    case token
    case quoted
    case escaped

    /// Whether the extensions may end here.
    var mayEnd: Bool {
        switch self {
        case .end, .name, .token: true
        case .spaceBeforeSemicolon, .beforeName, .spaceAfterName, .beforeValue, .quoted, .escaped: false
        }
    }

    /// The place after one more byte; nil if the byte may not stand here.
    func after(_ byte: UInt8) -> ChunkExtension? {
        let isSpace = byte == 0x20 || byte == 0x09
        switch self {
        case .end where isSpace, .spaceBeforeSemicolon where isSpace, .token where isSpace: return .spaceBeforeSemicolon
        case .beforeName where isSpace: return .beforeName
        case .name where isSpace, .spaceAfterName where isSpace: return .spaceAfterName
        case .beforeValue where isSpace: return .beforeValue
        case .end where byte == UInt8(ascii: ";"), .spaceBeforeSemicolon where byte == UInt8(ascii: ";"),
            .name where byte == UInt8(ascii: ";"), .spaceAfterName where byte == UInt8(ascii: ";"),
            .token where byte == UInt8(ascii: ";"):
            return .beforeName
        case .name where byte == UInt8(ascii: "="), .spaceAfterName where byte == UInt8(ascii: "="): return .beforeValue
        case .beforeName where isTokenByte(byte), .name where isTokenByte(byte): return .name
        case .beforeValue where isTokenByte(byte), .token where isTokenByte(byte): return .token
        case .beforeValue where byte == UInt8(ascii: "\""): return .quoted
        case .quoted where byte == UInt8(ascii: "\""): return .end
        case .quoted where byte == UInt8(ascii: "\\"): return .escaped
        case .quoted where isText(byte), .escaped where isText(byte): return .quoted
        default: return nil
        }
    }
}

extension HTTPProblem {
    /// A problem 400 about chunked coding.
    fileprivate static func malformedChunk(_ reason: String) -> HTTPProblem {
        .badRequest("A chunk of the body is malformed: \(reason).")
    }
}
