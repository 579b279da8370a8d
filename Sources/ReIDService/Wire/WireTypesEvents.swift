/// The data of the event `status`: whether the query's ranking keeps up with its gallery.
public struct StreamStatus: Codable, Sendable, Equatable {
    /// Why the query could not be ranked again, as a sentence; null: it could.
    public var error: String?

    /// Writes no error as null.
    public func encode(to encoder: any Encoder) throws {
        var fields = encoder.container(keyedBy: CodingKeys.self)
        try fields.encode(error, forKey: .error)
    }
}

/// The data of the event `end`, the last one of a stream.
public struct StreamEnd: Codable, Sendable, Equatable {
    /// Why a stream of events ends.
    public enum Reason: String, Codable, Sendable, CaseIterable {
        /// The query or its gallery was deleted; it never comes back.
        case deleted
        /// The token was deleted or has expired, or the session is over.
        case unauthorized
        /// The service stops; the client may come back later.
        case stopping
    }

    /// Why.
    public var reason: Reason

    /// The data as JSON text.
    var json: [UInt8] { Array(#"{"reason":"\#(reason.rawValue)"}"#.utf8) }
}
