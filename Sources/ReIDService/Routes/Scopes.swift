internal import HTTP

extension Scope {
    /// Searching, rankings, and reading what galleries hold.
    static let query = Scope(rawValue: "query")
    /// Sending batches into galleries that exist, and following them.
    static let enroll = Scope(rawValue: "enroll")
    /// Everything: galleries, erasing, tokens, the audit; includes the other scopes.
    static let admin = Scope(rawValue: "admin")

    /// Every scope's name, as a token may have it.
    static let names = [query, enroll, admin].map(\.rawValue)
}
