/// The names of a JSON object's members, without those of inner objects, to find repeated ones: a decoder silently
/// keeps one member of each name.
struct JSONNames {
    /// Each name as it is written, with quotes and escapes, in order; a repeated name occurs several times.
    let texts: [[UInt8]]

    /// Finds the names in `bytes`, an object in UTF-8 that a decoder has accepted.
    init(ofObject bytes: [UInt8]) {
        var texts: [[UInt8]] = []
        var depth = 0
        var expectsName = false
        var index = 0
        while index < bytes.count {
            switch bytes[index] {
            case UInt8(ascii: "{"), UInt8(ascii: "["):
                depth += 1
                expectsName = depth == 1
            case UInt8(ascii: "}"), UInt8(ascii: "]"): depth -= 1
            case UInt8(ascii: ","): expectsName = depth == 1
            case UInt8(ascii: "\""):
                let end = Self.endOfText(from: index, in: bytes)
                if expectsName { texts.append(Array(bytes[index..<end])) }
                expectsName = false
                index = end - 1
            default: break
            }
            index += 1
        }
        self.texts = texts
    }

    /// The offset after the closing quote of the text that begins at `start`.
    private static func endOfText(from start: Int, in bytes: [UInt8]) -> Int {
        var index = start + 1
        while index < bytes.count, bytes[index] != UInt8(ascii: "\"") {
            index += bytes[index] == UInt8(ascii: "\\") ? 2 : 1
        }
        return min(index + 1, bytes.count)
    }
}
