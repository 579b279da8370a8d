/// A request's target: its path and query, percent-decoded once and strictly.
public struct RequestTarget: Sendable {
    /// The decoded segments between the path's slashes: `/v1/a%2Fb` is `["v1", "a/b"]`, and `/` is `[""]`.
    public let segments: [String]
    /// The decoded query items, in order; an item without `=` has an empty value.
    public let query: [(name: String, value: String)]

    /// The decoded path.
    public var path: String { "/" + segments.joined(separator: "/") }

    /// The path for a log: every byte that is not visible ASCII is escaped, so that no request can break or forge a line.
    public var loggedPath: String {
        path.utf8.reduce(into: "") { text, byte in
            if (0x21...0x7e).contains(byte), byte != UInt8(ascii: "%") {
                text.unicodeScalars.append(Unicode.Scalar(byte))
            } else {
                text += "%" + hexText(byte)
            }
        }
    }

    /// Parses a target in origin form: `/path?query`.
    ///
    /// - Throws: A problem 400 for a target without a leading slash, a bad escape, an escaped NUL, or bytes that are
    ///   not UTF-8.
    public init(parsing target: [UInt8]) throws(HTTPProblem) {
        guard target.first == UInt8(ascii: "/") else { throw .badRequest("The target must begin with a slash.") }
        let question = target.firstIndex(of: UInt8(ascii: "?")) ?? target.endIndex
        var segments: [String] = []
        for segment in target[1..<question].split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false) {
            segments.append(try decodePercent(segment, plusIsSpace: false))
        }
        self.segments = segments
        var query: [(name: String, value: String)] = []
        if question < target.endIndex {
            for item in target[(question + 1)...].split(separator: UInt8(ascii: "&")) {
                let equals = item.firstIndex(of: UInt8(ascii: "=")) ?? item.endIndex
                let name = try decodePercent(item[..<equals], plusIsSpace: true)
                let value = try decodePercent(item[equals...].dropFirst(), plusIsSpace: true)
                query.append((name, value))
            }
        }
        self.query = query
    }
}

/// Decodes `%XX` strictly, so that it agrees with every proxy between the client and this server.
func decodePercent(_ bytes: ArraySlice<UInt8>, plusIsSpace: Bool) throws(HTTPProblem) -> String {
    var decoded: [UInt8] = []
    decoded.reserveCapacity(bytes.count)
    var index = bytes.startIndex
    while index < bytes.endIndex {
        switch bytes[index] {
        case UInt8(ascii: "%"):
            guard index + 2 < bytes.endIndex, let high = hexDigit(bytes[index + 1]),
                let low = hexDigit(bytes[index + 2])
            else { throw .badRequest("The target holds a percent sign that begins no escape.") }
            guard high | low != 0 else { throw .badRequest("The target holds an escaped NUL.") }
            decoded.append(high << 4 | low)
            index += 3
        case UInt8(ascii: "+") where plusIsSpace:
            decoded.append(UInt8(ascii: " "))
            index += 1
        case let byte:
            decoded.append(byte)
            index += 1
        }
    }
    guard let string = String(validating: decoded, as: UTF8.self) else {
        throw .badRequest("The target is not UTF-8 once decoded.")
    }
    return string
}

/// A byte as two hexadecimal digits.
private func hexText(_ byte: UInt8) -> String {
    (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
}

/// The value of one hexadecimal digit, 0...15.
func hexDigit(_ byte: UInt8) -> UInt8? {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
    case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
    case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
    default: nil
    }
}
