/// A validator of a response's content, as in `ETag`.
public struct EntityTag: Sendable, Equatable {
    /// The opaque part, without its quotes.
    public let value: String
    /// Whether equal tags only promise the same meaning, not the same bytes.
    public let isWeak: Bool

    /// Creates a tag; `value` must not have quotes, spaces or control characters.
    public init(_ value: String, isWeak: Bool = false) {
        precondition(value.utf8.allSatisfy(Self.isAllowed), "\(value) cannot be an entity tag")
        self.value = value
        self.isWeak = isWeak
    }

    /// The header field's value: `"3"` or `W/"3"`.
    public var description: String { isWeak ? "W/\"\(value)\"" : "\"\(value)\"" }

    /// Reads one strong tag, as in `ETag` and `If-Range`; nil for a weak tag and for anything else.
    init?(strong field: String) {
        guard let tags = Self.tags(ofList: field), tags.count == 1, let tag = tags.first, !tag.isWeak,
            tag.description == field
        else { return nil }
        self = tag
    }

    /// Whether `If-Match` names this version (RFC 9110, section 13.1.1: strong comparison, a list or `*`); false for a
    /// malformed field.
    func isMatched(byIfMatch field: String) -> Bool {
        field == "*" || !isWeak && Self.tags(ofList: field)?.contains(self) == true
    }

    /// Whether `If-None-Match` says that the client has this content already (RFC 9110, section 13.1.2: weak
    /// comparison, a list or `*`); false for a malformed field.
    public func isMatched(byIfNoneMatch field: String?) -> Bool {
        guard let field else { return false }
        if field == "*" { return true }
        return Self.tags(ofList: field)?.contains { $0.value == value } == true
    }

    /// The tags of a list; nil if it is malformed.
    private static func tags(ofList field: String) -> [EntityTag]? {
        var tags: [EntityTag] = []
        var rest = Array(field.utf8)[...]
        while true {
            rest = rest.drop { $0 == 0x20 || $0 == 0x09 || $0 == UInt8(ascii: ",") }
            if rest.isEmpty { return tags }
            let isWeak = rest.starts(with: [UInt8(ascii: "W"), UInt8(ascii: "/")])
            if isWeak { rest = rest.dropFirst(2) }
            guard rest.first == UInt8(ascii: "\""), let end = rest.dropFirst().firstIndex(of: UInt8(ascii: "\"")) else {
                return nil
            }
            let value = rest[(rest.startIndex + 1)..<end]
            guard value.allSatisfy(isAllowed) else { return nil }
            tags.append(EntityTag(String(decoding: value, as: UTF8.self), isWeak: isWeak))
            rest = rest[(end + 1)...].drop { $0 == 0x20 || $0 == 0x09 }
            guard rest.isEmpty || rest.first == UInt8(ascii: ",") else { return nil }
        }
    }

    private static func isAllowed(_ byte: UInt8) -> Bool { byte == 0x21 || (byte >= 0x23 && byte != 0x7f) }
}
