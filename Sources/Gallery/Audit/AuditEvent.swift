/// What the audit keeps a record of.
public enum AuditAction: String, Sendable, CaseIterable, Codable {
    /// A gallery was searched.
    case search
    /// Two images were compared.
    case comparison
    /// Images were turned into vectors.
    case embedding
    /// A query was kept.
    case queryCreate = "query.create"
    /// A kept query was deleted, on request or because it had expired.
    case queryDelete = "query.delete"
    /// A kept query got a new ranking.
    case rankingUpdate = "ranking.update"
    /// A ranking was sent to a webhook, or that failed.
    case webhookDeliver = "webhook.deliver"
    /// A batch was accepted for enrollment.
    case batchAccept = "batch.accept"
    /// A batch was asked to stop.
    case batchCancel = "batch.cancel"
    /// A job was accepted.
    case jobAccept = "job.accept"
    /// A job was asked to stop.
    case jobCancel = "job.cancel"
    /// A job came to its end: completed, cancelled or failed.
    case jobEnd = "job.end"
    /// A gallery was created.
    case galleryCreate = "gallery.create"
    /// A gallery's settings were changed.
    case galleryUpdate = "gallery.update"
    /// A gallery got the vectors of another model.
    case galleryReembed = "gallery.reembed"
    /// A gallery was deleted with everything in it.
    case galleryDelete = "gallery.delete"
    /// An image was erased.
    case imageDelete = "image.delete"
    /// Those images of a gallery that match a filter were erased.
    case imagesDelete = "images.delete"
    /// Images of a gallery were held, so that nothing may erase them.
    case imagesHold = "images.hold"
    /// The hold on images of a gallery was lifted.
    case imagesRelease = "images.release"
    /// A gallery's retention was set or lifted.
    case retentionSet = "retention.set"
    /// No image of a gallery is erased for its age, because the clock jumped ahead.
    case retentionSuspend = "retention.suspend"
    /// A token was created.
    case tokenCreate = "token.create"
    /// A token was revoked.
    case tokenDelete = "token.delete"
    /// Somebody signed in to the dashboard.
    case sessionCreate = "session.create"
    /// Somebody signed out of the dashboard.
    case sessionDelete = "session.delete"
    /// Requests were refused because of their token, its scope or their origin.
    case accessRefused = "access.refused"
    /// The service was started.
    case serviceStart = "service.start"
    /// The service was stopped.
    case serviceStop = "service.stop"
    /// Rows are missing because the audit could not be written and was not required.
    case auditLost = "audit.lost"
}

/// Something that happened, before it has its place in the audit.
public struct AuditEvent: Sendable, Equatable {
    /// What was done.
    public var action: AuditAction
    /// The name of the token that was shown; `anonymous` for a stranger, `service` for the service itself.
    public var actor: String
    /// The IP address that the request came from; empty for the service itself.
    public var address: String
    /// The id or name of what it was done to: of a gallery, image, query, batch, job or token; empty if there is none.
    public var target: String
    /// `ok`; `failed` if a webhook's receiver did not take it; `unchanged` if everything was so already; or `refused: ` with the status and the kind of the problem.
    public var outcome: String
    /// More facts as a JSON object with sorted members and without white space; this module does not interpret it.
    ///
    /// A gallery stands in it as `gallery`. It never holds a secret, an image or a vector.
    public var details: String
    /// When it happened; nil: when the row is written.
    public var at: Timestamp?

    /// Describes what happened.
    public init(
        _ action: AuditAction, actor: String, address: String = "", target: String = "", outcome: String = "ok",
        details: String = "{}", at: Timestamp? = nil
    ) {
        self.action = action
        self.actor = actor
        self.address = address
        self.target = target
        self.outcome = outcome
        self.details = details
        self.at = at
    }
}
