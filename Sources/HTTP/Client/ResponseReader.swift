import HTTPTypes

/// Reads one response from the bytes of a connection that ends after it.
struct ResponseReader {
    private enum Body {
        case length(Int)
        case chunked(ChunkedDecoder)
        /// Until the connection ends.
        case rest
    }

    /// The most bytes of a head.
    private static let headBytes = 256 << 10

    private var pending: [UInt8] = []
    private var body: Body?
    /// The status of the final response, as soon as its head has come.
    private(set) var status: Int?
    private(set) var content: [UInt8] = []
    private(set) var isComplete = false

    /// Takes the next bytes.
    mutating func receive(_ bytes: ArraySlice<UInt8>) throws(HTTPClientError) {
        pending += bytes
        while status == nil {
            guard let end = firstOffset(of: Self.blankLine, in: pending[...]) else {
                guard pending.count <= Self.headBytes else { throw .malformed }
                return
            }
            try readHead(pending[..<end])
            pending.removeFirst(end + Self.blankLine.count)
        }
        try readBody()
    }

    private static let blankLine = ArraySlice("\r\n\r\n".utf8)

    /// Takes the end of the connection; `isClean`: the server has said that nothing follows.
    mutating func end(isClean: Bool) throws(HTTPClientError) {
        if case .rest = body, isClean { isComplete = true }
        guard isComplete else { throw .cutShort }
    }

    private mutating func readHead(_ bytes: ArraySlice<UInt8>) throws(HTTPClientError) {
        let lines = String(decoding: bytes, as: UTF8.self).split(separator: "\r\n")
        let words = lines.first?.split(separator: " ", maxSplits: 2) ?? []
        guard words.count >= 2, words[0].hasPrefix("HTTP/1."), let status = Int(words[1]), 100...599 ~= status else {
            throw .malformed
        }
        guard status >= 200 else { return }
        var fields: [String: String] = [:]
        for line in lines.dropFirst() {
            guard let colon = line.firstIndex(of: ":") else { throw .malformed }
            fields[line[..<colon].lowercased()] = String(
                line[line.index(after: colon)...].drop { $0 == " " })
        }
        self.status = status
        if status == 204 || status == 304 {
            body = .length(0)
        } else if fields["transfer-encoding"]?.lowercased() == "chunked" {
            body = .chunked(ChunkedDecoder(extensionLimit: Self.headBytes, trailerLimit: Self.headBytes))
        } else if let length = fields["content-length"] {
            guard let length = Int(length), length >= 0 else { throw .malformed }
            body = .length(length)
        } else {
            body = .rest
        }
    }

    private mutating func readBody() throws(HTTPClientError) {
        switch body {
        case .rest:
            content += pending
            pending = []
        case .length(let length):
            content += pending
            pending = []
            guard content.count <= length else { throw .malformed }
            isComplete = content.count == length
        case .chunked(var decoder):
            do {
                try decode(&decoder)
            } catch {
                throw .malformed
            }
            body = .chunked(decoder)
        case nil: break
        }
    }

    private mutating func decode(_ decoder: inout ChunkedDecoder) throws(HTTPProblem) {
        var start = 0
        while start < pending.count, !isComplete {
            switch try decoder.step(pending.span.extracting(start..<pending.count)) {
            case .needsMore: start = pending.count
            case .data(let range):
                content += pending[(start + range.lowerBound)..<(start + range.upperBound)]
                start += range.upperBound
            case .end(let offset):
                start += offset
                isComplete = true
            }
        }
        pending.removeFirst(start)
    }
}
