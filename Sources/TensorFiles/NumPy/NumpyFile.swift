/// Why a .npy file could not be read or written.
public enum NumpyError: Error, Sendable, Equatable {
    /// The operating system refuses to read or write the file.
    case file(FileError)
    /// The first bytes are not those of a .npy file.
    case notNumpy
    /// The format's version is not 1.0, 2.0 or 3.0.
    case unsupportedVersion(major: UInt8, minor: UInt8)
    /// The file ends inside its header, or announces one larger than `NumpyArray.maximumHeaderBytes`.
    case wrongHeaderSize(bytes: Int, limit: Int)
    /// The header is not the Python dictionary that the format prescribes; `offset` counts the header's bytes.
    case malformedHeader(reason: String, offset: Int)
    /// The element type is not `<f4` or `<f8`.
    case unsupportedType(String)
    /// The data has more or fewer bytes than the shape needs.
    case wrongSize(shape: [Int], expectedBytes: Int, foundBytes: Int)
    /// The float64 value at `index` is finite, but too large for float32.
    case notRepresentable(index: Int)
}

extension NumpyError: CustomStringConvertible {
    /// What went wrong, in one sentence for a log or a terminal.
    public var description: String {
        switch self {
        case .file(let error): error.description
        case .notNumpy: "this is not a .npy file"
        case .unsupportedVersion(let major, let minor): "version \(major).\(minor) of the .npy format is not read"
        case .wrongHeaderSize(let bytes, let limit):
            "the header's \(bytes) bytes are more than the file has, or than the \(limit) that are read"
        case .malformedHeader(let reason, let offset): "malformed header at byte \(offset): \(reason)"
        case .unsupportedType(let type): "the element type \(type) is not read, only <f4 and <f8"
        case .wrongSize(let shape, let expected, let found):
            "an array of shape \(shape) needs \(expected) bytes, the file has \(found)"
        case .notRepresentable(let index): "element \(index) does not fit float32"
        }
    }
}

/// An array of float32 values as NumPy stores it in a .npy file.
///
/// Format: "NEP 1, A Simple File Format for NumPy Arrays", versions 1.0 to 3.0.
public struct NumpyArray: Sendable, Equatable {
    /// Bytes a header may have; real ones have about a hundred.
    public static let maximumHeaderBytes = 64 * 1024

    /// The length of each dimension; empty for a single number.
    public let shape: [Int]
    /// The values, row-major.
    public let elements: [Float]

    /// Creates an array; `elements` must have as many values as the product of `shape`.
    public init(shape: [Int], elements: [Float]) {
        precondition(
            shape.allSatisfy { $0 >= 0 } && shape.reduce(1, *) == elements.count,
            "\(elements.count) elements do not fill the shape \(shape)")
        self.shape = shape
        self.elements = elements
    }

    /// Reads a file of float32 or float64 values, little-endian, in C or Fortran order.
    public init(contentsOf path: String) throws(NumpyError) {
        let file: MappedFile
        do { file = try MappedFile(path: path) } catch { throw .file(error) }
        self = try unsafe file.withBytes { bytes throws(NumpyError) in try unsafe NumpyArray(decoding: bytes) }
    }

    /// Writes a version 1.0 file of `<f4` values in C order; a reader sees the old file or the complete new one.
    public func write(to path: String) throws(NumpyError) {
        do {
            let file = try AtomicFile(replacing: path)
            try file.append(header)
            try file.append(elements)
            try file.commit()
        } catch {
            throw .file(error)
        }
    }

    /// Everything before the values, padded so that they begin at a multiple of 64 bytes.
    private var header: [UInt8] {
        let sizes = shape.map(String.init).joined(separator: ", ") + (shape.count == 1 ? "," : "")
        var text = "{'descr': '<f4', 'fortran_order': False, 'shape': (\(sizes)), }"
        let preamble = 10
        text += String(repeating: " ", count: 63 - (preamble + text.utf8.count) % 64) + "\n"
        let length = UInt16(text.utf8.count)
        return [0x93] + "NUMPY".utf8 + [1, 0, UInt8(length & 0xff), UInt8(length >> 8)] + text.utf8
    }

    private init(decoding bytes: UnsafeRawBufferPointer) throws(NumpyError) {
        guard bytes.count >= 8, unsafe bytes.prefix(6).elementsEqual([0x93] + "NUMPY".utf8) else { throw .notNumpy }
        let (major, minor) = unsafe (bytes[6], bytes[7])
        guard (1...3).contains(major), minor == 0 else { throw .unsupportedVersion(major: major, minor: minor) }
        let start = major == 1 ? 10 : 12
        guard bytes.count >= start else { throw .wrongHeaderSize(bytes: bytes.count, limit: Self.maximumHeaderBytes) }
        let length = unsafe bytes[8..<start].reversed().reduce(0) { $0 << 8 | Int($1) }
        guard length <= Self.maximumHeaderBytes, start + length <= bytes.count else {
            throw .wrongHeaderSize(bytes: length, limit: Self.maximumHeaderBytes)
        }
        let header = try NumpyHeader(unsafe Array(bytes[start..<start + length]))
        let data = unsafe UnsafeRawBufferPointer(rebasing: bytes[(start + length)...])
        let count = try header.check(dataBytes: data.count)
        var elements: [Float] = []
        elements.reserveCapacity(count)
        for index in 0..<count {
            if header.elementBytes == 4 {
                let bits = unsafe data.loadUnaligned(fromByteOffset: index * 4, as: UInt32.self)
                elements.append(Float(bitPattern: UInt32(littleEndian: bits)))
            } else {
                let bits = unsafe data.loadUnaligned(fromByteOffset: index * 8, as: UInt64.self)
                let value = Double(bitPattern: UInt64(littleEndian: bits))
                guard Float(value).isFinite || !value.isFinite else { throw .notRepresentable(index: index) }
                elements.append(Float(value))
            }
        }
        shape = header.shape
        self.elements = header.isFortranOrder && count > 0 ? header.rowMajor(elements) : elements
    }
}
