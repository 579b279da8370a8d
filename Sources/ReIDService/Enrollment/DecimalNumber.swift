/// Reads the JSON number at `position` as the nearest float32, and moves behind it; fast, but not for every number.
///
/// The first 19 digits, as a whole number, times a power of ten give a float64 with an error of a few units in its last
/// place. Rounding that to float32 gives the float32 that is nearest to the decimal number, unless the float64 is so near
/// to the middle between two float32 that the error decides. Such numbers, about one in 30 million, get nil, and so do
/// very large and very small ones.
///
/// - Parameters:
///   - bytes: The JSON text.
///   - position: The offset of the number's first byte; on return that of the byte behind the number, or unchanged.
/// - Returns: The value, correctly rounded; nil if there is no JSON number, or if only an exact reader can tell its value.
func nearestFloat(in bytes: Span<UInt8>, at position: inout Int) -> Float? {
    var index = position
    let isNegative = take(UInt8(ascii: "-"), in: bytes, at: &index)
    let start = index
    var digits: UInt64 = 0
    while let next = digit(in: bytes, at: index) {
        guard digits < mostDigits else { return nil }
        digits = digits &* 10 &+ UInt64(next)
        index += 1
    }
    // JSON has neither numbers without digits before the point, nor leading zeros.
    guard index > start, index == start + 1 || bytes[start] != 0x30 else { return nil }
    var exponent = 0
    if take(UInt8(ascii: "."), in: bytes, at: &index) {
        let point = index
        while let next = digit(in: bytes, at: index) {
            // Later digits change the value by less than the error that is allowed for.
            if digits < mostDigits {
                digits = digits &* 10 &+ UInt64(next)
                exponent -= 1
            }
            index += 1
        }
        guard index > point else { return nil }
    }
    if take(UInt8(ascii: "e"), in: bytes, at: &index) || take(UInt8(ascii: "E"), in: bytes, at: &index) {
        let isSmall = take(UInt8(ascii: "-"), in: bytes, at: &index)
        if !isSmall { _ = take(UInt8(ascii: "+"), in: bytes, at: &index) }
        let first = index
        var power = 0
        while let next = digit(in: bytes, at: index) {
            guard power < 1000 else { return nil }
            power = power * 10 + Int(next)
            index += 1
        }
        guard index > first else { return nil }
        exponent += isSmall ? -power : power
    }
    guard let value = nearestFloat(digits, exponent) else { return nil }
    position = index
    return isNegative ? -value : value
}

/// The value of the decimal digit at an offset; nil if there is none.
@inline(__always) private func digit(in bytes: Span<UInt8>, at index: Int) -> UInt8? {
    guard index < bytes.count, case let digit = bytes[index] &- 0x30, digit < 10 else { return nil }
    return digit
}

/// Moves behind `byte` if it is there.
@inline(__always) private func take(_ byte: UInt8, in bytes: Span<UInt8>, at index: inout Int) -> Bool {
    guard index < bytes.count, bytes[index] == byte else { return false }
    index += 1
    return true
}

/// 10¹⁸: a smaller number has room for another digit.
private let mostDigits: UInt64 = 1_000_000_000_000_000_000

/// The powers of ten that a float64 holds exactly.
private let powersOfTen: [Double] = (0...22).map { power in (0..<power).reduce(1.0) { value, _ in value * 10 } }

/// The float32 nearest to digits · 10^exponent; nil if float64 is not exact enough to tell.
private func nearestFloat(_ digits: UInt64, _ exponent: Int) -> Float? {
    guard digits != 0 else { return 0 }
    let last = powersOfTen.count - 1
    guard -2 * last <= exponent, exponent <= last else { return nil }
    var value = Double(digits)
    if exponent >= 0 {
        value *= powersOfTen[exponent]
    } else {
        value /= powersOfTen[min(-exponent, last)]
        value /= powersOfTen[max(-exponent - last, 0)]
    }
    // Float32 drops 29 of the 52 bits. Each of at most three roundings above is wrong by half a unit in the last place.
    let dropped = Int(value.bitPattern & 0x1FFF_FFFF)
    guard value > 1e-37, value < 1e38, abs(dropped - 0x1000_0000) > 8 else { return nil }
    return Float(value)
}
