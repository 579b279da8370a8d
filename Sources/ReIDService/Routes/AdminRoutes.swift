internal import CSPRModel
internal import Gallery
public import HTTP
internal import HTTPTypes

/// All routes of the admin listener; the caller must set who may call them.
public func adminRoutes(_ context: ServiceContext) -> [Route] {
    adminGalleryRoutes(context) + erasureRoutes(context) + retentionRoutes(context) + batchRoutes(context)
        + jobRoutes(context) + reembeddingRoutes(context)
        + tokenRoutes(context)
        + auditRoutes(context)
}

/// The routes that create, change and delete galleries.
private func adminGalleryRoutes(_ service: ServiceContext) -> [Route] {
    [
        Route(.put, "/admin/v1/galleries/{gallery}", access: .holder(of: .admin), bodyLimit: smallObjectBytes) {
            request in
            .now(try createGallery(request, service))
        },
        Route(
            .patch, "/admin/v1/galleries/{gallery}", access: .holder(of: .admin), bodyLimit: smallObjectBytes,
            requiresBody: true
        ) { request in
            .now(try changeGallery(request, service))
        },
        Route(.delete, "/admin/v1/galleries/{gallery}", access: .holder(of: .admin)) { request in
            try QueryParameters(request.query).finish()
            let name = request.parameters["gallery"] ?? ""
            // The bodies of its batches are removed when the store reports that they are cancelled.
            try service.audit.change(.galleryDelete, of: name, by: request, details: ["gallery": .text(name)]) {
                _ = try service.store.deleteGallery(request.visibleGallery(), audit: $0)
            }
            return .now(ServerResponse(.noContent))
        },
    ]
}

/// The most bytes of a body that creates or changes a gallery.
private let smallObjectBytes = 1024

/// Creates a gallery that is bound to the loaded model (201), or returns the existing one (200); one of another model
/// is a conflict (409).
private func createGallery(_ request: ServerRequest, _ service: ServiceContext) throws -> ServerResponse {
    try QueryParameters(request.query).finish()
    // Some clients cannot send a request without a body.
    if !request.body.isEmpty {
        try JSONMembers(parsing: try request.body.bytes(limit: smallObjectBytes), part: "body").finish()
    }
    let wanted = request.parameters["gallery"] ?? ""
    // A gallery that is not re-embedded yet is as it should be while its model is loaded.
    let existing = try? service.store.gallery(wanted)
    let model = existing.flatMap { service.network(of: $0.model)?.model } ?? service.model
    let (summary, created) = try service.audit.change(
        .galleryCreate, of: wanted, by: request, details: ["gallery": .text(wanted), "model": .text(model.identity)]
    ) {
        guard let name = GalleryName(wanted) else { throw invalidGalleryName }
        // Refused in the same way whether the gallery exists or not.
        guard request.sees(name.rawValue) else { throw ServiceError.galleriesLimited }
        return try service.store.createGallery(name, model: model.identity, dimensions: model.dimensions, audit: $0)
    }
    guard created || request.fields[.ifNoneMatch] != "*" else { throw HTTPProblem.preconditionFailed("If-None-Match") }
    return try .json(try service.describe(summary), status: created ? .created : .ok)
}

/// Changes a gallery's setting, and answers with the gallery.
private func changeGallery(_ request: ServerRequest, _ service: ServiceContext) throws -> ServerResponse {
    try QueryParameters(request.query).finish()
    let name = request.parameters["gallery"] ?? ""
    // Whoever may not know of the gallery learns nothing from how the body is judged.
    _ = try service.audit.change(.galleryUpdate, of: name, by: request) { _ in
        try service.store.gallery(request.visibleGallery())
    }
    var members = try JSONMembers(parsing: try request.body.bytes(limit: smallObjectBytes), part: "body")
    let wanted = try members.flag("camera_normalization")
    try members.finish()
    guard let cameraNormalization = wanted else {
        throw members.invalid("camera_normalization", expected: "true or false")
    }
    let details: [String: JSONValue] = [
        "gallery": .text(name), "camera_normalization": .flag(cameraNormalization),
    ]
    let gallery = try service.audit.change(.galleryUpdate, of: name, by: request, details: details) {
        try service.store.setCameraNormalization(cameraNormalization, of: request.visibleGallery(), audit: $0)
    }
    return try .json(try service.describe(gallery))
}

/// What a gallery of another name is refused with.
let invalidGalleryName = HTTPProblem.reid(
    .badRequest, "invalid-name", "Invalid gallery name",
    "A gallery's name is \(GalleryName.expectation).",
    parameter: "gallery")
