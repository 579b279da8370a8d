internal import Datasets

/// The members of a JSON object, read strictly; `null` counts as absent.
struct JSONMembers: OptionSource {
    private let part: String
    private let members: [String: JSONValue]
    private var known: Set<String> = []

    /// Parses `bytes`, which must be one JSON object without repeated members; `part` names the input in errors.
    init(parsing bytes: [UInt8], part: String) throws(ServiceError) {
        switch jsonFault(in: bytes) {
        case nil: break
        case .encoding, .trailingComma: throw .malformedJSON(part: part)
        case .repeatedMember(let name): throw .repeatedMember(part: part, pointer: Self.pointer(name))
        }
        guard case .object(let members) = try JSONValue(parsing: bytes, part: part) else {
            throw .malformedJSON(part: part)
        }
        self.part = part
        self.members = members
    }

    mutating func integer(_ name: String, in range: ClosedRange<Int>) throws(ServiceError) -> Int? {
        guard let value = member(name) else { return nil }
        guard case .number(let number) = value, let whole = Int(exactly: number), range ~= whole else {
            throw invalid(name, expected: wholeNumber(in: range))
        }
        return whole
    }

    mutating func number(_ name: String, in range: ClosedRange<Double>) throws(ServiceError) -> Double? {
        guard let value = member(name) else { return nil }
        guard case .number(let number) = value, range ~= number else {
            throw invalid(name, expected: realNumber(in: range))
        }
        return number
    }

    mutating func flag(_ name: String) throws(ServiceError) -> Bool? {
        guard let value = member(name) else { return nil }
        guard case .flag(let flag) = value else { throw invalid(name, expected: "true or false") }
        return flag
    }

    mutating func text(_ name: String) throws(ServiceError) -> String? { try text(name, bytes: TextLimits.bytes) }

    mutating func text(_ name: String, bytes: Int) throws(ServiceError) -> String? {
        guard let value = member(name) else { return nil }
        guard case .text(let text) = value, TextLimits.allows(text, bytes: bytes) else {
            throw invalid(name, expected: TextLimits.expectation(bytes))
        }
        return text
    }

    mutating func texts(_ name: String) throws(ServiceError) -> [String]? {
        guard let value = member(name) else { return nil }
        var values = [value]
        if case .list(let list) = value { values = list }
        let texts = values.compactMap { value -> String? in
            guard case .text(let text) = value, TextLimits.allows(text) else { return nil }
            return text
        }
        guard texts.count == values.count, texts.count <= TextLimits.count else {
            throw invalid(name, expected: TextLimits.listExpectation)
        }
        return texts
    }

    func finish() throws(ServiceError) {
        for name in members.keys.sorted() where !known.contains(name) {
            throw .unknownMember(part: part, pointer: Self.pointer(name), known: known.sorted())
        }
    }

    func invalid(_ name: String, expected: String) -> ServiceError {
        .invalidMember(part: part, pointer: Self.pointer(name), expected: expected)
    }

    private mutating func member(_ name: String) -> JSONValue? {
        known.insert(name)
        guard let value = members[name], value != .null else { return nil }
        return value
    }

    /// A JSON pointer (RFC 6901) to a member of the top object.
    private static func pointer(_ name: String) -> String {
        "/" + name.replacing("~", with: "~0").replacing("/", with: "~1")
    }
}
