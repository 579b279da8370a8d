/// The message that a codec wrote into a C string.
func text(_ message: [CChar]) -> String {
    let bytes = message.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
    return bytes.isEmpty ? "no reason given" : String(decoding: bytes, as: UTF8.self)
}

/// Appends a piece of an encoded file to the `[UInt8]` that `context` points to; the encoders' sink.
func appendPiece(_ context: UnsafeMutableRawPointer?, _ bytes: UnsafePointer<UInt8>?, _ count: Int) {
    guard let context = unsafe context, let bytes = unsafe bytes else { return }
    let piece = unsafe UnsafeBufferPointer(start: bytes, count: count)
    unsafe context.assumingMemoryBound(to: [UInt8].self).pointee.append(contentsOf: piece)
}

/// The big-endian 32-bit number at `index`, which must have three more bytes after it.
func bigEndian32(_ bytes: ArraySlice<UInt8>, at index: Int) -> UInt32 {
    bytes[index..<index + 4].reduce(0) { $0 << 8 | UInt32($1) }
}

/// Replaces every four values a, b, c, d by the three a·d / 255, b·d / 255 and c·d / 255, rounded, in place.
func multiplyByFourth(_ pixels: inout [UInt8]) {
    let count = pixels.count / 4
    unsafe pixels.withUnsafeMutableBufferPointer { pixels in
        for index in 0..<count {
            let fourth = unsafe Int(pixels[index * 4 + 3])
            for channel in 0..<3 {
                unsafe pixels[index * 3 + channel] = UInt8((Int(pixels[index * 4 + channel]) * fourth + 127) / 255)
            }
        }
    }
    pixels.removeLast(count)
}
