internal import Gallery
internal import HTTP
internal import HTTPTypes

/// `auditRoutes`.
func auditDescriptions(_ configuration: Service.Configuration) -> [RouteDescription] {
    [
        RouteDescription(
            method: .get, pattern: "/admin/v1/audit", name: "listAudit",
            summary: "List who did what and what was shown: a page, newest first, or all rows as lines, oldest first.",
            parameters: [
                .query("action", .choice("Only this action.", of: AuditAction.self)),
                .query("actor", .option("Only what was done with the token of this name.")),
                .query("target", .option("Only what was done to this gallery, image, query, batch, job or token.")),
                .query("gallery", .option("Only what was done to this gallery or to what is in it.")),
                .query("from", .time("Only at this time or later.")),
                .query("to", .time("Only at this time or earlier.")),
                .query(
                    "format",
                    .choice("How the rows are written; without it, `Accept` decides.", of: AuditFormat.self)),
                .query(
                    "after",
                    .integer("Only the rows after this sequence.", in: 0...AuditFormat.lastSequence)),
            ] + Parameter.page(configuration.limits, cursors: "a"),
            answers: [
                .json(
                    "A page of rows.", .component("AuditPage"),
                    example: ListAnswer(items: [Examples.auditRow], next: nil)),
                Answer(
                    status: .ok, description: "The rows, one per line.",
                    content: [
                        Content(
                            type: AuditFormat.mediaType, schema: .text("Lines of JSON; each is an `AuditRow`."))
                    ]),
            ], refusals: [GalleryError.invalidCursor("x")])
    ]
}

extension Components {
    /// The schemas of the audit.
    static let ofTheAudit: [String: Schema] = [
        "AuditRow": .object(
            "A row of the audit, chained to the row before by its digest.",
            [
                "sequence": .count("The place in the audit, from 1 without gaps."),
                "at": .time("When it happened."),
                "actor": .text("The name of the token; `anonymous` for a stranger, `service` for the service itself."),
                "address": .text("The IP address that the request came from; empty for the service itself."),
                "action": .choice("What was done.", of: AuditAction.self),
                "target": .text("The id or name of what it was done to; empty if there is none."),
                "outcome": .text("`ok`, `unchanged`, or `refused: ` with the status and the kind of the problem."),
                "details": Schema(keywords: [
                    "type": "object",
                    "description":
                        "More facts: the gallery, the options of a search, the SHA-256 of its images, the ids shown.",
                ]),
                "previous": .digest("The digest of the row before; zeros for the first."),
                "digest": .digest("The digest of this row with the row before."),
            ]),
        "AuditPage": .page(of: "AuditRow"),
    ]
}

extension Schema {
    fileprivate static func digest(_ description: String) -> Schema {
        var digest = text("\(description) SHA-256 in hexadecimal.")
        digest.keywords["pattern"] = "^[0-9a-f]{64}$"
        return digest
    }
}

extension Examples {
    static let auditRow = AuditAnswer(
        sequence: 7, at: time, actor: "dock", address: "192.0.2.7", action: AuditAction.imageDelete.rawValue,
        target: imageID, outcome: "ok",
        details: ["gallery": .text(galleryName), "request": .text(requestID), "token": .text("t_" + idTail)],
        previous: String(repeating: "3a17", count: 16), digest: String(repeating: "c05e", count: 16))
}
