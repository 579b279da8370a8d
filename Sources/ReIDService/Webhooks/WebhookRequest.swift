internal import Digests
internal import Gallery

/// What is sent to a webhook.
struct WebhookRequest {
    /// The header fields.
    let fields: [(name: String, value: String)]
    /// The body: a `WebhookDelivery` as JSON.
    let body: [UInt8]

    /// Makes the request for a ranking, and signs it with the time.
    ///
    /// The signature is HMAC-SHA-256 with the secret over the seconds since 1970, a period and the body.
    init(_ due: DueWebhook, at now: Timestamp = .now()) throws {
        var ranking = try VersionedRanking(due.ranking).answer
        ranking.queryID = due.query.id
        ranking.revision = due.ranking.revision
        body = try jsonBytes(
            WebhookDelivery(
                queryID: due.query.id, name: due.query.name, gallery: due.query.gallery, revision: due.ranking.revision,
                ranking: ranking))
        let seconds = "\(now.milliseconds / 1000)"
        let code = try HMAC.code(of: Array((seconds + ".").utf8) + body, key: Array(due.secret.utf8))
        fields = [
            ("Content-Type", "application/json"), ("User-Agent", "reid/\(Release.version)"),
            ("X-Reid-Delivery", "\(due.query.id)-\(due.ranking.revision)"), ("X-Reid-Timestamp", seconds),
            ("X-Reid-Signature", "sha256=" + hexString(code)),
        ]
    }

    /// A new secret; the prefix tells people and scanners what it is.
    static func newSecret() throws -> String { "reid_hook_" + hexString(try randomBytes(32)) }
}
