import Glibc

/// The first index at which `needle` occurs in `bytes`; searches its first byte with `memchr`.
package func firstOffset(of needle: ArraySlice<UInt8>, in bytes: ArraySlice<UInt8>) -> Int? {
    guard let first = needle.first else { return bytes.startIndex }
    return unsafe bytes.withUnsafeBytes { buffer -> Int? in
        unsafe needle.withUnsafeBytes { needle -> Int? in
            guard let base = buffer.baseAddress, let wanted = needle.baseAddress else { return nil }
            var offset = 0
            while offset + needle.count <= buffer.count {
                let room = buffer.count - needle.count + 1 - offset
                guard let hit = unsafe memchr(base + offset, Int32(first), room) else { return nil }
                offset = unsafe hit - UnsafeMutableRawPointer(mutating: base)
                if unsafe memcmp(base + offset, wanted, needle.count) == 0 { return bytes.startIndex + offset }
                offset += 1
            }
            return nil
        }
    }
}
