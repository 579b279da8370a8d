/// A media type with its parameters, as in `Content-Type`.
public struct MediaType: Sendable, Equatable {
    /// Type and subtype in lower case: `image/jpeg`.
    public let essence: String
    /// The parameters in order, with names in lower case.
    private let parameters: [Parameter]

    private struct Parameter: Sendable, Equatable {
        let name: String
        let value: String
    }

    /// The value of a parameter, by its name in lower case.
    public subscript(_ name: String) -> String? { parameters.first { $0.name == name }?.value }

    /// Parses a header field's value; nil unless it is one media type whose parameters occur once each (RFC 9110,
    /// section 8.3.1).
    public init?(parsing value: String) {
        var scanner = ValueScanner(value)
        guard let type = scanner.token(), scanner.skip("/"), let subtype = scanner.token() else { return nil }
        essence = "\(type)/\(subtype)".lowercased()
        guard let parameters = scanner.parameters() else { return nil }
        self.parameters = parameters.map { Parameter(name: $0.name, value: $0.value) }
    }
}

/// Reads the tokens and quoted strings of a structured header value.
struct ValueScanner {
    private let bytes: [UInt8]
    private var index = 0

    init(_ value: String) { bytes = Array(value.utf8) }

    var isAtEnd: Bool { index == bytes.count }

    /// Reads a token (RFC 9110, section 5.6.2).
    mutating func token() -> String? {
        let start = index
        while index < bytes.count, isTokenByte(bytes[index]) { index += 1 }
        return index > start ? String(decoding: bytes[start..<index], as: UTF8.self) : nil
    }

    /// Reads one given character; false if another one comes next.
    mutating func skip(_ character: Unicode.Scalar) -> Bool {
        guard index < bytes.count, bytes[index] == UInt8(ascii: character) else { return false }
        index += 1
        return true
    }

    mutating func skipSpace() {
        while index < bytes.count, bytes[index] == 0x20 || bytes[index] == 0x09 { index += 1 }
    }

    /// Reads a quoted string; a backslash escapes only a quote or another backslash, otherwise it stands for itself.
    mutating func quotedString() -> String? {
        guard skip("\"") else { return nil }
        var value: [UInt8] = []
        while index < bytes.count {
            var byte = bytes[index]
            index += 1
            if byte == UInt8(ascii: "\"") { return String(validating: value, as: UTF8.self) }
            if byte == UInt8(ascii: "\\"), index < bytes.count,
                bytes[index] == UInt8(ascii: "\"") || bytes[index] == UInt8(ascii: "\\")
            {
                byte = bytes[index]
                index += 1
            }
            value.append(byte)
        }
        return nil
    }

    /// Reads `; name=value` up to the end; nil if anything else comes, or a name occurs twice.
    mutating func parameters() -> [(name: String, value: String)]? {
        var found: [(name: String, value: String)] = []
        skipSpace()
        while !isAtEnd {
            guard skip(";") else { return nil }
            skipSpace()
            guard let name = token()?.lowercased(), skip("="), let value = token() ?? quotedString(),
                !found.contains(where: { $0.name == name })
            else { return nil }
            found.append((name, value))
            skipSpace()
        }
        return found
    }
}

/// Whether a byte may occur in a token (RFC 9110, section 5.6.2).
@inline(__always) func isTokenByte(_ byte: UInt8) -> Bool {
    // One bit for each of the 128 ASCII codes: letters, digits and !#$%&'*+-.^_`|~.
    let low: UInt64 = 0x03ff_6cfa_0000_0000
    let high: UInt64 = 0x57ff_ffff_c7ff_fffe
    return byte < 64 ? (low >> UInt64(byte)) & 1 == 1 : byte < 128 && (high >> UInt64(byte - 64)) & 1 == 1
}
