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
            let fourth = unsafe pixels[index * 4 + 3]
            for channel in 0..<3 {
                unsafe pixels[index * 3 + channel] = share(pixels[index * 4 + channel], of255: fourth)
            }
        }
    }
    pixels.removeLast(count)
}

/// a·b / 255, rounded.
func share(_ a: UInt8, of255 b: UInt8) -> UInt8 { UInt8((Int(a) * Int(b) + 127) / 255) }

/// Asks now and then whether a decoder's caller still wants the image.
struct Patience {
    /// Rows between two questions.
    private static let interval = 64

    let isCancelled: () -> Bool
    /// Whether the caller was found to want it no more.
    private(set) var isOver = false
    private var rows = 0

    init(isCancelled: @escaping () -> Bool) { self.isCancelled = isCancelled }

    /// Whether to go on with the next row.
    mutating func isLeft() -> Bool {
        if rows % Self.interval == 0 { isOver = isOver || isCancelled() }
        rows += 1
        return !isOver
    }
}
