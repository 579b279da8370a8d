public import Gallery

/// A token; only the answer that makes it has its secret.
public struct TokenAnswer: Codable, Sendable, Equatable {
    /// The token's id.
    public var id: String
    /// The token's name.
    public var name: String
    /// Its scopes: `query`, `enroll`, `admin`.
    public var scopes: [String]
    /// Patterns of the galleries that it may use; null: every gallery.
    public var galleries: [String]?
    /// When it ends; null: never.
    public var expiresAt: Timestamp?
    /// When it was made.
    public var createdAt: Timestamp
    /// When it was last used; null: never; absent from the answer that makes it.
    public var lastUsedAt: Timestamp?
    /// What to send as `Authorization: Bearer …`; absent from every answer but the one that makes it.
    public var secret: String?
    /// The subject of the client certificate that stands for it; absent: none does.
    public var subject: String?

    private enum CodingKeys: String, CodingKey {
        case id, name, scopes, galleries
        case expiresAt = "expires_at"
        case createdAt = "created_at"
        case lastUsedAt = "last_used_at"
        case secret, subject
    }

    /// Writes what is unknown as null.
    public func encode(to encoder: any Encoder) throws {
        var fields = encoder.container(keyedBy: CodingKeys.self)
        try fields.encode(id, forKey: .id)
        try fields.encode(name, forKey: .name)
        try fields.encode(scopes, forKey: .scopes)
        try fields.encode(galleries, forKey: .galleries)
        try fields.encode(expiresAt, forKey: .expiresAt)
        try fields.encode(createdAt, forKey: .createdAt)
        if let secret {
            try fields.encode(secret, forKey: .secret)
        } else {
            try fields.encode(lastUsedAt, forKey: .lastUsedAt)
        }
        try fields.encodeIfPresent(subject, forKey: .subject)
    }
}

/// Who asks: the answer to `GET /v1/session`.
public struct SessionAnswer: Codable, Sendable, Equatable {
    /// The name of the token, or `anonymous`.
    public var name: String
    /// Its scopes.
    public var scopes: [String]
    /// Patterns of the galleries that it may use; null: every gallery.
    public var galleries: [String]?
    /// When the session or the token ends; null: never.
    public var expiresAt: Timestamp?
    /// Whether there is a session or a token; false where none is required and none was shown.
    public var signedIn: Bool

    private enum CodingKeys: String, CodingKey {
        case name, scopes, galleries
        case expiresAt = "expires_at"
        case signedIn = "signed_in"
    }

    /// Writes what is unknown as null.
    public func encode(to encoder: any Encoder) throws {
        var fields = encoder.container(keyedBy: CodingKeys.self)
        try fields.encode(name, forKey: .name)
        try fields.encode(scopes, forKey: .scopes)
        try fields.encode(galleries, forKey: .galleries)
        try fields.encode(expiresAt, forKey: .expiresAt)
        try fields.encode(signedIn, forKey: .signedIn)
    }
}
