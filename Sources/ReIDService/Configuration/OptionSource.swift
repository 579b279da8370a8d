internal import Gallery

/// Typed, strict reading of named options: `QueryParameters` from a URL, `JSONMembers` from a JSON object.
///
/// Reading a name makes it a known one; `finish()` throws for all other names. An absent option is nil.
protocol OptionSource {
    /// A whole number within `range`.
    mutating func integer(_ name: String, in range: ClosedRange<Int>) throws(ServiceError) -> Int?
    /// A finite number within `range`.
    mutating func number(_ name: String, in range: ClosedRange<Double>) throws(ServiceError) -> Double?
    /// True or false.
    mutating func flag(_ name: String) throws(ServiceError) -> Bool?
    /// A text of 1...256 bytes.
    mutating func text(_ name: String) throws(ServiceError) -> String?
    /// Texts of 1...256 bytes, in order, at most 64.
    mutating func texts(_ name: String) throws(ServiceError) -> [String]?
    /// Throws if there is a name that was not read.
    func finish() throws(ServiceError)
    /// The error for a value of option `name` that is not `expected`.
    func invalid(_ name: String, expected: String) -> ServiceError
}

extension OptionSource {
    /// An RFC 3339 time.
    mutating func time(_ name: String) throws(ServiceError) -> Timestamp? {
        guard let text = try text(name) else { return nil }
        guard let time = Timestamp(rfc3339: text) else {
            throw invalid(name, expected: "an RFC 3339 time such as 2026-11-22T10:00:00Z (in a URL, + is %2B)")
        }
        return time
    }

    /// One of an enumeration's raw values.
    mutating func choice<Choice>(_ name: String) throws(ServiceError) -> Choice?
    where Choice: RawRepresentable<String> & CaseIterable {
        guard let text = try text(name) else { return nil }
        guard let choice = Choice(rawValue: text) else {
            let names = Choice.allCases.map { "'\($0.rawValue)'" }
            throw invalid(name, expected: names.count == 1 ? names[0] : "one of " + names.joined(separator: ", "))
        }
        return choice
    }
}

/// The limits of a text option.
enum TextLimits {
    /// The most UTF-8 bytes of one text.
    static let bytes = 256
    /// The most values of one repeatable option.
    static let count = 64

    static func allows(_ text: String, bytes: Int = bytes) -> Bool {
        !text.isEmpty && text.utf8.count <= bytes
            && !text.unicodeScalars.contains(where: isControl)
    }

    /// Whether a character is of Unicode's general category Cc: C0, delete, and C1.
    private static func isControl(_ character: Unicode.Scalar) -> Bool {
        character.value < 0x20 || 0x7F...0x9F ~= character.value
    }

    static func expectation(_ bytes: Int = bytes) -> String {
        "a text of 1 to \(bytes) bytes without control characters"
    }

    static let listExpectation = "at most \(count) texts of 1 to \(bytes) bytes"
}

func wholeNumber(in range: ClosedRange<Int>) -> String {
    "a whole number from \(range.lowerBound) to \(range.upperBound)"
}

func realNumber(in range: ClosedRange<Double>) -> String {
    "a number from \(range.lowerBound) to \(range.upperBound)"
}
