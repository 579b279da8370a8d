/// An element type of the safetensors format.
enum SafetensorsType: String, Sendable {
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
struct SafetensorsEntry: Sendable, Equatable {
    var name: String
    var type: SafetensorsType
    var shape: [Int]
    /// Byte offsets from the end of the header.
    var begin: Int
    var end: Int
}

/// The JSON header of a safetensors file: metadata, and a record per tensor.
struct SafetensorsHeader: Sendable, Equatable {
    var metadata: [String: String] = [:]
    /// The tensors, in the order of their data.
    var entries: [SafetensorsEntry] = []

    /// Parses the header's JSON and checks it against the number of data bytes that follow it.
    ///
    /// The tensors must cover the data without holes or overlaps, as the format demands.
    init(parsing json: [UInt8], dataBytes: Int) throws(SafetensorsError) {
        var parser = SafetensorsHeaderParser(json)
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
