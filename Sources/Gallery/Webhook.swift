/// Where the rankings of a kept query are to be sent.
public struct NewWebhook: Sendable, Equatable {
    /// The receiver's address; this module does not interpret it.
    public let url: String
    /// The key with which deliveries are signed.
    public let secret: String

    /// Describes a webhook to keep.
    public init(url: String, secret: String) {
        self.url = url
        self.secret = secret
    }
}

/// The webhook of a kept query as it is stored, without its secret.
public struct WebhookRecord: Sendable, Equatable {
    /// The receiver's address.
    public let url: String
    /// The newest version of the ranking that the receiver has taken.
    public let delivered: Int64
    /// The failed attempts since then.
    public let attempts: Int
    /// When the last attempt ended; nil before the first.
    public let attemptedAt: Timestamp?
    /// The status that the receiver answered then; nil if it did not.
    public let status: Int?
    /// Why the last attempt failed; nil if it did not.
    public let failure: String?
    /// When the next attempt may be made.
    public let nextAt: Timestamp
}

/// A ranking that a webhook has to deliver.
public struct DueWebhook: Sendable, Equatable {
    /// The query.
    public let query: QueryRecord
    /// The query's webhook.
    public let webhook: WebhookRecord
    /// The key with which deliveries are signed.
    public let secret: String
    /// The query's newest ranking.
    public let ranking: StoredRanking
}

/// What came of an attempt to deliver a ranking.
public struct WebhookOutcome: Sendable, Equatable {
    /// The version of the ranking.
    public var revision: Int64
    /// The status that the receiver answered; nil if it did not.
    public var status: Int?
    /// Why the attempt failed; nil if it did not.
    public var failure: String?
    /// The seconds until the next attempt after a failure.
    public var pause = 0.0

    /// An attempt with this version of the ranking.
    public init(revision: Int64) { self.revision = revision }
}
