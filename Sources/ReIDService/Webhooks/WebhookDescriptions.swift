internal import Gallery

extension APIDescription {
    /// The request that a webhook's receiver gets, in OpenAPI's form; `delivery` is its body.
    static func webhooks(_ delivery: Content) throws -> JSONValue {
        let fields = [
            (
                "X-Reid-Delivery", "The query's id and the version; the same if a ranking is delivered again.",
                "\(Examples.queryID)-3"
            ),
            ("X-Reid-Timestamp", "When it was sent, in seconds since 1970.", "1795341600"),
            (
                "X-Reid-Signature",
                "`sha256=` and the HMAC-SHA-256, in hexadecimal, of the timestamp, a period and the body; its key is the secret.",
                "sha256=" + String(repeating: "9b1e", count: 16)
            ),
        ]
        let parameters = fields.map { name, description, example in
            Parameter(name: name, place: .header, schema: .text(description), example: .text(example)).json
        }
        return [
            "ranking": [
                "post": [
                    "operationId": "deliverRanking",
                    "summary": "Delivers a standing query's ranking to its webhook when it has changed.",
                    "parameters": .list(parameters),
                    "requestBody": ["required": true, "content": try Content.json([delivery])],
                    "responses": ["2XX": ["description": "It is taken; after anything else it is delivered again."]],
                ]
            ]
        ]
    }
}

extension Components {
    /// The schemas of webhooks.
    static let ofWebhooks: [String: Schema] = [
        "Webhook": .object(
            "Where a query's rankings are sent, and what came of it.",
            [
                "url": .text("The receiver's address."),
                "secret": .text("The key of the signatures; only in the answer that keeps the query."),
                "delivered_revision": .count(
                    "The newest version that the receiver has taken; that of the first ranking counts as taken."),
                "attempts": .count("The failed attempts since then."),
                "attempted_at": .time("When the last attempt ended; null before the first.").orNull,
                "status": .count("The status that the receiver answered then; null if it did not.").orNull,
                "error": .text("Why the last attempt failed, as a sentence; null if it did not.").orNull,
                "next_attempt_at": .time(
                    "When the next attempt is made at the earliest; null if nothing is to be delivered."
                ).orNull,
            ], optional: ["secret"]),
        "WebhookDelivery": .object(
            "What a webhook's receiver gets.",
            [
                "query_id": .text("The query's id."),
                "name": .text("What people call the query; null: nothing.").orNull,
                "gallery": .text("The gallery that the query searches."),
                "revision": .count("The version of the ranking."),
                "ranking": .component("KeptRanking"),
            ]),
    ]
}

extension WebhookAnswer {
    /// What is known about the webhook of a query.
    init(_ webhook: WebhookRecord, of query: QueryRecord) {
        let isPending = query.rankingRevision > webhook.delivered
        self.init(
            url: webhook.url, secret: nil, deliveredRevision: webhook.delivered, attempts: webhook.attempts,
            attemptedAt: webhook.attemptedAt, status: webhook.status, error: webhook.failure,
            nextAttemptAt: isPending ? max(webhook.nextAt, query.createdAt) : nil)
    }
}
