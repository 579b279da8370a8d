import FoundationEssentials

/// A time in UTC with a resolution of one millisecond.
///
/// Text is RFC 3339: "2026-11-22T10:00:00Z", with a fraction if the milliseconds are not 0.
public struct Timestamp: Sendable, Hashable, Comparable, CustomStringConvertible {
    /// Milliseconds since 1970-01-01T00:00:00Z; negative before it.
    public let milliseconds: Int64

    /// The time `milliseconds` after 1970-01-01T00:00:00Z.
    public init(milliseconds: Int64) {
        self.milliseconds = milliseconds
    }

    /// The current time of the system's clock.
    public static func now() -> Timestamp {
        Timestamp(milliseconds: Int64((Date().timeIntervalSince1970 * 1000).rounded(.down)))
    }

    /// The time `seconds` later; `seconds` may be negative.
    public func adding(seconds: Int64) -> Timestamp {
        Timestamp(milliseconds: milliseconds + seconds * 1000)
    }

    /// Whether `a` is earlier than `b`.
    public static func < (a: Timestamp, b: Timestamp) -> Bool { a.milliseconds < b.milliseconds }

    /// The RFC 3339 text.
    public var description: String { rfc3339 }
}

extension Timestamp {
    /// The format of dates and times, such as "2026-11-22T10:00:00Z".
    private static let style = Date.ISO8601FormatStyle()

    /// The years and days after which the Gregorian calendar repeats itself.
    ///
    /// Foundation's calendar is Julian before 1582, that of RFC 3339 is not. So dates are moved by whole cycles to the
    /// cycle that begins in 1970, before Foundation writes them.
    private static let cycle = (start: Int64(1970), years: Int64(400), milliseconds: Int64(146_097) * 86_400_000)

    /// The range of the years 0000 to 9999, because RFC 3339 has four digits for a year.
    private static let writable = Int64(-62_167_219_200_000)...253_402_300_799_999

    /// Reads an RFC 3339 date and time, or returns nil.
    ///
    /// The time zone is "Z" or an offset such as "+01:00". A fraction has 1 to 9 digits and is cut to milliseconds.
    /// Days must exist in their month; leap seconds are refused.
    public init?(rfc3339 text: String) {
        // "t" and "z" are allowed, too.
        let bytes = text.utf8.map { 0x61...0x7A ~= $0 ? $0 - 0x20 : $0 }
        guard bytes.count > 19, bytes[..<19].hasShape("0000-00-00T00:00:00") else { return nil }
        let hasFraction = bytes[19] == UInt8(ascii: ".")
        let digits = hasFraction ? bytes[20...].prefix(while: { 0x30...0x39 ~= $0 }) : bytes[19..<19]
        let zone = bytes[digits.endIndex...]
        guard digits.isEmpty != hasFraction, digits.count <= 9, let offset = Self.minutes(ofOffset: zone),
            let clock = Self.milliseconds(ofClock: bytes[..<19])
        else { return nil }
        let fraction = (digits + [0x30, 0x30]).prefix(digits.isEmpty ? 0 : 3).number
        milliseconds = clock - offset * 60_000 + fraction
        guard Self.writable ~= milliseconds else { return nil }
    }

    /// The RFC 3339 text, with three digits of fraction if the milliseconds are not 0.
    public var rfc3339: String {
        let (cycles, place) = milliseconds.flooredDivision(by: Self.cycle.milliseconds)
        let text = Date(timeIntervalSince1970: Double(place / 1000)).formatted(Self.style)
        let year = (Int64(text.prefix(4)) ?? 0) + cycles * Self.cycle.years
        let fraction = place % 1000
        return padded(year, to: 4) + text.dropFirst(4).dropLast() + (fraction == 0 ? "" : "." + padded(fraction, to: 3))
            + "Z"
    }

    /// Minutes east of UTC: 0 for "Z", 60 for "+01:00"; nil if the text is not a time zone.
    private static func minutes(ofOffset zone: ArraySlice<UInt8>) -> Int64? {
        if zone == [UInt8(ascii: "Z")] { return 0 }
        let isWest = zone.hasShape("-00:00")
        let (hours, minutes) = (zone.dropFirst().prefix(2).number, zone.suffix(2).number)
        guard isWest || zone.hasShape("+00:00"), hours < 24, minutes < 60 else { return nil }
        return (isWest ? -1 : 1) * (hours * 60 + minutes)
    }

    /// Milliseconds until "2026-11-22T10:00:00" in UTC; nil if there is no such day or time.
    private static func milliseconds(ofClock clock: ArraySlice<UInt8>) -> Int64? {
        func number(_ start: Int, _ digits: Int) -> Int64 { clock.dropFirst(start).prefix(digits).number }
        let (year, month, day) = (number(0, 4), number(5, 2), number(8, 2))
        let (hour, minute, second) = (number(11, 2), number(14, 2), number(17, 2))
        let isLeap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
        let days: [Int64] = [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
        guard 1...12 ~= month, 1...days[Int(month) - 1] ~= day, hour < 24, minute < 60, second < 60 else { return nil }
        // The leap days before this year, counted from the year 0, which is one; 1970 comes after 478 of them.
        let leapDays = year == 0 ? 0 : 1 + (year - 1) / 4 - (year - 1) / 100 + (year - 1) / 400
        let elapsed = 365 * (year - 1970) + leapDays - 478 + days[..<(Int(month) - 1)].reduce(0, +) + day - 1
        return (((elapsed * 24 + hour) * 60 + minute) * 60 + second) * 1000
    }
}

extension Timestamp: Codable {
    /// Decodes RFC 3339 text.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        let text = try container.decode(String.self)
        guard let moment = Timestamp(rfc3339: text) else {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: "not an RFC 3339 time")
        }
        self = moment
    }

    /// Encodes RFC 3339 text.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(rfc3339)
    }
}

extension ArraySlice<UInt8> {
    /// Whether the text has the form `shape`, in which "0" stands for any digit.
    fileprivate func hasShape(_ shape: String) -> Bool {
        elementsEqual(shape.utf8) { byte, sign in sign == 0x30 ? 0x30...0x39 ~= byte : byte == sign }
    }

    /// The value of decimal digits; the text must consist of digits.
    fileprivate var number: Int64 { reduce(0) { $0 &* 10 &+ Int64($1) &- 0x30 } }
}

extension Int64 {
    /// Quotient rounded down, and a remainder that is never negative.
    fileprivate func flooredDivision(by divisor: Int64) -> (quotient: Int64, remainder: Int64) {
        let result = quotientAndRemainder(dividingBy: divisor)
        return result.remainder < 0 ? (result.quotient - 1, result.remainder + divisor) : result
    }
}

private func padded(_ value: Int64, to width: Int) -> String {
    let digits = String(value)
    return String(repeating: "0", count: max(0, width - digits.count)) + digits
}
