internal import CSPRModel
internal import Digests
internal import Gallery
internal import HTTP
internal import HTTPTypes
internal import Logging

/// The routes that accept, list and cancel batches.
func batchRoutes(_ service: ServiceContext) -> [Route] {
    [
        Route(
            .post, "/admin/v1/galleries/{gallery}/batches", access: .holder(of: .enroll),
            bodyLimit: service.configuration.limits.batchBody,
            requiresBody: true
        ) { request in
            let gallery = request.parameters["gallery"] ?? ""
            return .now(
                try service.audit.change(.batchAccept, of: gallery, by: request, details: ["gallery": .text(gallery)]) {
                    try accept(request, service, audit: $0)
                })
        },
        Route(.get, "/admin/v1/batches", access: .holder(of: .enroll)) { request in
            let page = try ListParameters(request, limits: service.configuration.limits)
            let found = try service.store.batches(
                limit: page.limit, cursor: page.cursor, shows: request.filter)
            let now = Timestamp.now()
            return .now(
                try .json(ListAnswer(items: found.items.map { BatchAnswer($0, now: now) }, next: found.next)))
        },
        Route(.get, "/admin/v1/batches/{batch}", access: .holder(of: .enroll)) { request in
            try QueryParameters(request.query).finish()
            let batch = try service.visibleBatch(request)
            return .now(try .json(BatchAnswer(batch, now: .now())))
        },
        Route(.get, "/admin/v1/batches/{batch}/items", access: .holder(of: .enroll)) { request in
            var parameters = QueryParameters(request.query)
            let state: ItemState? = try parameters.choice("state")
            let page = try ListParameters(&parameters, limits: service.configuration.limits)
            let found = try service.store.items(
                of: service.visibleBatch(request).id, state: state, limit: page.limit, cursor: page.cursor)
            return .now(try .json(ListAnswer(items: found.items.map(BatchItemAnswer.init), next: found.next)))
        },
        Route(.post, "/admin/v1/batches/{batch}/cancel", access: .holder(of: .enroll)) { request in
            try QueryParameters(request.query).finish()
            let batch = try service.audit.change(.batchCancel, of: request.parameters["batch"] ?? "", by: request) {
                let batch = try service.visibleBatch(request)
                return try service.store.requestCancel(batch.id, audit: $0.adding(["gallery": batch.gallery]))
            }
            // A running batch stops after the items that are being processed: the request is accepted, but not
            // complete.
            return .now(try .json(BatchAnswer(batch, now: .now()), status: batch.state.isFinal ? .ok : .accepted))
        },
    ]
}

/// Checks a batch's container, makes its body durable, and queues the batch; after the answer 202, nothing of it is
/// lost.
///
/// A broken container is refused here. A broken item is found later, when the batch is processed, and fails alone.
private func accept(
    _ request: ServerRequest, _ service: ServiceContext, audit: AuditEvent
) throws -> ServerResponse {
    try QueryParameters(request.query).finish()
    let gallery = try service.store.gallery(request.visibleGallery())
    let (kind, contentType) = try batchKind(request)
    let key = try idempotencyKey(request)
    guard kind.mayHoldVectors || service.network(of: gallery.model) != nil else {
        throw ServiceError.galleryOfAnotherModel(
            gallery: gallery.name, expected: gallery.model, served: service.model.identity)
    }
    let source = try ByteSource(request.body)
    let index = try BatchIndex(source, kind: kind, contentType: contentType)
    if let table = index.table {
        guard table.model == gallery.model else {
            throw GalleryError.modelMismatch(expected: gallery.model, found: excerpt(table.model))
        }
        guard table.dimensions == gallery.dimensions else {
            throw GalleryError.dimensionMismatch(expected: gallery.dimensions, found: table.dimensions)
        }
    }
    let digest = try sha256(source)
    let files = BatchFiles(folder: service.folder, logger: service.logger)
    let id = try GalleryStore.newBatchID()
    let facts: [String: JSONValue] = [
        "bytes": .number(Double(source.count)), "sha256": .text(hexString(digest)),
        "items": .number(Double(index.entries.count)),
    ]
    do {
        try files.keep(request.body, as: id)
        // The index is kept before the batch is created, because the processor may start the batch at once.
        service.acceptedIndexes.keep(index, of: id)
        let (batch, created) = try service.store.createBatch(
            NewBatch(
                id: id, gallery: gallery.name, kind: kind, contentType: contentType, bodyBytes: Int64(source.count),
                bodySHA256: digest, idempotencyKey: key, expectedItems: index.entries.count,
                warnings: index.warnings), audit: try audit.adding(facts))
        if !created { discard(id, files, service) }
        return try .json(
            BatchAnswer(batch, now: .now()), status: .accepted, fields: [.location: "/admin/v1/batches/" + batch.id])
    } catch {
        discard(id, files, service)
        throw error
    }
}

/// Removes the body and the index of a batch that is not accepted.
private func discard(_ batch: String, _ files: BatchFiles, _ service: ServiceContext) {
    files.remove(batch)
    service.acceptedIndexes.take(batch)
}

/// How the body is packed, from its `Content-Type`.
private func batchKind(_ request: ServerRequest) throws -> (kind: BatchKind, contentType: String) {
    let declared = request.fields[.contentType]
    let type = declared.flatMap { MediaType(parsing: $0) }?.essence
    if let format = type.flatMap({ Compression(mediaType: $0) }) { throw ContainerError.compressed(format) }
    let kind: BatchKind? =
        switch type {
        case "application/x-tar": .tar
        case "multipart/form-data": .multipart
        case "application/x-ndjson": .ndjson
        case "application/vnd.safetensors": .safetensors
        default: nil
        }
    guard let kind, let declared else {
        throw ServiceError.unsupportedMediaType(
            found: declared,
            accepted: [
                "application/x-tar", "multipart/form-data", "application/x-ndjson", "application/vnd.safetensors",
            ])
    }
    return (kind, declared)
}

/// The request's `Idempotency-Key`, if it has one.
///
/// Only printable ASCII is accepted. Other bytes have no agreed encoding and could all be read as the same replacement
/// character, so that different keys would look equal.
private func idempotencyKey(_ request: ServerRequest) throws -> String? {
    guard let name = HTTPField.Name("Idempotency-Key") else { return nil }
    let values = request.fields[values: name]
    guard values.count <= 1,
        values.allSatisfy({ TextLimits.allows($0) && $0.utf8.allSatisfy { 0x20...0x7E ~= $0 } })
    else { throw invalidIdempotencyKey }
    return values.first
}

/// The problem for a key of any other form.
let invalidIdempotencyKey = HTTPProblem.reid(
    .badRequest, "invalid-idempotency-key", "Invalid Idempotency-Key",
    "Idempotency-Key must be 1 to \(TextLimits.bytes) printable ASCII characters, given once.",
    parameter: "Idempotency-Key")

/// The SHA-256 of a body, which is read piece by piece.
private func sha256(_ source: ByteSource) throws -> [UInt8] {
    var hasher = try SHA256Hasher()
    var offset = 0
    while offset < source.count {
        let bytes = try source.read(at: offset, count: 1 << 20)
        try hasher.update(bytes)
        offset += bytes.count
    }
    return try hasher.finish()
}
