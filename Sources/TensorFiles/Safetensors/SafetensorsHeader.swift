/// An element type of the safetensors format.
package enum SafetensorsType: String, Sendable {
    case bool = "BOOL"
    case uint8 = "U8"
    case int8 = "I8"
    case int16 = "I16"
    case uint16 = "U16"
    case float16 = "F16"
    case bfloat16 = "BF16"
    case int32 = "I32"
    case uint32 = "U32"
    case float32 = "F32"
    case float64 = "F64"
    case int64 = "I64"
    case uint64 = "U64"

    /// Bytes per element.
    var width: Int {
        switch self {
        case .bool, .uint8, .int8: 1
        case .int16, .uint16, .float16, .bfloat16: 2
        case .int32, .uint32, .float32: 4
        case .float64, .int64, .uint64: 8
        }
    }
}

/// The header's record of one tensor, checked against the file's size.
package struct SafetensorsEntry: Sendable, Equatable {
    package let name: String
    package let type: SafetensorsType
    package let shape: [Int]
    /// The offset of the first byte, from the end of the header.
    package let begin: Int
    /// The offset after the last byte.
    package let end: Int
}

/// The JSON header of a safetensors file: metadata, and a record per tensor.
package struct SafetensorsHeader: Sendable, Equatable {
    /// The key-value pairs that the file's writer added.
    package let metadata: [String: String]
    /// The tensors, in the order of their data.
    package let entries: [SafetensorsEntry]

    /// The bytes at the beginning of a file that say where its header is.
    package static let prefixBytes = 9

    /// Parses the header's JSON and checks it against the number of data bytes that follow it.
    ///
    /// The tensors must cover the data without holes or overlaps, as the format demands.
    package init(parsing json: [UInt8], dataBytes: Int) throws(SafetensorsError) {
        var parser = SafetensorsHeaderParser(json)
        var entries: [SafetensorsEntry]
        (metadata, entries) = try parser.parse()
        entries.sort { ($0.begin, $0.end, $0.name) < ($1.begin, $1.end, $1.name) }
        var expectedBegin = 0
        for entry in entries {
            let needed = try Self.bytes(of: entry)
            guard entry.begin == expectedBegin, entry.end >= entry.begin else {
                throw .misplaced(name: entry.name, begin: entry.begin, expectedBegin: expectedBegin)
            }
            guard entry.end - entry.begin == needed else {
                throw .wrongSize(
                    name: entry.name, shape: entry.shape, expectedBytes: needed, foundBytes: entry.end - entry.begin)
            }
            guard entry.end <= dataBytes else {
                throw .truncated(
                    name: entry.name, shape: entry.shape, expectedBytes: needed,
                    availableBytes: max(0, dataBytes - entry.begin))
            }
            expectedBegin = entry.end
        }
        guard expectedBegin == dataBytes else { throw .trailingBytes(count: dataBytes - expectedBegin) }
        self.entries = entries
    }

    /// Where the header's JSON is in a file.
    ///
    /// - Parameters:
    ///   - beginning: The file's first `prefixBytes` bytes, or all of a shorter file.
    ///   - fileBytes: The size of the file.
    ///   - limit: The most bytes that the header may have.
    /// - Returns: The offsets of the JSON.
    /// - Throws: `notSafetensors`, `headerTooLarge` or `truncatedHeader`.
    package static func place(
        beginning: [UInt8], fileBytes: Int, limit: Int
    ) throws(SafetensorsError) -> Range<Int> {
        guard beginning.count >= 8 else { throw .truncatedHeader(expectedBytes: 8, foundBytes: fileBytes) }
        let length = beginning[..<8].reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        let isPossible = length <= UInt64(limit) && Int(length) <= fileBytes - 8
        guard isPossible || fileBytes == 8 || beginning[8] == UInt8(ascii: "{") else { throw .notSafetensors }
        guard length <= UInt64(limit) else { throw .headerTooLarge(bytes: length, limit: limit) }
        let end = 8 + Int(length)
        guard end <= fileBytes else { throw .truncatedHeader(expectedBytes: end, foundBytes: fileBytes) }
        return 8..<end
    }

    /// The bytes that an entry's shape and type need.
    private static func bytes(of entry: SafetensorsEntry) throws(SafetensorsError) -> Int {
        var bytes = entry.type.width
        for extent in entry.shape {
            let (product, overflow) = bytes.multipliedReportingOverflow(by: extent)
            guard !overflow else {
                throw .wrongSize(
                    name: entry.name, shape: entry.shape, expectedBytes: Int.max, foundBytes: entry.end - entry.begin)
            }
            bytes = product
        }
        return bytes
    }
}
