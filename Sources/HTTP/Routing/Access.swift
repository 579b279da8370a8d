/// What the holder of a token may do, for example `query`; a token has one or more.
public struct Scope: RawRepresentable, Hashable, Sendable {
    /// The name of the scope.
    public let rawValue: String

    /// Names a scope.
    public init(rawValue: String) { self.rawValue = rawValue }
}

/// Who may call a route.
public enum Access: Sendable, Equatable {
    /// Anybody: the answer holds nothing that a stranger may not know.
    case anyone
    /// The holder of a token with this scope.
    case holder(of: Scope)
}

/// Who asks: the token that a request showed.
public struct Principal: Sendable, Equatable {
    /// The token's id.
    public let id: String
    /// The token's name, for logs and the audit.
    public let name: String
    /// What the token allows.
    public let scopes: Set<Scope>
    /// Patterns of the names of the galleries that the token may use, with `*` for any characters; nil: every gallery.
    public let galleries: [String]?

    /// Describes the holder of a token.
    public init(id: String, name: String, scopes: Set<Scope>, galleries: [String]? = nil) {
        self.id = id
        self.name = name
        self.scopes = scopes
        self.galleries = galleries
    }
}
