public import Tensors

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// A value to store under a name in a safetensors file.
public enum SafetensorsValue: Sendable {
    /// Stored in the file's floating-point precision.
    case floats(Tensor)
    /// Stored as I64, row-major.
    case integers(shape: [Int], elements: [Int64])
}

/// How a safetensors file stores floats.
public enum SafetensorsPrecision: String, Sendable, CaseIterable {
    /// IEEE 754 single precision.
    case float32 = "F32"
    /// IEEE 754 half precision; the largest value is 65504.
    case float16 = "F16"
    /// bfloat16: the upper 16 bits of single precision, rounded to nearest, ties to even.
    case bfloat16 = "BF16"
}

/// Writes safetensors files; a reader sees the old file or the complete new one, never a part.
public enum SafetensorsWriter {
    /// Writes `tensors` and `metadata` to `path`: to a temporary file beside it, synchronized to disk, then renamed.
    ///
    /// Tensors are ordered by the width of their elements, widest first, then by name. So equal contents give equal
    /// bytes, and every tensor is aligned. A finite float that is too large for `precision` is an error.
    public static func write(
        _ tensors: [(name: String, value: SafetensorsValue)], metadata: [String: String] = [:], to path: String,
        precision: SafetensorsPrecision = .float32
    ) throws(SafetensorsError) {
        let records = try layOut(tensors, precision: precision)
        let output = try Output(replacing: path)
        var header = Array(headerJSON(records, metadata: metadata).utf8)
        header.append(contentsOf: repeatElement(UInt8(ascii: " "), count: (8 - header.count % 8) % 8))
        try output.append([UInt64(header.count).littleEndian])
        try output.append(header)
        for record in records {
            switch record.value {
            case .floats(let tensor):
                try append(tensor, named: record.name, precision: precision, to: output)
            case .integers(_, let elements):
                try output.append(elements.map { $0.littleEndian })
            }
        }
        try output.commit()
    }

    /// An atomic file that throws its failures as `SafetensorsError`.
    private struct Output {
        let file: AtomicFile

        init(replacing path: String) throws(SafetensorsError) {
            do { file = try AtomicFile(replacing: path) } catch { throw .file(error) }
        }

        func append<Element: BitwiseCopyable>(_ elements: [Element]) throws(SafetensorsError) {
            do { try file.append(elements) } catch { throw .file(error) }
        }

        func commit() throws(SafetensorsError) {
            do { try file.commit() } catch { throw .file(error) }
        }
    }

    private struct Record {
        var name: String
        var value: SafetensorsValue
        var type: SafetensorsType
        var shape: [Int]
        var begin = 0
        var end = 0
    }

    /// Orders the tensors and gives each its place.
    private static func layOut(
        _ tensors: [(name: String, value: SafetensorsValue)], precision: SafetensorsPrecision
    ) throws(SafetensorsError) -> [Record] {
        let floatType: SafetensorsType =
            switch precision {
            case .float32: .float32
            case .float16: .float16
            case .bfloat16: .bfloat16
            }
        var records = tensors.map { name, value in
            switch value {
            case .floats(let tensor): return Record(name: name, value: value, type: floatType, shape: tensor.shape)
            case .integers(let shape, let elements):
                precondition(elements.count == shape.reduce(1, *), "\(elements.count) elements cannot fill \(shape)")
                return Record(name: name, value: value, type: .int64, shape: shape)
            }
        }
        records.sort { ($1.type.width, $0.name) < ($0.type.width, $1.name) }
        var position = 0
        var names: Set<String> = ["__metadata__"]
        for index in records.indices {
            let name = records[index].name
            guard names.insert(name).inserted else { throw .duplicateName(name) }
            records[index].begin = position
            position += records[index].type.width * records[index].shape.reduce(1, *)
            records[index].end = position
        }
        return records
    }

    private static func headerJSON(_ records: [Record], metadata: [String: String]) -> String {
        var members: [String] = []
        if !metadata.isEmpty {
            let pairs = metadata.sorted { $0.key < $1.key }.map { "\(quoted($0.key)):\(quoted($0.value))" }
            members.append("\"__metadata__\":{\(pairs.joined(separator: ","))}")
        }
        for record in records {
            let shape = record.shape.map(String.init).joined(separator: ",")
            members.append(
                "\(quoted(record.name)):{\"dtype\":\"\(record.type.rawValue)\",\"shape\":[\(shape)],"
                    + "\"data_offsets\":[\(record.begin),\(record.end)]}")
        }
        return "{\(members.joined(separator: ","))}"
    }

    /// A JSON string with every character escaped that JSON demands.
    private static func quoted(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": result += "\\\""
            case "\\": result += "\\\\"
            case _ where scalar.value < 0x20:
                let digits = String(scalar.value, radix: 16)
                result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result + "\""
    }

    private static func append(
        _ tensor: Tensor, named name: String, precision: SafetensorsPrecision, to output: Output
    ) throws(SafetensorsError) {
        let elements = tensor.elements
        switch precision {
        case .float32: try output.append(elements)
        case .float16:
            let narrow = elements.map { Float16($0).bitPattern }
            try checkRange(elements, narrow, infinity: Float16.infinity.bitPattern, name: name)
            try output.append(narrow)
        case .bfloat16:
            let narrow = elements.map(bfloat16)
            try checkRange(elements, narrow, infinity: 0x7f80, name: name)
            try output.append(narrow)
        }
    }

    private static func checkRange(
        _ wide: [Float], _ narrow: [UInt16], infinity: UInt16, name: String
    ) throws(SafetensorsError) {
        for index in wide.indices where narrow[index] & 0x7fff == infinity && wide[index].isFinite {
            throw .notRepresentable(name: name, index: index)
        }
    }

    /// The upper 16 bits of a float, rounded to nearest, ties to even.
    private static func bfloat16(_ value: Float) -> UInt16 {
        guard !value.isNaN else { return 0x7fc0 }
        let bits = value.bitPattern
        return UInt16(truncatingIfNeeded: (bits &+ 0x7fff &+ (bits >> 16 & 1)) >> 16)
    }
}
