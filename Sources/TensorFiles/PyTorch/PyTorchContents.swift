/// A checkpoint's pickled values, and where its storages are in the file.
struct PyTorchContents {
    let objects: PickledObjects
    /// The byte range of each storage, by key.
    let storages: [String: Range<Int>]

    /// Reads the format that `torch.save` has written since PyTorch 1.6: a zip archive of `data.pkl` and an entry per storage,
    /// all under one folder.
    init(archive file: MappedFile) throws(PyTorchError) {
        let archive = try PyTorchArchive(file)
        let pickles = archive.entries.keys.filter { name in
            name == "data.pkl" || name.hasSuffix("/data.pkl") && name.count { $0 == "/" } == 1
        }
        guard let pickle = pickles.first, pickles.count == 1 else { throw .missingEntry(name: "data.pkl") }
        let folder = String(pickle.dropLast("data.pkl".count))
        if let order = archive.entries["\(folder)byteorder"] {
            let isLittle = order.range.count == 6 && file.bytes(order.range).elementsEqual("little".utf8)
            guard isLittle else { throw .bigEndian }
        }
        guard let entry = archive.entries[pickle] else { throw .missingEntry(name: pickle) }
        guard entry.range.count <= PyTorchFile.maximumPickleBytes else {
            throw .tooLarge(
                what: "bytes of pickled data", count: entry.range.count, limit: PyTorchFile.maximumPickleBytes)
        }
        try archive.check(entry)
        objects = try PickleReader.read(file.bytes(entry.range), base: entry.range.lowerBound).objects
        var storages: [String: Range<Int>] = [:]
        for key in Set(objects.storages.map(\.key)) {
            guard let entry = archive.entries["\(folder)data/\(key)"] else { continue }
            try archive.check(entry)
            storages[key] = entry.range
        }
        self.storages = storages
    }

    /// The integer that begins files of the format before PyTorch 1.6, 0x1950A86A20F9469CFC6C.
    private static let magicNumber: [UInt8] = [0x6C, 0xFC, 0x9C, 0x46, 0xF9, 0x20, 0x6A, 0xA8, 0x50, 0x19]
    /// The version number of the format before PyTorch 1.6.
    private static let legacyVersion = 1001

    /// Reads the format before PyTorch 1.6: pickles of a magic number, a version, facts about the machine, the object,
    /// and the storages' keys; after them, for each storage, the number of its elements and the elements.
    init(legacy file: MappedFile) throws(PyTorchError) {
        let head = file.bytes(0..<min(file.count, PyTorchFile.maximumPickleBytes))
        var position = 0
        func next() throws(PyTorchError) -> PickledObjects {
            let (objects, end) = try PickleReader.read(head, at: position, isCut: head.count < file.count)
            position = end
            return objects
        }
        guard try next().root == .wideInteger(Self.magicNumber) else {
            throw .unknownFormat(firstBytes: Array(head.prefix(4)))
        }
        guard try next().root == .integer(Self.legacyVersion) else {
            throw .malformedPickle(reason: "not version \(Self.legacyVersion) of the format", offset: position)
        }
        let machine = try next()
        switch machine.value("little_endian", in: machine.root) {
        case .boolean(true): break
        case .boolean(false): throw .bigEndian
        default: throw .malformedPickle(reason: "the order of bytes is not stated", offset: position)
        }
        objects = try next()
        let list = try next()
        guard let keys = list.items(list.root, .list) else {
            throw .malformedPickle(reason: "the storages' keys are not a list", offset: position)
        }
        storages = try Self.storages(keys, of: objects, in: file, from: position)
    }

    /// The places of the storages that follow one another from `position` to the end of the file.
    private static func storages(
        _ keys: [PickleValue], of objects: PickledObjects, in file: MappedFile, from position: Int
    ) throws(PyTorchError) -> [String: Range<Int>] {
        let declared = Dictionary(objects.storages.map { ($0.key, $0) }) { first, _ in first }
        var position = position
        var storages: [String: Range<Int>] = [:]
        for key in keys {
            guard let key = key.string, let storage = declared[key], storages[key] == nil else {
                throw .malformedPickle(reason: "the storages' keys are not those of the tensors", offset: position)
            }
            let needed = try storage.byteCount
            let size = file.bytes(position..<min(file.count, position + 8)).littleEndian(at: 0, count: 8)
            let available = file.count - position - 8
            guard let size, needed <= available else {
                throw .wrongStorageSize(key: key, expectedBytes: needed, foundBytes: max(0, available))
            }
            guard size == storage.count else {
                throw .malformedPickle(
                    reason: "storage \"\(key)\" has \(size) elements, its tensors say \(storage.count)",
                    offset: position)
            }
            storages[key] = position + 8..<position + 8 + needed
            position += 8 + needed
        }
        guard position == file.count else {
            throw .malformedPickle(reason: "bytes follow the last storage", offset: position)
        }
        return storages
    }
}

extension PickledStorage {
    /// The number of bytes that the elements need.
    var byteCount: Int {
        get throws(PyTorchError) {
            let (bytes, overflows) = count.multipliedReportingOverflow(by: type.width)
            guard !overflows else { throw .wrongStorageSize(key: key, expectedBytes: .max, foundBytes: 0) }
            return bytes
        }
    }
}
