#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// The bytes of a file, mapped into memory read-only for as long as this object lives.
///
/// The file must not be shortened in place during that time; replacing it with a rename is harmless.
///
/// Unchecked Sendable: only `init` and `deinit` change the mapping, and nothing ever writes to its pages.
@safe final class MappedFile: @unchecked Sendable {
    private let pages: UnsafeRawBufferPointer

    /// Maps the file at `path`; throws `.cannotRead` with the system's reason.
    init(path: String) throws(FileError) {
        let (descriptor, size) = try openRegularFile(path)
        defer { close(descriptor) }
        guard size > 0 else {
            unsafe pages = UnsafeRawBufferPointer(start: nil, count: 0)
            return
        }
        guard let start = unsafe mmap(nil, size, PROT_READ, MAP_PRIVATE, descriptor, 0), unsafe start != MAP_FAILED
        else { throw .cannotRead(path: path, reason: systemErrorMessage()) }
        unsafe pages = UnsafeRawBufferPointer(start: start, count: size)
    }

    deinit {
        guard let start = unsafe pages.baseAddress else { return }
        unsafe munmap(UnsafeMutableRawPointer(mutating: start), pages.count)
    }

    /// The bytes of the file; valid only inside `body`.
    func withBytes<Result, Failure: Error>(
        _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try unsafe body(pages)
    }

    /// Gives the pages back to the system; they are read from the file again when they are needed.
    func releasePages() {
        guard let start = unsafe pages.baseAddress else { return }
        unsafe madvise(UnsafeMutableRawPointer(mutating: start), pages.count, MADV_DONTNEED)
    }
}

/// The message of the last system call's error.
func systemErrorMessage() -> String {
    let code = errno
    guard let message = unsafe strerror(code) else { return "error \(code)" }
    return unsafe String(cString: message)
}
