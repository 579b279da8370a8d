internal import TensorFiles

/// Where the embeddings of an `application/vnd.safetensors` body are, and what is said about them.
///
/// The body has a tensor `embeddings`, [rows, dimensions] of F32 or F16; the model that computed them as `model` in the
/// header's metadata; and perhaps a tensor `items`, [bytes] of U8: NDJSON with a line for each row. It is read by place,
/// so only the header is in memory.
struct EmbeddingTable: Sendable, Equatable {
    /// The number of embeddings.
    let rows: Int
    /// The values of an embedding.
    let dimensions: Int
    /// The identity of the model that computed them.
    let model: String
    /// The place of the lines about the rows; nil if there are none.
    let items: Range<Int>?
    private let isHalf: Bool
    private let start: Int

    /// The names of the tensors.
    static let embeddings = "embeddings"
    static let items = "items"

    /// Reads and checks the header of a body.
    init(_ source: ByteSource) throws(ContainerError) {
        let header: SafetensorsHeader
        let dataStart: Int
        do {
            let beginning = try source.read(at: 0, count: SafetensorsHeader.prefixBytes)
            let place = try SafetensorsHeader.place(
                beginning: beginning, fileBytes: source.count, limit: IngestionLimits.tensorHeaderBytes)
            dataStart = place.upperBound
            header = try SafetensorsHeader(
                parsing: try source.read(place), dataBytes: source.count - place.upperBound)
        } catch let error as ContainerError {
            throw error
        } catch let error as SafetensorsError {
            throw .safetensors(error)
        } catch {
            throw .safetensors(.notSafetensors)
        }
        if let other = header.entries.first(where: { ![Self.embeddings, Self.items].contains($0.name) }) {
            throw .unexpectedTensor(name: other.name)
        }
        guard let vectors = header.entries.first(where: { $0.name == Self.embeddings }) else {
            throw .missingTensor(name: Self.embeddings)
        }
        guard vectors.shape.count == 2, vectors.shape[1] > 0, [.float32, .float16].contains(vectors.type) else {
            throw .unusableTensor(name: vectors.name, type: vectors.type.rawValue, shape: vectors.shape)
        }
        (rows, dimensions) = (vectors.shape[0], vectors.shape[1])
        isHalf = vectors.type == .float16
        start = dataStart + vectors.begin
        if let lines = header.entries.first(where: { $0.name == Self.items }) {
            guard lines.shape.count == 1, lines.type == .uint8 else {
                throw .unusableTensor(name: lines.name, type: lines.type.rawValue, shape: lines.shape)
            }
            items = dataStart + lines.begin..<dataStart + lines.end
        } else {
            items = nil
        }
        if let other = header.metadata.keys.filter({ !["model", "format"].contains($0) }).min() {
            throw .unexpectedMetadata(name: other)
        }
        guard let model = header.metadata["model"] else { throw .noModel }
        self.model = model
    }

    /// The values of a row, as they are in `source`.
    func embedding(_ row: Int, in source: ByteSource) throws(ContainerError) -> [Float] {
        precondition(0..<rows ~= row, "row \(row) of \(rows)")
        let width = isHalf ? 2 : 4
        let bytes = try source.read(at: start + row * dimensions * width, count: dimensions * width)
        guard bytes.count == dimensions * width else { throw .truncated(member: Self.embeddings, offset: start) }
        return unsafe bytes.withUnsafeBytes { bytes in
            (0..<dimensions).map { index in
                if isHalf {
                    let bits = unsafe bytes.loadUnaligned(fromByteOffset: 2 * index, as: UInt16.self)
                    return Float(Float16(bitPattern: UInt16(littleEndian: bits)))
                }
                let bits = unsafe bytes.loadUnaligned(fromByteOffset: 4 * index, as: UInt32.self)
                return Float(bitPattern: UInt32(littleEndian: bits))
            }
        }
    }
}
