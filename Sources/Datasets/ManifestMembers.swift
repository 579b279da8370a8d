/// Why a manifest's line could not be read; the reader of the manifest adds the line's number.
public enum ManifestError: Error, Sendable, Equatable {
    /// The line is not an object.
    case notAnObject
    /// The line has two members of this name.
    case repeatedMember(String)
    /// An object or a list in the line ends with a comma; `after` is the last member's name before it.
    case trailingComma(after: String?)
    /// The line has a member that no such line may have.
    case unknownMember(String, known: [String])
    /// A member that the line must have is absent or null.
    case missingMember(String)
    /// A member's value has another type than expected.
    case wrongType(member: String, expected: String)
    /// A member's value has the right type, but is not allowed.
    case unacceptable(member: String, reason: String)
}

extension ManifestError: CustomStringConvertible {
    /// What is wrong, as the rest of a sentence that begins with the line.
    public var description: String {
        switch self {
        case .notAnObject: "is not a JSON object in UTF-8"
        case .repeatedMember(let name): "has the member \"\(name.shortened())\" more than once"
        case .trailingComma(let name):
            "has a comma\(name.map { " after the member \"\($0.shortened())\"" } ?? "") that nothing follows"
        case .unknownMember(let name, let known):
            "has the unknown member \"\(name.shortened())\"; known are \(known.joined(separator: ", "))"
        case .missingMember(let name): "lacks \(name)"
        case .wrongType(let member, let expected): "has \(Self.article(member)) \(member) that is not \(expected)"
        case .unacceptable(let member, let reason): "has \(Self.article(member)) \(member) that \(reason)"
        }
    }

    private static func article(_ member: String) -> String { "aeio".contains(member.prefix(1)) ? "an" : "a" }
}

extension ManifestError {
    /// Refuses a line that a decoder would read although it is not clear what it means.
    public static func check(_ line: [UInt8]) throws(ManifestError) {
        switch jsonFault(in: line) {
        case nil: return
        case .encoding: throw .notAnObject
        case .trailingComma(let name): throw .trailingComma(after: name)
        case .repeatedMember(let name): throw .repeatedMember(name)
        }
    }
}

/// The members of a manifest's line, read strictly: an unknown member is an error that names it, and null counts as
/// absent.
public struct ManifestMembers {
    /// The members that describe an image, in every kind of manifest.
    public static let ofImages = ["image", "external_id", "person_id", "camera_id", "captured_at", "box"]

    private struct Member: CodingKey {
        let stringValue: String
        var intValue: Int? { nil }
        init(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { nil }
    }

    private let members: KeyedDecodingContainer<Member>

    /// Checks the names of the members.
    ///
    /// - Parameters:
    ///   - decoder: The line.
    ///   - known: The names that the error lists.
    ///   - others: More names that are let through: those of other kinds of lines, which the caller refuses with a reason.
    /// - Throws: `ManifestError.unknownMember`, or `DecodingError` if the line is not an object.
    public init(_ decoder: any Decoder, known: [String], others: [String] = []) throws {
        members = try decoder.container(keyedBy: Member.self)
        let unknown = members.allKeys.map(\.stringValue).filter { !known.contains($0) && !others.contains($0) }.min()
        if let unknown { throw ManifestError.unknownMember(unknown, known: known) }
    }

    /// The value of a member, nil if it is absent; `expected` completes "that is not …".
    public func read<Value: Decodable>(_ name: String, _ expected: String) throws(ManifestError) -> Value? {
        do { return try members.decodeIfPresent(Value.self, forKey: Member(stringValue: name)) } catch {
            throw .wrongType(member: name, expected: expected)
        }
    }

    /// The value of a member that must be there; `expected` completes "that is not …".
    public func require<Value: Decodable>(_ name: String, _ expected: String) throws(ManifestError) -> Value {
        guard let value: Value = try read(name, expected) else { throw .missingMember(name) }
        return value
    }

    /// The member `box`, [x, y, width, height]; nil if it is absent.
    public func box() throws(ManifestError) -> ImageBox? {
        let expected = "four integers [x, y, width, height]"
        guard let sides: [Int] = try read("box", expected) else { return nil }
        guard sides.count == 4 else { throw .wrongType(member: "box", expected: expected) }
        // The sides of images are much smaller; this limit only prevents an overflow of the sums.
        guard sides.allSatisfy({ 0..<(1 << 30) ~= $0 }), sides[2] > 0, sides[3] > 0 else {
            throw .unacceptable(member: "box", reason: "has a negative corner or an empty side")
        }
        return ImageBox(x: sides[0], y: sides[1], width: sides[2], height: sides[3])
    }
}
