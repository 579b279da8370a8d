#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// A file that appears at its path only when it is complete and synchronized to disk.
///
/// Until `commit()` it is a temporary file in the same folder; deinit removes that file if `commit()` was not called.
package final class AtomicFile {
    private let path: String
    private let temporaryPath: String
    private let descriptor: Int32
    private var isCommitted = false

    /// Creates the temporary file beside `path`.
    package init(replacing path: String) throws(FileError) {
        self.path = path
        var template = Array("\(path).XXXXXX".utf8CString)
        let descriptor = unsafe template.withUnsafeMutableBufferPointer { buffer in
            guard let start = buffer.baseAddress else { return Int32(-1) }
            return unsafe mkstemp(start)
        }
        guard descriptor >= 0 else { throw .cannotWrite(path: path, reason: systemErrorMessage()) }
        self.descriptor = descriptor
        temporaryPath = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    deinit {
        close(descriptor)
        if !isCommitted { unsafe unlink(temporaryPath) }
    }

    /// Writes a whole file: the path holds either the old one or the new one, never a part.
    package static func replace(_ path: String, with bytes: some Sequence<UInt8>) throws(FileError) {
        let file = try AtomicFile(replacing: path)
        try file.append(Array(bytes))
        try file.commit()
    }

    /// Appends the bytes of plain values.
    package func append<Element: BitwiseCopyable>(_ elements: [Element]) throws(FileError) {
        let failure = unsafe elements.withUnsafeBytes { unsafe writeAll($0) }
        if let failure { throw .cannotWrite(path: path, reason: failure) }
    }

    /// Writes all bytes; returns the system's message if it fails, else nil.
    private func writeAll(_ bytes: UnsafeRawBufferPointer) -> String? {
        var position = 0
        while position < bytes.count {
            let part = unsafe UnsafeRawBufferPointer(rebasing: bytes[position...])
            let written = unsafe write(descriptor, part.baseAddress, part.count)
            if written >= 0 {
                position += written
            } else if errno != EINTR {
                return systemErrorMessage()
            }
        }
        return nil
    }

    /// Synchronizes the bytes to disk and renames the file to its path; everyone may read it (mode 0644).
    package func commit() throws(FileError) {
        guard fchmod(descriptor, 0o644) == 0, fsync(descriptor) == 0, unsafe rename(temporaryPath, path) == 0 else {
            throw .cannotWrite(path: path, reason: systemErrorMessage())
        }
        isCommitted = true
        let folder = path.split(separator: "/", omittingEmptySubsequences: false).dropLast().joined(separator: "/")
        let folderPath = folder.isEmpty ? (path.hasPrefix("/") ? "/" : ".") : folder
        let folderDescriptor = unsafe open(folderPath, O_RDONLY | O_CLOEXEC)
        guard folderDescriptor >= 0 else { throw .cannotWrite(path: path, reason: systemErrorMessage()) }
        defer { close(folderDescriptor) }
        guard fsync(folderDescriptor) == 0 else { throw .cannotWrite(path: path, reason: systemErrorMessage()) }
    }
}
