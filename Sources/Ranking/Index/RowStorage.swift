internal import CDistance

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// Columns with one entry for each row, in one region of memory: without a file, or mapped from one.
///
/// A file is as long as all its rows from the start, but takes space only for those that `allocate` has been called for;
/// so a full disk is an error there, and never a fault when memory is written. A page at the beginning says what
/// the file is, and a column of its own holds a check number of each row, so that damage is found after a start.
///
/// Unchecked Sendable: the mapping stays until `deinit`; who writes to a row's memory before it is published is the
/// owner's matter.
@safe package final class RowStorage: @unchecked Sendable {
    /// How rows are laid out, and what for.
    package struct Layout {
        /// Numbers that tell files of different kinds, versions and uses apart, at most 16.
        let identity: [UInt64]
        /// The bytes of a row in each column.
        let columns: [Int]
        /// The number of rows.
        let capacity: Int

        /// Joins the parts of a layout.
        package init(identity: [UInt64], columns: [Int], capacity: Int) {
            self.identity = identity
            self.columns = columns
            self.capacity = capacity
        }

        /// Where each column begins, and behind them where the region ends: multiples of the page size.
        var offsets: [Int] {
            (columns + [RowStorage.checkBytes]).reduce(into: [RowStorage.page]) { offsets, bytes in
                let end = (offsets.last ?? 0) + bytes * capacity
                offsets.append((end + RowStorage.page - 1) / RowStorage.page * RowStorage.page)
            }
        }
    }

    private static let page = 4096
    /// The bytes of a row's check number, which stand behind the other columns.
    private static let checkBytes = 8
    /// The rows that space is taken for at a time.
    private static let rowsPerStep = 1024

    let path: String?
    private let layout: Layout
    private let offsets: [Int]
    private let start: UnsafeMutableRawPointer
    private let descriptor: Int32?
    /// Changed by the one writer alone.
    private var allocated = 0

    /// Makes memory of zeros, in a new file if there is a path; or maps the file if it `exists`.
    package init(_ layout: Layout, path: String?, exists: Bool) throws(IndexFileError) {
        self.layout = layout
        self.path = path
        offsets = layout.offsets
        let size = offsets.last ?? 0
        let identity = [0x7265_6964_2D72_6F78] + layout.identity + [UInt64(layout.capacity)]
        guard let path else {
            descriptor = nil
            unsafe start = try Self.map(size, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, nil)
            return
        }
        let flags = O_RDWR | O_CLOEXEC | O_NOFOLLOW | (exists ? 0 : O_CREAT | O_TRUNC)
        let descriptor = unsafe open(path, flags, 0o600)
        guard descriptor >= 0 else { throw Self.unusable(path) }
        var isKept = false
        defer { if !isKept { close(descriptor) } }
        if exists {
            var status = stat()
            guard unsafe fstat(descriptor, &status) == 0 else { throw Self.unusable(path) }
            guard status.st_size == size else { throw .doesNotFit(path: path) }
        } else {
            guard ftruncate(descriptor, size) == 0 else { throw Self.unusable(path) }
            try Self.allocate(0..<Self.page, of: descriptor, path)
        }
        unsafe start = try Self.map(size, MAP_SHARED, descriptor, path)
        isKept = true
        self.descriptor = descriptor
        let header = unsafe start.assumingMemoryBound(to: UInt64.self)
        if exists {
            let found = unsafe Array(UnsafeBufferPointer(start: header, count: identity.count))
            // `deinit` unmaps and closes.
            guard found == identity else { throw .doesNotFit(path: path) }
        } else {
            for (index, number) in identity.enumerated() { unsafe header[index] = number }
        }
    }

    deinit {
        unsafe munmap(start, offsets.last ?? 0)
        if let descriptor { close(descriptor) }
    }

    /// The entries of a column; valid while this object lives.
    package func column<Entry>(_ index: Int, of type: Entry.Type) -> UnsafeMutablePointer<Entry> {
        unsafe (start + offsets[index]).assumingMemoryBound(to: type)
    }

    /// Takes space on the disk for the first `rows` rows.
    package func allocate(rows: Int) throws(IndexFileError) {
        precondition(rows <= layout.capacity, "\(rows) rows in a storage of \(layout.capacity)")
        guard let descriptor, let path, rows > allocated else { return }
        let end = min((rows + Self.rowsPerStep - 1) / Self.rowsPerStep * Self.rowsPerStep, layout.capacity)
        for (bytes, offset) in zip(layout.columns + [Self.checkBytes], offsets) {
            try Self.allocate(offset + allocated * bytes..<offset + end * bytes, of: descriptor, path)
        }
        allocated = end
    }

    /// The number that tells whether a row is as it was sealed; 0 for a row that never was.
    package func check(ofRow row: Int) -> UInt64 { unsafe checks[row] }

    /// Notes that rows are written completely; nothing without a file, which nobody else can damage.
    package func seal(_ rows: Range<Int>) {
        guard path != nil else { return }
        for row in rows { unsafe checks[row] = fingerprint(ofRow: row) }
    }

    /// Whether a row is as it was when it was sealed; O(its bytes).
    package func isIntact(_ row: Int) -> Bool { unsafe checks[row] == fingerprint(ofRow: row) }

    /// Overwrites rows with zeros, and seals them.
    package func wipe(_ rows: Range<Int>) {
        for (bytes, offset) in zip(layout.columns, offsets) {
            unsafe memset(start + offset + rows.lowerBound * bytes, 0, rows.count * bytes)
        }
        seal(rows)
    }

    private var checks: UnsafeMutablePointer<UInt64> { unsafe column(layout.columns.count, of: UInt64.self) }

    /// A number that follows from a row's place and bytes, and is not 0.
    private func fingerprint(ofRow row: Int) -> UInt64 {
        var number = UInt64(row)
        for (bytes, offset) in zip(layout.columns, offsets) {
            number = unsafe c_fingerprint(start + offset + row * bytes, bytes, number)
        }
        return number | 1
    }

    /// Writes everything to the disk, and waits for it; nothing without a file.
    package func flush() throws(IndexFileError) {
        guard let path else { return }
        guard unsafe msync(start, offsets.last ?? 0, MS_SYNC) == 0 else { throw Self.unusable(path) }
    }

    private static func map(
        _ size: Int, _ flags: Int32, _ descriptor: Int32, _ path: String?
    ) throws(IndexFileError) -> UnsafeMutableRawPointer {
        guard let start = unsafe mmap(nil, size, PROT_READ | PROT_WRITE, flags, descriptor, 0),
            unsafe start != MAP_FAILED
        else { throw unusable(path) }
        return unsafe start
    }

    private static func allocate(
        _ bytes: Range<Int>, of descriptor: Int32, _ path: String
    ) throws(IndexFileError) {
        guard !bytes.isEmpty else { return }
        var code: Int32 = 0
        repeat { code = posix_fallocate(descriptor, off_t(bytes.lowerBound), off_t(bytes.count)) } while code == EINTR
        guard code == 0 else { throw unusable(path, code: code) }
    }

    private static func unusable(_ path: String?, code: Int32 = errno) -> IndexFileError {
        guard let message = unsafe strerror(code) else { return .unusable(path: path, reason: "error \(code)") }
        return unsafe .unusable(path: path, reason: String(cString: message))
    }
}
