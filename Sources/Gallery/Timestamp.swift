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
    /// Reads an RFC 3339 date and time in UTC, or returns nil.
    ///
    /// Four-digit year, "T", two-digit fields, an optional fraction of 1 to 9 digits (cut to milliseconds), then "Z" or
    /// "+00:00". Days must exist in their month; leap seconds are refused.
    public init?(rfc3339 text: String) {
        var scanner = DigitScanner(bytes: Array(text.utf8))
        guard
            let year = scanner.number(digits: 4), scanner.skip("-"),
            let month = scanner.number(digits: 2), scanner.skip("-"),
            let day = scanner.number(digits: 2), scanner.skip("T"),
            let hour = scanner.number(digits: 2), scanner.skip(":"),
            let minute = scanner.number(digits: 2), scanner.skip(":"),
            let second = scanner.number(digits: 2),
            let fraction = scanner.fraction(),
            scanner.skip("Z") || scanner.skip("+00:00"), scanner.isAtEnd,
            (1...12).contains(month), day >= 1, day <= Self.days(inMonth: month, of: year),
            hour < 24, minute < 60, second < 60
        else { return nil }
        let days = Self.dayNumber(year: year, month: month, day: day)
        let seconds = Int64(days) * 86_400 + Int64(hour * 3600 + minute * 60 + second)
        self.init(milliseconds: seconds * 1000 + Int64(fraction))
    }

    /// The RFC 3339 text, with three digits of fraction if the milliseconds are not 0.
    public var rfc3339: String {
        let second = milliseconds.flooredDivision(by: 1000)
        let day = second.quotient.flooredDivision(by: 86_400)
        let date = Self.date(dayNumber: Int(day.quotient))
        let clock = Int(day.remainder)
        var text = "\(padded(date.year, to: 4))-\(padded(date.month, to: 2))-\(padded(date.day, to: 2))"
        text += "T\(padded(clock / 3600, to: 2)):\(padded(clock / 60 % 60, to: 2)):\(padded(clock % 60, to: 2))"
        if second.remainder != 0 { text += ".\(padded(Int(second.remainder), to: 3))" }
        return text + "Z"
    }

    private static func isLeap(_ year: Int) -> Bool {
        year.isMultiple(of: 4) && (!year.isMultiple(of: 100) || year.isMultiple(of: 400))
    }

    private static func days(inMonth month: Int, of year: Int) -> Int {
        switch month {
        case 2: isLeap(year) ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }

    /// Days from 1970-01-01 to 1 January of `year`, in the proleptic Gregorian calendar.
    private static func dayNumber(ofYear year: Int) -> Int {
        let before = year - 1
        func floored(_ divisor: Int) -> Int { Int(Int64(before).flooredDivision(by: Int64(divisor)).quotient) }
        return 365 * before + floored(4) - floored(100) + floored(400) - 719_162
    }

    /// Days from 1970-01-01 to the given date.
    private static func dayNumber(year: Int, month: Int, day: Int) -> Int {
        (1..<month).reduce(dayNumber(ofYear: year)) { $0 + days(inMonth: $1, of: year) } + day - 1
    }

    private static func date(dayNumber: Int) -> (year: Int, month: Int, day: Int) {
        // 146,097 days make 400 years; the estimate is at most one year off.
        var year = 1970 + Int((Int64(dayNumber) * 400).flooredDivision(by: 146_097).quotient)
        while Self.dayNumber(ofYear: year) > dayNumber { year -= 1 }
        while Self.dayNumber(ofYear: year + 1) <= dayNumber { year += 1 }
        var rest = dayNumber - Self.dayNumber(ofYear: year)
        var month = 1
        while rest >= days(inMonth: month, of: year) {
            rest -= days(inMonth: month, of: year)
            month += 1
        }
        return (year, month, rest + 1)
    }
}

extension Timestamp: Codable {
    /// Decodes RFC 3339 text.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        let text = try container.decode(String.self)
        guard let moment = Timestamp(rfc3339: text) else {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: "not an RFC 3339 time in UTC")
        }
        self = moment
    }

    /// Encodes RFC 3339 text.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(rfc3339)
    }
}

/// Reads fields of fixed width from ASCII bytes.
private struct DigitScanner {
    let bytes: [UInt8]
    var position = 0

    var isAtEnd: Bool { position == bytes.count }

    private mutating func digit() -> Int? {
        guard position < bytes.count, (0x30...0x39).contains(bytes[position]) else { return nil }
        position += 1
        return Int(bytes[position - 1]) - 0x30
    }

    mutating func number(digits: Int) -> Int? {
        var value = 0
        for _ in 0..<digits {
            guard let digit = digit() else { return nil }
            value = value * 10 + digit
        }
        return value
    }

    mutating func skip(_ text: StaticString) -> Bool {
        let expected = Array(text.description.utf8)
        guard bytes[position...].starts(with: expected) else { return false }
        position += expected.count
        return true
    }

    /// Milliseconds of an optional fraction: 0 if there is none, nil if it is malformed.
    mutating func fraction() -> Int? {
        guard skip(".") else { return 0 }
        var value = 0
        var count = 0
        while let digit = digit() {
            if count < 3 { value = value * 10 + digit }
            count += 1
        }
        guard (1...9).contains(count) else { return nil }
        for _ in min(count, 3)..<3 { value *= 10 }
        return value
    }
}

extension Int64 {
    /// Quotient rounded down, and a remainder that is never negative.
    fileprivate func flooredDivision(by divisor: Int64) -> (quotient: Int64, remainder: Int64) {
        let result = quotientAndRemainder(dividingBy: divisor)
        return result.remainder < 0 ? (result.quotient - 1, result.remainder + divisor) : result
    }
}

private func padded(_ value: Int, to width: Int) -> String {
    let digits = String(value)
    return String(repeating: "0", count: max(0, width - digits.count)) + digits
}
