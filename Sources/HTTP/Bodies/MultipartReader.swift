/// One part of a `multipart/form-data` body; its bytes are not copied.
public struct MultipartPart: Sendable, Equatable {
    /// The form field's name.
    public let name: String
    /// The file's name as the client sent it; never use it as a path.
    public let filename: String?
    /// The part's media type; nil if it has none.
    public let contentType: MediaType?
    /// The place of the part's content in the body, as offsets in bytes.
    public let range: Range<Int>
}

/// The limits of a multipart body.
public struct MultipartLimits: Sendable, Equatable {
    /// The most parts of a body.
    public var parts: Int
    /// The most bytes of one part's headers.
    public var headerBytes: Int
    /// The most header lines of one part.
    public var headerLines: Int

    /// Creates limits.
    public init(parts: Int = 1000, headerBytes: Int = 8 << 10, headerLines: Int = 16) {
        self.parts = parts
        self.headerBytes = headerBytes
        self.headerLines = headerLines
    }
}

/// Reads a `multipart/form-data` body part by part, through a small window, so that a large body needs little memory.
///
/// It is strict (RFC 7578, RFC 2046): no preamble, no epilogue except one line break, a name for every part, no
/// `filename*`.
public struct MultipartReader: Sendable {
    private enum Source: Sendable {
        case bytes([UInt8])
        case file(OpenFile)
    }

    /// The bytes of a file that are in memory at a time.
    private static let windowBytes = 64 << 10

    private let source: Source
    private let size: Int
    private let limits: MultipartLimits
    /// The end of a part: a line break, two dashes and the boundary.
    private let delimiter: [UInt8]
    /// The bytes of the body that start at `windowStart`.
    private var window: [UInt8]
    private var windowStart = 0
    private var position = 0
    private var count = 0
    private var isOver = false

    /// Reads a request's body.
    public init(
        _ body: RequestBody, boundary: String, limits: MultipartLimits = MultipartLimits()
    ) throws(MultipartError) {
        switch body {
        case .bytes(let bytes):
            try self.init(.bytes(bytes), size: bytes.count, boundary: boundary, limits: limits)
        case .file(let file):
            let file: OpenFile = try Self.reading { () throws(BodyFileError) in try file.open() }
            try self.init(.file(file), size: file.size, boundary: boundary, limits: limits)
        }
    }

    /// Reads a body that is in a file.
    public init(
        file: OpenFile, boundary: String, limits: MultipartLimits = MultipartLimits()
    ) throws(MultipartError) {
        try self.init(.file(file), size: file.size, boundary: boundary, limits: limits)
    }

    private init(_ source: Source, size: Int, boundary: String, limits: MultipartLimits) throws(MultipartError) {
        guard Self.isBoundary(boundary) else { throw .badBoundary }
        self.source = source
        self.size = size
        self.limits = limits
        delimiter = Array("\r\n--\(boundary)".utf8)
        if case .bytes(let bytes) = source { window = bytes } else { window = [] }
        guard let start = try find(delimiter[2...], from: 0, before: delimiter.count + 2), start == 0 || start == 2
        else {
            throw .malformed(reason: "it does not begin with its delimiter", offset: 0)
        }
        if start == 2 { try expect(Array("\r\n".utf8), at: 0, "it does not begin with its delimiter") }
        position = start + delimiter.count - 2
    }

    /// The boundary in a `Content-Type`; nil unless it is `multipart/form-data` with a boundary.
    public static func boundary(ofContentType contentType: String?) -> String? {
        guard let contentType, let type = MediaType(parsing: contentType), type.essence == "multipart/form-data" else {
            return nil
        }
        return type["boundary"].flatMap { isBoundary($0) ? $0 : nil }
    }

    /// The next part, or nil after the last; after an error the reader must not be used any more.
    public mutating func next() throws(MultipartError) -> MultipartPart? {
        guard !isOver else { return nil }
        if try bytes(at: position, count: 2) == Array("--".utf8) {
            try end()
            return nil
        }
        try expect(Array("\r\n".utf8), at: position, "a delimiter is followed by something else")
        position += 2
        count += 1
        guard count <= limits.parts else { throw .tooManyParts(limit: limits.parts) }
        let headersStart = position
        let headers = try headers()
        guard let disposition = headers.disposition else {
            throw .malformed(reason: "a part has no Content-Disposition with a name", offset: headersStart)
        }
        // The line break that ends the headers may also begin the delimiter of an empty part.
        let start = position
        guard let end = try find(delimiter[...], from: start, before: size) else { throw .truncated }
        position = end + delimiter.count
        return MultipartPart(
            name: disposition.name, filename: disposition.filename, contentType: headers.type, range: start..<end)
    }

    /// The content of a part.
    public func bytes(of part: MultipartPart, limit: Int) throws(MultipartError) -> [UInt8] {
        guard part.range.count <= limit else { throw .partTooLarge(name: part.name, limit: limit) }
        switch source {
        case .bytes(let bytes): return Array(bytes[part.range])
        case .file(let file): return try Self.reading { () throws(BodyFileError) in try file.bytes(in: part.range) }
        }
    }

    // MARK: Headers of a part

    private typealias Disposition = (name: String, filename: String?)

    /// Reads the header lines up to the blank one.
    private mutating func headers() throws(MultipartError) -> (disposition: Disposition?, type: MediaType?) {
        var disposition: Disposition?
        var type: MediaType?
        let start = position
        for _ in 0...limits.headerLines {
            let offset = position
            let line = try line(before: start + limits.headerBytes)
            if line.isEmpty { return (disposition, type) }
            guard let colon = line.firstIndex(of: UInt8(ascii: ":")), colon > 0, line[..<colon].allSatisfy(isTokenByte),
                let value = Self.value(line[(colon + 1)...])
            else { throw .malformed(reason: "a part's header line is malformed", offset: offset) }
            switch String(decoding: line[..<colon], as: UTF8.self).lowercased() {
            case "content-disposition":
                guard disposition == nil, let parsed = Self.disposition(value) else {
                    throw .malformed(reason: "a part's Content-Disposition is malformed", offset: offset)
                }
                disposition = parsed
            case "content-type":
                guard type == nil, let parsed = MediaType(parsing: value) else {
                    throw .malformed(reason: "a part's Content-Type is malformed", offset: offset)
                }
                type = parsed
            case "content-transfer-encoding":
                guard ["binary", "8bit", "7bit"].contains(value.lowercased()) else {
                    throw .malformed(reason: "a part has a transfer encoding", offset: offset)
                }
            default: break
            }
        }
        throw .headersTooLarge(limit: limits.headerLines)
    }

    /// A header's value without surrounding spaces; nil if it has control characters or is not UTF-8.
    private static func value(_ bytes: ArraySlice<UInt8>) -> String? {
        guard bytes.allSatisfy({ $0 >= 0x20 && $0 != 0x7f || $0 == 0x09 }) else { return nil }
        let isSpace: (UInt8) -> Bool = { $0 == 0x20 || $0 == 0x09 }
        var trimmed = bytes.drop(while: isSpace)
        while let last = trimmed.last, isSpace(last) { trimmed.removeLast() }
        return String(validating: trimmed, as: UTF8.self)
    }

    /// The name and file name of `form-data; name="…"; filename="…"`.
    private static func disposition(_ value: String) -> Disposition? {
        var scanner = ValueScanner(value)
        guard scanner.token()?.lowercased() == "form-data", let parameters = scanner.parameters(),
            let name = parameters.first(where: { $0.name == "name" })?.value,
            !parameters.contains(where: { $0.name == "filename*" })
        else { return nil }
        return (name, parameters.first { $0.name == "filename" }?.value)
    }

    private mutating func line(before limit: Int) throws(MultipartError) -> [UInt8] {
        guard let end = try find(Array("\r\n".utf8)[...], from: position, before: min(limit, size)) else {
            throw size > limit ? .headersTooLarge(limit: limits.headerBytes) : .truncated
        }
        let line = try bytes(at: position, count: end - position)
        position = end + 2
        return line
    }

    // MARK: The window

    /// Checks that nothing but a line break follows the closing delimiter.
    private mutating func end() throws(MultipartError) {
        position += 2
        if position != size {
            guard size - position == 2, try bytes(at: position, count: 2) == [cr, lf] else {
                throw .malformed(reason: "something follows the closing delimiter", offset: position)
            }
        }
        isOver = true
    }

    private mutating func expect(_ wanted: [UInt8], at offset: Int, _ reason: String) throws(MultipartError) {
        guard try bytes(at: offset, count: wanted.count) == wanted else {
            throw .malformed(reason: reason, offset: offset)
        }
    }

    private mutating func bytes(at offset: Int, count: Int) throws(MultipartError) -> [UInt8] {
        guard offset + count <= size else { throw .truncated }
        try fill(offset..<(offset + count))
        return Array(window[(offset - windowStart)..<(offset - windowStart + count)])
    }

    /// Loads a range of offsets into the window, unless it is there.
    private mutating func fill(_ range: Range<Int>) throws(MultipartError) {
        guard case .file(let file) = source else { return }
        guard range.lowerBound < windowStart || range.upperBound > windowStart + window.count else { return }
        let end = min(size, max(range.upperBound, range.lowerBound + Self.windowBytes))
        window = try Self.reading { () throws(BodyFileError) in try file.bytes(in: range.lowerBound..<end) }
        windowStart = range.lowerBound
    }

    /// The first offset at which `needle` occurs and ends at `limit` or before.
    private mutating func find(
        _ needle: ArraySlice<UInt8>, from start: Int, before limit: Int
    ) throws(MultipartError) -> Int? {
        let limit = min(limit, size)
        var offset = start
        while offset + needle.count <= limit {
            try fill(offset..<(offset + needle.count))
            let end = min(limit, windowStart + window.count)
            if let found = firstOffset(of: needle, in: window[(offset - windowStart)..<(end - windowStart)]) {
                return windowStart + found
            }
            offset = end - needle.count + 1
        }
        return nil
    }

    private static func isBoundary(_ boundary: String) -> Bool {
        let permitted = Set("0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ'()+_,-./:=? ".utf8)
        return (1...70).contains(boundary.utf8.count) && !boundary.hasSuffix(" ")
            && boundary.utf8.allSatisfy(permitted.contains)
    }

    private static func reading<T>(_ body: () throws(BodyFileError) -> T) throws(MultipartError) -> T {
        do { return try body() } catch { throw .unreadable(error) }
    }
}
