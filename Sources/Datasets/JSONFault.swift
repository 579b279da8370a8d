internal import Foundation

/// What RFC 8259 forbids or leaves open in a JSON text, and a decoder nevertheless lets through.
public enum JSONFault: Error, Sendable, Equatable {
    /// The text has a byte 0, as in UTF-16, or begins with a byte order mark.
    case encoding
    /// An object or a list ends with a comma; `after` is the last member's name before it.
    case trailingComma(after: String?)
    /// An object has two members of this name.
    case repeatedMember(String)
}

/// The first fault of a JSON text, or nil.
///
/// It only looks for these faults: a text without them may still not be JSON, which its decoder says.
///
/// - Parameter bytes: The text.
/// - Returns: The fault; nil also for a text that is nested more deeply than decoders allow.
public func jsonFault(in bytes: [UInt8]) -> JSONFault? {
    guard !bytes.contains(0), !bytes.starts(with: utf8Mark) else { return .encoding }
    var open: [Nesting] = []
    var followsComma = false
    var index = 0
    while index < bytes.count, open.count <= greatestDepth {
        switch bytes[index] {
        case UInt8(ascii: " "), UInt8(ascii: "\t"), UInt8(ascii: "\n"), UInt8(ascii: "\r"): break
        case UInt8(ascii: "{"), UInt8(ascii: "["):
            open.append(Nesting(expectsName: bytes[index] == UInt8(ascii: "{"), last: open.last?.last))
            followsComma = false
        case UInt8(ascii: "}"), UInt8(ascii: "]"):
            if followsComma { return .trailingComma(after: open.last?.last) }
            _ = open.popLast()
        case UInt8(ascii: ","):
            followsComma = true
            if let inner = open.indices.last { open[inner].expectsName = open[inner].isObject }
        case UInt8(ascii: "\""):
            let end = endOfText(from: index, in: bytes)
            if let inner = open.indices.last, open[inner].expectsName {
                let name = text(bytes[index..<end])
                guard open[inner].names.insert(name).inserted else { return .repeatedMember(name) }
                open[inner].last = name
                open[inner].expectsName = false
            }
            followsComma = false
            index = end - 1
        default: followsComma = false
        }
        index += 1
    }
    return nil
}

/// The byte order mark in UTF-8.
public let utf8Mark: [UInt8] = [0xEF, 0xBB, 0xBF]

/// How deeply Foundation's decoder lets objects and lists be nested.
private let greatestDepth = 512

/// An object or a list whose end has not come yet.
private struct Nesting {
    let isObject: Bool
    /// Whether the next text is a member's name.
    var expectsName: Bool
    /// The last name; at first that of the member that holds this object or list.
    var last: String?
    var names: Set<String> = []

    init(expectsName: Bool, last: String?) {
        (isObject, self.expectsName, self.last) = (expectsName, expectsName, last)
    }
}

/// The offset after the closing quote of the text that begins at `start`.
private func endOfText(from start: Int, in bytes: [UInt8]) -> Int {
    var index = start + 1
    while index < bytes.count, bytes[index] != UInt8(ascii: "\"") {
        index += bytes[index] == UInt8(ascii: "\\") ? 2 : 1
    }
    return min(index + 1, bytes.count)
}

/// What a text with its quotes says; as it is written, if that cannot be decoded.
private func text(_ quoted: ArraySlice<UInt8>) -> String {
    if quoted.contains(UInt8(ascii: "\\")), let text = try? JSONDecoder().decode(String.self, from: Data(quoted)) {
        return text
    }
    return String(decoding: quoted.dropFirst().dropLast(), as: UTF8.self)
}
