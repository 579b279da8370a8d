/// The remainder of each byte for the reversed polynomial 0xEDB88320.
private let crcTable: [UInt32] = (0..<256).map { byte in
    (0..<8).reduce(UInt32(byte)) { remainder, _ in
        remainder & 1 == 1 ? remainder >> 1 ^ 0xEDB8_8320 : remainder >> 1
    }
}

/// The CRC-32 of zip archives (ISO 3309, ITU-T V.42).
func crc32(_ bytes: UnsafeRawBufferPointer) -> UInt32 {
    unsafe crcTable.withUnsafeBufferPointer { table in
        var remainder = UInt32.max
        for index in bytes.indices {
            unsafe remainder = remainder >> 8 ^ table[Int(UInt8(truncatingIfNeeded: remainder) ^ bytes[index])]
        }
        return ~remainder
    }
}
