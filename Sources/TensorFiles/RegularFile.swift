#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// Opens a regular file for reading; returns its descriptor and its size in bytes.
///
/// Nothing else is opened for long: the reader of a pipe would wait for a writer, and a device may never end.
func openRegularFile(_ path: String) throws(FileError) -> (descriptor: Int32, size: Int) {
    // Without O_NONBLOCK, opening a pipe waits until another process writes to it.
    let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else { throw .cannotRead(path: path, reason: systemErrorMessage()) }
    var information = stat()
    guard unsafe fstat(descriptor, &information) == 0 else {
        let reason = systemErrorMessage()
        close(descriptor)
        throw .cannotRead(path: path, reason: reason)
    }
    guard information.st_mode & S_IFMT == S_IFREG else {
        close(descriptor)
        throw .cannotRead(path: path, reason: "this is not a regular file but \(kind(information.st_mode))")
    }
    return (descriptor, Int(information.st_size))
}

/// The bytes of a regular file.
///
/// - Parameters:
///   - path: The file.
///   - limit: The most bytes that are read.
/// - Returns: The bytes that the file has when it is opened, or the first of them.
/// - Throws: `FileError.cannotRead`, also for a folder, a pipe or a device.
public func readRegularFile(_ path: String, atMost limit: Int = .max) throws(FileError) -> [UInt8] {
    let (descriptor, fullSize) = try openRegularFile(path)
    defer { close(descriptor) }
    let size = min(fullSize, limit)
    var failure: String?
    let bytes = unsafe [UInt8](unsafeUninitializedCapacity: size) { buffer, count in
        while count < size {
            let rest = unsafe UnsafeMutableRawBufferPointer(UnsafeMutableBufferPointer(rebasing: buffer[count..<size]))
            let got = unsafe read(descriptor, rest.baseAddress, rest.count)
            if got > 0 {
                count += got
            } else if got == 0 {
                return
            } else if errno != EINTR {
                failure = systemErrorMessage()
                return
            }
        }
    }
    if let failure { throw .cannotRead(path: path, reason: failure) }
    return bytes
}

private func kind(_ mode: mode_t) -> String {
    switch mode & S_IFMT {
    case S_IFDIR: "a folder"
    case S_IFIFO: "a pipe"
    case S_IFSOCK: "a socket"
    default: "a device"
    }
}
