internal import CSPRModel
internal import Gallery
public import HTTP
internal import HTTPTypes

/// Every route of the admin listener; whoever adds them puts them behind the admin token.
public func adminRoutes(_ context: ServiceContext) -> [Route] {
    adminGalleryRoutes(context) + batchRoutes(context)
}

/// Creating and deleting galleries, and erasing images.
private func adminGalleryRoutes(_ service: ServiceContext) -> [Route] {
    [
        Route(.put, "/admin/v1/galleries/{gallery}", bodyLimit: emptyObjectBytes) { request in
            .now(try createGallery(request, service))
        },
        Route(.delete, "/admin/v1/galleries/{gallery}") { request in
            try QueryParameters(request.query).finish()
            // Bodies of its batches are removed as the store tells of their end.
            try service.store.deleteGallery(request.parameters["gallery"] ?? "")
            return .now(ServerResponse(.noContent))
        },
        Route(.delete, "/admin/v1/images/{image}") { request in
            try QueryParameters(request.query).finish()
            try service.store.deleteImage(id: request.parameters["image"] ?? "")
            return .now(ServerResponse(.noContent))
        },
    ]
}

/// Bytes that a body may have where it says nothing: `{}`, as some clients cannot leave it out.
private let emptyObjectBytes = 1024

/// Creates a gallery bound to the loaded model (201), or finds it there (200); one of another model is a conflict (409).
private func createGallery(_ request: ServerRequest, _ service: ServiceContext) throws -> ServerResponse {
    try QueryParameters(request.query).finish()
    if !request.body.isEmpty {
        try JSONMembers(parsing: try request.body.bytes(limit: emptyObjectBytes), part: "body").finish()
    }
    guard let name = GalleryName(request.parameters["gallery"] ?? "") else {
        throw HTTPProblem.reid(
            .badRequest, "invalid-name", "Not a gallery's name",
            "A gallery's name is a lowercase letter or digit, then up to \(GalleryName.maximumLength - 1) of those, "
                + "'.', '_' and '-'.", parameter: "gallery")
    }
    let (summary, created) = try service.store.createGallery(
        name, model: service.model.identity, dimensions: service.model.dimensions)
    return try .json(try service.describe(summary), status: created ? .created : .ok)
}
