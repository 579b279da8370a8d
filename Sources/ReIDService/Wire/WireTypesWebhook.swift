public import Gallery

/// A standing query's webhook, with what came of its last delivery.
public struct WebhookAnswer: Codable, Sendable, Equatable {
    /// Where rankings are sent.
    public var url: String
    /// The key of the signatures; only in the answer that keeps the query.
    public var secret: String?
    /// The newest version that the receiver has taken; that of the first ranking counts as taken.
    public var deliveredRevision: Int64
    /// The failed attempts since then.
    public var attempts: Int
    /// When the last attempt ended; null before the first.
    public var attemptedAt: Timestamp?
    /// The status that the receiver answered then; null if it did not.
    public var status: Int?
    /// Why the last attempt failed, as a sentence; null if it did not.
    public var error: String?
    /// When the next attempt is made at the earliest; null if nothing is to be delivered.
    public var nextAttemptAt: Timestamp?

    private enum CodingKeys: String, CodingKey {
        case url, secret
        case deliveredRevision = "delivered_revision"
        case attempts
        case attemptedAt = "attempted_at"
        case status, error
        case nextAttemptAt = "next_attempt_at"
    }

    /// Writes what is unknown as null, and no secret unless it is new.
    public func encode(to encoder: any Encoder) throws {
        var fields = encoder.container(keyedBy: CodingKeys.self)
        try fields.encode(url, forKey: .url)
        try fields.encodeIfPresent(secret, forKey: .secret)
        try fields.encode(deliveredRevision, forKey: .deliveredRevision)
        try fields.encode(attempts, forKey: .attempts)
        try fields.encode(attemptedAt, forKey: .attemptedAt)
        try fields.encode(status, forKey: .status)
        try fields.encode(error, forKey: .error)
        try fields.encode(nextAttemptAt, forKey: .nextAttemptAt)
    }
}

/// What a webhook's receiver gets.
public struct WebhookDelivery: Codable, Sendable, Equatable {
    /// The query's id.
    public var queryID: String
    /// What people call the query; null: nothing.
    public var name: String?
    /// The gallery that the query searches.
    public var gallery: String
    /// The version of the ranking.
    public var revision: Int64
    /// The ranking, as `GET /v1/queries/{query}/ranking` answers it.
    public var ranking: RankingAnswer

    private enum CodingKeys: String, CodingKey {
        case queryID = "query_id"
        case name, gallery, revision, ranking
    }

    /// Writes no name as null.
    public func encode(to encoder: any Encoder) throws {
        var fields = encoder.container(keyedBy: CodingKeys.self)
        try fields.encode(queryID, forKey: .queryID)
        try fields.encode(name, forKey: .name)
        try fields.encode(gallery, forKey: .gallery)
        try fields.encode(revision, forKey: .revision)
        try fields.encode(ranking, forKey: .ranking)
    }
}
