internal import CZlib

/// The entries of a zip archive as `torch.save` writes it: all entries are stored, none is compressed.
///
/// From PKWARE's APPNOTE.TXT 6.3: the entries' sizes are those of the central directory, so data descriptors after the
/// data are not needed; 64-bit sizes and directories are read. Entries that overlap or share a name are refused.
struct PyTorchArchive {
    /// The most entries that an archive may have.
    static let maximumEntries = 100_000
    /// The most bytes that the central directory may have.
    static let maximumDirectoryBytes = 16 << 20

    /// One stored file.
    struct Entry: Equatable {
        let name: String
        /// Where its local header begins in the file.
        let headerStart: Int
        /// Where its bytes lie in the file.
        let range: Range<Int>
        /// The CRC-32 in the archive; 0 if the writer did not compute one.
        let checksum: UInt32
    }

    private let file: MappedFile
    /// The values, by name.
    let entries: [String: Entry]

    /// Reads the directory of the archive; the archive is the whole `file`.
    init(_ file: MappedFile) throws(PyTorchError) {
        self.file = file
        let directory = try Directory(file)
        var entries: [String: Entry] = [:]
        var position = 0
        for _ in 0..<directory.count {
            let record = try DirectoryRecord(directory.bytes, at: position, base: directory.start)
            position = record.end
            let entry = try Self.entry(record, file, before: directory.start)
            guard entries.updateValue(entry, forKey: entry.name) == nil else {
                throw .unsupportedEntry(name: entry.name, reason: "the name occurs twice")
            }
        }
        guard position == directory.bytes.count else {
            throw .malformedArchive(reason: "bytes follow the last entry", offset: directory.start + position)
        }
        var end = 0
        for entry in entries.values.sorted(by: { $0.headerStart < $1.headerStart }) {
            guard entry.headerStart >= end else {
                throw .unsupportedEntry(name: entry.name, reason: "it overlaps another")
            }
            end = entry.range.upperBound
        }
        self.entries = entries
    }

    /// Finds a record's bytes by its local header.
    private static func entry(
        _ record: DirectoryRecord, _ file: MappedFile, before limit: Int
    ) throws(PyTorchError) -> Entry {
        let start = record.headerStart
        guard start <= limit - 30 else {
            throw .malformedArchive(reason: "\"\(record.name)\" has no local header", offset: start)
        }
        let header = file.bytes(start..<start + 30)
        guard header.littleEndian(at: 0, count: 4) == 0x0403_4B50,
            let nameBytes = header.littleEndian(at: 26, count: 2),
            let extraBytes = header.littleEndian(at: 28, count: 2)
        else { throw .malformedArchive(reason: "\"\(record.name)\" has no local header", offset: start) }
        let dataStart = start + 30 + nameBytes + extraBytes
        guard dataStart <= limit, record.size <= limit - dataStart else {
            throw .malformedArchive(reason: "\"\(record.name)\" reaches into the directory", offset: start)
        }
        guard file.bytes(start + 30..<start + 30 + nameBytes).elementsEqual(record.name.utf8) else {
            throw .malformedArchive(reason: "\"\(record.name)\" has another name in its header", offset: start)
        }
        return Entry(
            name: record.name, headerStart: start, range: dataStart..<dataStart + record.size,
            checksum: record.checksum)
    }

    /// Compares an entry's bytes with its checksum, if the writer computed one.
    func check(_ entry: Entry) throws(PyTorchError) {
        guard entry.checksum != 0 else { return }
        let found = unsafe file.withBytes { bytes in
            unsafe Self.checksum(UnsafeRawBufferPointer(rebasing: bytes[entry.range]))
        }
        guard found == entry.checksum else { throw .damagedEntry(name: entry.name) }
    }

    /// The CRC-32 of zip archives (ISO 3309, ITU-T V.42).
    static func checksum(_ bytes: UnsafeRawBufferPointer) -> UInt32 {
        let start = unsafe bytes.assumingMemoryBound(to: UInt8.self).baseAddress
        return UInt32(truncatingIfNeeded: unsafe crc32_z(0, start, bytes.count))
    }
}

/// The central directory's bytes, and how many records it has.
private struct Directory {
    let start: Int
    let count: Int
    let bytes: [UInt8]

    /// Finds the directory through the record at the file's end, or through the 64-bit record if a field of the first
    /// one is at its maximum.
    init(_ file: MappedFile) throws(PyTorchError) {
        let tailStart = max(0, file.count - 22 - 0xFFFF)
        let tail = file.bytes(tailStart..<file.count)
        let place = stride(from: tail.count - 22, through: 0, by: -1).first { place in
            tail.littleEndian(at: place, count: 4) == 0x0605_4B50
                && tail.littleEndian(at: place + 20, count: 2) == tail.count - place - 22
        }
        guard let place, let records = tail.littleEndian(at: place + 10, count: 2),
            let size = tail.littleEndian(at: place + 12, count: 4),
            let start = tail.littleEndian(at: place + 16, count: 4)
        else { throw .malformedArchive(reason: "the end record is missing", offset: file.count) }
        let end = tailStart + place
        let isWide = records == 0xFFFF || size == 0xFFFF_FFFF || start == 0xFFFF_FFFF
        let extent =
            isWide ? try Self.wideExtent(file, before: end) : (count: records, size: size, start: start, end: end)
        guard extent.start <= extent.end, extent.size <= extent.end - extent.start else {
            throw .malformedArchive(reason: "the directory does not fit", offset: end)
        }
        guard extent.size <= PyTorchArchive.maximumDirectoryBytes else {
            throw .tooLarge(
                what: "bytes of the archive's directory", count: extent.size,
                limit: PyTorchArchive.maximumDirectoryBytes)
        }
        guard extent.count <= PyTorchArchive.maximumEntries else {
            throw .tooLarge(what: "archive entries", count: extent.count, limit: PyTorchArchive.maximumEntries)
        }
        self.start = extent.start
        count = extent.count
        bytes = file.bytes(extent.start..<extent.start + extent.size)
    }

    private static func wideExtent(
        _ file: MappedFile, before end: Int
    ) throws(PyTorchError) -> (count: Int, size: Int, start: Int, end: Int) {
        let missing = PyTorchError.malformedArchive(reason: "the 64-bit end record is missing", offset: end)
        guard end >= 20 else { throw missing }
        let locator = file.bytes(end - 20..<end)
        guard locator.littleEndian(at: 0, count: 4) == 0x0706_4B50,
            let position = locator.littleEndian(at: 8, count: 8), position <= end - 20 - 56
        else { throw missing }
        let record = file.bytes(position..<position + 56)
        guard record.littleEndian(at: 0, count: 4) == 0x0606_4B50, let count = record.littleEndian(at: 32, count: 8),
            let size = record.littleEndian(at: 40, count: 8), let start = record.littleEndian(at: 48, count: 8)
        else { throw missing }
        return (count, size, start, position)
    }
}

/// One record of the central directory.
private struct DirectoryRecord {
    let name: String
    let size: Int
    let checksum: UInt32
    let headerStart: Int
    /// The position after the record.
    let end: Int

    init(_ bytes: [UInt8], at position: Int, base: Int) throws(PyTorchError) {
        func field(_ offset: Int, _ count: Int) throws(PyTorchError) -> Int {
            guard let value = bytes.littleEndian(at: position + offset, count: count) else {
                throw .malformedArchive(reason: "the directory is cut", offset: base + position)
            }
            return value
        }
        guard try field(0, 4) == 0x0201_4B50 else {
            throw .malformedArchive(reason: "this is not a directory record", offset: base + position)
        }
        let (flags, method) = (try field(8, 2), try field(10, 2))
        checksum = UInt32(truncatingIfNeeded: try field(16, 4))
        let (stored, original, header) = (try field(20, 4), try field(24, 4), try field(42, 4))
        let nameEnd = position + 46 + (try field(28, 2))
        let extraEnd = nameEnd + (try field(30, 2))
        end = extraEnd + (try field(32, 2))
        guard end <= bytes.count, let name = String(validating: bytes[position + 46..<nameEnd], as: UTF8.self) else {
            throw .malformedArchive(reason: "the directory is cut or a name is not UTF-8", offset: base + position)
        }
        self.name = name
        guard flags & 1 == 0 else { throw .unsupportedEntry(name: name, reason: "it is encrypted") }
        guard method == 0 else { throw .unsupportedEntry(name: name, reason: "it is compressed (method \(method))") }

        // A field at its maximum has its true value in the extra field of kind 1, in this order.
        var wide = Self.wideValues(bytes[nameEnd..<extraEnd])[...]
        var values: [Int] = []
        for value in [original, stored, header] {
            if value < 0xFFFF_FFFF {
                values.append(value)
            } else if let next = wide.popFirst() {
                values.append(next)
            } else {
                throw .malformedArchive(reason: "\"\(name)\" lacks its 64-bit sizes", offset: base + position)
            }
        }
        guard values[0] == values[1] else { throw .unsupportedEntry(name: name, reason: "its two sizes differ") }
        size = values[0]
        headerStart = values[2]
    }

    /// The 64-bit numbers of the extra field of kind 1.
    private static func wideValues(_ extra: ArraySlice<UInt8>) -> [Int] {
        let extra = Array(extra)
        var position = 0
        while let kind = extra.littleEndian(at: position, count: 2),
            let length = extra.littleEndian(at: position + 2, count: 2)
        {
            if kind == 1 {
                return stride(from: position + 4, to: position + 4 + length, by: 8)
                    .compactMap { extra.littleEndian(at: $0, count: 8) }
            }
            position += 4 + length
        }
        return []
    }
}

extension MappedFile {
    /// The number of bytes.
    var count: Int { unsafe withBytes { bytes in bytes.count } }

    /// A copy of the bytes in `range`, which must lie within the file.
    func bytes(_ range: Range<Int>) -> [UInt8] {
        unsafe withBytes { bytes in unsafe Array(bytes[range]) }
    }
}

extension [UInt8] {
    /// The unsigned number of `count` bytes at `position`, lowest byte first; nil if it lies beyond the end or is above
    /// 2⁶³ − 1.
    func littleEndian(at position: Int, count size: Int) -> Int? {
        guard position >= 0, position <= count - size else { return nil }
        return Int(exactly: self[position..<position + size].reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) })
    }
}
