internal import CZlib

/// The first `count` bytes of a decompressed zlib stream.
///
/// - Parameters:
///   - stream: the whole stream.
///   - count: how many bytes are wanted.
///   - isAll: whether the stream must end there, with the right checksum.
/// - Returns: The bytes, or nil if the stream is damaged or shorter.
func inflate(_ stream: ArraySlice<UInt8>, count: Int, isAll: Bool) -> [UInt8]? {
    var expanded = [UInt8](repeating: 0, count: count)
    var found = uLong(count)
    let status = unsafe expanded.withUnsafeMutableBufferPointer { expanded in
        unsafe stream.withUnsafeBufferPointer { stream in
            unsafe uncompress(expanded.baseAddress, &found, stream.baseAddress, uLong(stream.count))
        }
    }
    // `Z_BUF_ERROR` means that the buffer is full: that is fine, unless the whole stream was wanted.
    guard status == Z_OK || (status == Z_BUF_ERROR && !isAll) else { return nil }
    return found == uLong(count) ? expanded : nil
}
