public import Tensors

/// A safetensors file, mapped into memory; opening it checks the whole file.
///
/// The format: eight bytes with the header's length (little-endian), a JSON header, and the tensors' data, row-major
/// and little-endian. See https://huggingface.co/docs/safetensors for its definition. A file that does not follow it
/// exactly is an error. The file must not be shortened in place while it is open; replacing it with a rename is
/// harmless.
public struct SafetensorsFile: Sendable {
    /// The most bytes that a header may have: the format's own limit.
    public static let maximumHeaderBytes = 100_000_000

    /// The key-value pairs that the file's writer added.
    public let metadata: [String: String]

    private let file: MappedFile
    private let entries: [String: SafetensorsEntry]
    private let dataStart: Int

    /// Maps and checks the file at `path`.
    public init(contentsOf path: String) throws(SafetensorsError) {
        let file: MappedFile
        do { file = try MappedFile(path: path) } catch { throw .file(error) }
        let (header, dataStart) = try unsafe file.withBytes {
            bytes throws(SafetensorsError) -> (SafetensorsHeader, Int) in
            let place = try SafetensorsHeader.place(
                beginning: unsafe Array(bytes.prefix(SafetensorsHeader.prefixBytes)), fileBytes: bytes.count,
                limit: Self.maximumHeaderBytes)
            let json = unsafe Array(bytes[place])
            let header = try SafetensorsHeader(parsing: json, dataBytes: bytes.count - place.upperBound)
            return (header, place.upperBound)
        }
        self.file = file
        self.dataStart = dataStart
        metadata = header.metadata
        entries = Dictionary(header.entries.map { ($0.name, $0) }) { first, _ in first }
    }

    /// The tensors' names in ascending order.
    public var names: [String] { entries.keys.sorted() }

    /// The shape of a tensor, or nil if there is none of this name.
    public func shape(of name: String) -> [Int]? { entries[name]?.shape }

    /// The element type of a tensor as the file spells it ("F32", "BF16", "I64", …), or nil if there is no such tensor.
    public func type(of name: String) -> String? { entries[name]?.type.rawValue }

    /// A tensor of type F32, F16 or BF16, converted to 32-bit floats.
    public func floats(_ name: String) throws(SafetensorsError) -> Tensor {
        guard let entry = entries[name] else { throw .noSuchTensor(name: name) }
        let count = (entry.end - entry.begin) / entry.type.width
        let type = entry.type
        guard type == .float32 || type == .float16 || type == .bfloat16 else {
            throw .unsupportedType(name: name, type: type.rawValue)
        }
        let elements = unsafe data(of: entry) { bytes in
            unsafe [Float](unsafeUninitializedCapacity: count) { buffer, initialized in
                switch type {
                case .float16: unsafe widen(bytes, into: buffer) { Float(Float16(bitPattern: $0)) }
                case .bfloat16: unsafe widen(bytes, into: buffer) { Float(bitPattern: UInt32($0) << 16) }
                default: unsafe UnsafeMutableRawBufferPointer(buffer).copyMemory(from: bytes)
                }
                initialized = count
            }
        }
        return Tensor(shape: entry.shape, elements: elements)
    }

    /// A tensor of type I64 or I32, converted to 64-bit integers.
    public func integers(_ name: String) throws(SafetensorsError) -> (shape: [Int], elements: [Int64]) {
        guard let entry = entries[name] else { throw .noSuchTensor(name: name) }
        guard entry.type == .int64 || entry.type == .int32 else {
            throw .unsupportedType(name: name, type: entry.type.rawValue)
        }
        let width = entry.type.width
        let elements = unsafe data(of: entry) { bytes in
            stride(from: 0, to: bytes.count, by: width).map { offset -> Int64 in
                width == 8
                    ? Int64(littleEndian: unsafe bytes.loadUnaligned(fromByteOffset: offset, as: Int64.self))
                    : Int64(Int32(littleEndian: unsafe bytes.loadUnaligned(fromByteOffset: offset, as: Int32.self)))
            }
        }
        return (entry.shape, elements)
    }

    /// Calls `body` with the bytes of the whole file, without copying them; they are valid only inside `body`.
    public func withBytes<Result>(_ body: (RawSpan) throws -> Result) rethrows -> Result {
        try unsafe file.withBytes { bytes in
            let span = unsafe bytes.bytes
            return try body(span)
        }
    }

    /// Gives the file's pages in memory back to the system; a later read loads them from the file again.
    public func releasePages() {
        file.releasePages()
    }

    private func data<Result>(of entry: SafetensorsEntry, _ body: (UnsafeRawBufferPointer) -> Result) -> Result {
        unsafe file.withBytes { bytes in
            unsafe body(UnsafeRawBufferPointer(rebasing: bytes[dataStart + entry.begin..<dataStart + entry.end]))
        }
    }
}

/// Converts two-byte elements, which may lie unaligned, to floats.
private func widen(
    _ bytes: UnsafeRawBufferPointer, into buffer: UnsafeMutableBufferPointer<Float>, _ convert: (UInt16) -> Float
) {
    for index in 0..<bytes.count / 2 {
        let bits = UInt16(littleEndian: unsafe bytes.loadUnaligned(fromByteOffset: 2 * index, as: UInt16.self))
        unsafe buffer[index] = convert(bits)
    }
}
