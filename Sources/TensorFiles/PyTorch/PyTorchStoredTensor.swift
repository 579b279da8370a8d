/// A tensor whose elements are known to lie within its storage.
struct StoredTensor: Sendable {
    let type: PyTorchType
    let shape: [Int]
    /// The storage's bytes in the file.
    let storage: Range<Int>
    /// Elements of the storage before the tensor's first element.
    private let offset: Int
    /// Elements of the storage from one entry to the next, for each axis.
    private let strides: [Int]

    /// Checks a tensor's description in the pickle against the storages in the file.
    ///
    /// A tensor may have at most as many elements as its storage, so that a false description cannot cost more memory
    /// than the file itself.
    init(_ tensor: PickledTensor, named name: String, storages: [String: Range<Int>]) throws(PyTorchError) {
        let claim = tensor.storage
        guard let storage = storages[claim.key] else { throw .missingStorage(tensor: name, key: claim.key) }
        let needed = try claim.byteCount
        guard storage.count == needed else {
            throw .wrongStorageSize(key: claim.key, expectedBytes: needed, foundBytes: storage.count)
        }
        guard Self.fits(tensor) else {
            throw .outOfRange(
                tensor: name, shape: tensor.shape, strides: tensor.strides, offset: tensor.offset,
                storageElements: claim.count)
        }
        type = claim.type
        shape = tensor.shape
        offset = tensor.offset
        strides = tensor.strides
        self.storage = storage
    }

    private static func fits(_ tensor: PickledTensor) -> Bool {
        let limit = tensor.storage.count
        guard 0...limit ~= tensor.offset, (tensor.shape + tensor.strides).allSatisfy({ $0 >= 0 }) else { return false }
        // If one extent is 0, the others may be anything, but their product must not overflow.
        var count = 1
        var last = tensor.offset
        var isSound = true
        for (extent, stride) in zip(tensor.shape, tensor.strides) {
            let (product, productOverflows) = count.multipliedReportingOverflow(by: extent)
            let (reach, reachOverflows) = max(0, extent - 1).multipliedReportingOverflow(by: stride)
            let (sum, sumOverflows) = last.addingReportingOverflow(reach)
            isSound = isSound && !productOverflows && !reachOverflows && !sumOverflows
            (count, last) = (product, sum)
        }
        return isSound && (count == 0 || count <= limit && last < limit)
    }

    /// The elements in row-major order, each converted from its bits; `bytes` are the bytes of the storage.
    func gather<Bits: FixedWidthInteger, Element>(
        _ bytes: UnsafeRawBufferPointer, _ convert: (Bits) -> Element
    ) -> [Element] {
        let count = shape.reduce(1, *)
        var elements: [Element] = []
        elements.reserveCapacity(count)
        guard count > 0 else { return elements }
        let axes = mergedAxes
        let columns = axes.last ?? (extent: 1, stride: 0)
        var index = [Int](repeating: 0, count: max(0, axes.count - 1))
        var row = offset
        while elements.count < count {
            for column in 0..<columns.extent {
                let place = (row + column * columns.stride) * MemoryLayout<Bits>.size
                let bits = unsafe bytes.loadUnaligned(fromByteOffset: place, as: Bits.self)
                elements.append(convert(Bits(littleEndian: bits)))
            }
            for axis in index.indices.reversed() {
                index[axis] += 1
                row += axes[axis].stride
                if index[axis] < axes[axis].extent { break }
                row -= axes[axis].stride * axes[axis].extent
                index[axis] = 0
            }
        }
        return elements
    }

    /// The tensor's axes, simplified: axes of extent 1 are left out, and axes without a gap between them are merged.
    private var mergedAxes: [(extent: Int, stride: Int)] {
        var axes: [(extent: Int, stride: Int)] = []
        for (extent, stride) in zip(shape, strides) where extent != 1 {
            if let outer = axes.last, outer.stride == extent * stride {
                axes[axes.count - 1] = (outer.extent * extent, stride)
            } else {
                axes.append((extent, stride))
            }
        }
        return axes
    }
}
