import HTTPTypes

/// Parses a request head from the bytes after the previous request (RFC 9112).
///
/// This is a pure function. A prefix of a request gives `needsMore`, or the same error as the whole request would.
func parseHead(_ bytes: Span<UInt8>, limits: HeadLimits) -> HeadParse {
    do {
        var parser = HeadParser(limits: limits)
        guard let (head, end) = try parser.parse(bytes) else { return .needsMore }
        return .complete(head, bodyStart: end)
    } catch {
        return .malformed(error)
    }
}

/// The state of one call of `parseHead`.
private struct HeadParser {
    private let limits: HeadLimits
    private var framing = FramingFields()
    private var fields = HTTPFields()
    private var count = 0

    init(limits: HeadLimits) { self.limits = limits }

    /// The head and the offset after it; nil if bytes are missing.
    mutating func parse(_ bytes: Span<UInt8>) throws(HTTPProblem) -> (RequestHead, Int)? {
        var start = 0
        // One empty line before the request line is ignored, as RFC 9112, section 2.2 asks.
        if bytes.count > 0, bytes[0] == cr {
            guard bytes.count > 1 else { return nil }
            guard bytes[1] == lf else { throw .badRequest("A carriage return stands alone.") }
            start = 2
        }
        let lineLimit = min(limits.head, start + limits.target + 64)
        guard
            let lineEnd = try endOfLine(
                in: bytes, from: start, before: lineLimit, tooLong: .targetTooLong(limits.target))
        else { return nil }
        let line = try RequestLine(bytes, start..<lineEnd, targetLimit: limits.target)

        var position = lineEnd + 2
        while true {
            guard
                let end = try endOfLine(
                    in: bytes, from: position, before: limits.head, tooLong: .headTooLong(limits.head))
            else { return nil }
            if end == position { break }
            count += 1
            guard count <= limits.headers else { throw .headTooLarge("There are more than \(limits.headers) headers.") }
            try parseField(bytes, position..<end)
            position = end + 2
        }
        let target = try line.target(bytes, hosts: framing.hosts)
        let head = RequestHead(
            method: line.method, target: target, isHTTP10: line.isHTTP10, fields: fields,
            framing: try framing.bodyFraming(isHTTP10: line.isHTTP10),
            declaresBody: !framing.lengths.isEmpty || !framing.codings.isEmpty,
            keepsAlive: framing.keepsAlive(isHTTP10: line.isHTTP10),
            expectsContinue: line.isHTTP10 ? false : try framing.expectsContinue())
        return (head, position + 2)
    }

    /// The offset of the line break that ends the line; nil if it has not arrived yet.
    private func endOfLine(
        in bytes: Span<UInt8>, from start: Int, before limit: Int, tooLong: @autoclosure () -> HTTPProblem
    ) throws(HTTPProblem) -> Int? {
        // Not beyond the limit, so that a prefix gets the same error as the whole.
        let stop = min(bytes.count, limit)
        var index = start
        while index < stop {
            let byte = bytes[index]
            if byte >= 0x20 && byte != 0x7f || byte == 0x09 {
                index += 1
            } else if byte == cr {
                guard index + 1 < stop else { break }
                guard bytes[index + 1] == lf else { throw .badRequest("A carriage return stands alone.") }
                return index
            } else {
                throw .badRequest(
                    byte == lf ? "A line feed stands alone." : "A control character stands in the request's head.")
            }
        }
        guard bytes.count < limit else { throw tooLong() }
        return nil
    }

    /// Parses `name: value`.
    private mutating func parseField(_ bytes: Span<UInt8>, _ line: Range<Int>) throws(HTTPProblem) {
        var colon = line.lowerBound
        while colon < line.upperBound, isTokenByte(bytes[colon]) { colon += 1 }
        guard colon < line.upperBound, bytes[colon] == UInt8(ascii: ":"), colon > line.lowerBound else {
            let first = bytes[line.lowerBound]
            throw .badRequest(
                first == 0x20 || first == 0x09
                    ? "A header line begins with a space." : "A header line has no proper name before its colon.")
        }
        var start = colon + 1
        var end = line.upperBound
        while start < end, isSpace(bytes[start]) { start += 1 }
        while end > start, isSpace(bytes[end - 1]) { end -= 1 }
        guard let name = HTTPField.Name(string(bytes, line.lowerBound..<colon)) else {
            throw .badRequest("A header line has no proper name before its colon.")
        }
        // Bytes beyond ASCII have no agreed encoding; they are passed on unchanged.
        let field = HTTPField(name: name, value: array(bytes, start..<end))
        fields.append(field)
        framing.note(name, field.value)
    }
}

/// Method, target and version.
private struct RequestLine {
    let method: HTTPRequest.Method
    let isHTTP10: Bool
    private let targetRange: Range<Int>

    init(_ bytes: Span<UInt8>, _ line: Range<Int>, targetLimit: Int) throws(HTTPProblem) {
        var space = line.lowerBound
        while space < line.upperBound, isTokenByte(bytes[space]) { space += 1 }
        guard space > line.lowerBound, space < line.upperBound, bytes[space] == 0x20 else {
            throw .badRequest("The request line does not begin with a method and a space.")
        }
        let name = string(bytes, line.lowerBound..<space)
        guard let method = HTTPRequest.Method(rawValue: name) else { throw .badRequest("The method is malformed.") }
        guard name.utf8.count <= 32, method != .connect else {
            throw .unknownMethod
        }
        self.method = method

        let start = space + 1
        var end = start
        // A fragment is never sent, and anything except visible ASCII must be escaped.
        while end < line.upperBound, bytes[end] > 0x20, bytes[end] < 0x7f, bytes[end] != UInt8(ascii: "#") { end += 1 }
        guard end > start, end < line.upperBound, bytes[end] == 0x20 else {
            throw .badRequest("The request line has no proper target and version.")
        }
        guard end - start <= targetLimit else {
            throw .targetTooLong(targetLimit)
        }
        targetRange = start..<end

        let version = array(bytes, (end + 1)..<line.upperBound)
        let isDigit: (UInt8) -> Bool = { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
        guard version.count == 8, version.starts(with: "HTTP/".utf8), isDigit(version[5]), isDigit(version[7]),
            version[6] == UInt8(ascii: ".")
        else { throw .badRequest("The request line does not end with a version.") }
        switch (version[5], version[7]) {
        case (UInt8(ascii: "1"), UInt8(ascii: "0")): isHTTP10 = true
        // A higher minor version is treated as the highest one known here (RFC 9110, section 2.5).
        case (UInt8(ascii: "1"), _): isHTTP10 = false
        default: throw HTTPProblem(.httpVersionNotSupported, detail: "Only HTTP/1.1 and HTTP/1.0 are spoken here.")
        }
    }

    /// The target in one of the forms that a server may receive (RFC 9112, section 3.2), checked against `Host`.
    func target(_ bytes: Span<UInt8>, hosts: [String]) throws(HTTPProblem) -> RequestHead.Target {
        guard hosts.count == 1 || (isHTTP10 && hosts.isEmpty) else {
            throw .badRequest("There must be exactly one Host.", parameter: "Host")
        }
        if let host = hosts.first, !isHost(host) { throw .badRequest("The Host is malformed.", parameter: "Host") }
        let target = array(bytes, targetRange)
        if target.first == UInt8(ascii: "/") { return .resource(target) }
        if target == [UInt8(ascii: "*")] {
            guard method == .options else { throw .badRequest("The target * is for OPTIONS only.") }
            return .server
        }
        let text = String(decoding: target, as: UTF8.self)
        for scheme in ["http://", "https://"] where text.lowercased().hasPrefix(scheme) {
            let rest = text.dropFirst(scheme.count)
            let end = rest.firstIndex { $0 == "/" || $0 == "?" } ?? rest.endIndex
            let authority = rest[..<end]
            guard isHost(String(authority)), hosts.first.map({ $0.lowercased() == authority.lowercased() }) ?? true
            else {
                throw .badRequest("The target's authority is not the Host.", parameter: "Host")
            }
            let path = rest[end...]
            return .resource(Array((path.first == "/" ? path : "/" + path).utf8))
        }
        throw .badRequest("The target is neither a path nor an http URL.")
    }
}

/// Whether a text is a host with an optional port.
private func isHost(_ text: String) -> Bool {
    var name = Substring(text)
    if let colon = name.lastIndex(of: ":"), !name.hasSuffix("]") {
        guard name[name.index(after: colon)...].utf8.allSatisfy({ 0x30...0x39 ~= $0 }) else { return false }
        name = name[..<colon]
    }
    guard !name.isEmpty else { return false }
    if name.hasPrefix("[") {
        return name.hasSuffix("]") && name.count > 2
            && name.dropFirst().dropLast().utf8.allSatisfy { hexDigit($0) != nil || $0 == 0x3a || $0 == 0x2e }
    }
    return name.utf8.allSatisfy { byte in
        switch byte {
        case 0x30...0x39, 0x41...0x5a, 0x61...0x7a: true
        case UInt8(ascii: "."), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "~"), UInt8(ascii: "%"): true
        default: false
        }
    }
}

let cr = UInt8(ascii: "\r")
let lf = UInt8(ascii: "\n")

@inline(__always) private func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 }

private func array(_ bytes: Span<UInt8>, _ range: Range<Int>) -> [UInt8] {
    [UInt8](capacity: range.count) { output in
        for index in range { output.append(bytes[index]) }
    }
}

private func string(_ bytes: Span<UInt8>, _ range: Range<Int>) -> String {
    String(decoding: array(bytes, range), as: UTF8.self)
}

extension HTTPProblem {
    /// A problem 431 with its reason.
    static func headTooLarge(_ detail: String) -> HTTPProblem {
        HTTPProblem(.requestHeaderFieldsTooLarge, detail: detail)
    }

    /// A problem 431 for a head with too many bytes.
    fileprivate static func headTooLong(_ limit: Int) -> HTTPProblem {
        .headTooLarge("The head has more than \(limit) bytes.")
    }

    /// A problem 414 for a target with too many bytes.
    fileprivate static func targetTooLong(_ limit: Int) -> HTTPProblem {
        HTTPProblem(.uriTooLong, detail: "The target may have at most \(limit) bytes.")
    }
}
