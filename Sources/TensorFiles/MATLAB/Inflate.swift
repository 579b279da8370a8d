internal import CZlib

/// The first `count` bytes that a zlib stream expands to.
///
/// - Parameters:
///   - stream: the whole stream.
///   - count: how many bytes are wanted.
///   - isAll: whether the stream must end there, its checksum right.
/// - Returns: nil where the stream is damaged or shorter.
func inflate(_ stream: ArraySlice<UInt8>, count: Int, isAll: Bool) -> [UInt8]? {
    var expanded = [UInt8](repeating: 0, count: count)
    var found = uLong(count)
    let status = unsafe expanded.withUnsafeMutableBufferPointer { expanded in
        unsafe stream.withUnsafeBufferPointer { stream in
            unsafe uncompress(expanded.baseAddress, &found, stream.baseAddress, uLong(stream.count))
        }
    }
    // A buffer that is too small has been filled by then.
    guard status == Z_OK || (status == Z_BUF_ERROR && !isAll) else { return nil }
    return found == uLong(count) ? expanded : nil
}
