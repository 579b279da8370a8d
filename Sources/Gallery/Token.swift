/// A token to store: who may use the service, and for what.
public struct NewToken: Sendable, Equatable {
    /// The token's name, for people; no two tokens have the same one.
    public let name: String
    /// The names of its scopes; this module does not interpret them.
    public let scopes: [String]
    /// Patterns of the names of the galleries that it may use; nil: every gallery.
    public let galleries: [String]?
    /// When it ends; nil: never.
    public let expiresAt: Timestamp?
    /// The SHA-256 of the secret.
    ///
    /// A plain digest is enough, because the secret has 256 random bits: nobody can try them all.
    public let digest: [UInt8]
    /// The subject of the client certificate that stands for it, as RFC 2253 writes it; nil: none does.
    public let subject: String?

    /// Describes a token to store.
    public init(
        name: String, scopes: [String], galleries: [String]?, expiresAt: Timestamp?, digest: [UInt8],
        subject: String? = nil
    ) {
        precondition(digest.count == 32, "a SHA-256 of \(digest.count) bytes")
        self.name = name
        self.scopes = scopes
        self.galleries = galleries
        self.expiresAt = expiresAt
        self.digest = digest
        self.subject = subject
    }
}

/// A token as it is stored; its secret is not stored.
public struct TokenRecord: Sendable, Equatable {
    /// The position in the order in which tokens were stored.
    let key: Int64
    /// The id: "t_" and 20 characters, or the fixed id of a token that a file holds.
    public let id: String
    /// The token's name.
    public let name: String
    /// The names of its scopes.
    public let scopes: [String]
    /// Patterns of the names of the galleries that it may use; nil: every gallery.
    public let galleries: [String]?
    /// When it ends; nil: never.
    public let expiresAt: Timestamp?
    /// The SHA-256 of the secret.
    public let digest: [UInt8]
    /// The subject of the client certificate that stands for it; nil: none does.
    public let subject: String?
    /// When it was stored.
    public let createdAt: Timestamp
    /// When it was last used, as far as that was written; nil: never.
    public let lastUsedAt: Timestamp?
}
