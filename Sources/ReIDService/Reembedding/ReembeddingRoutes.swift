internal import Gallery
internal import HTTP
internal import HTTPTypes

/// The route that gives a gallery vectors of the served model, or makes a copy of it that has them.
func reembeddingRoutes(_ service: ServiceContext) -> [Route] {
    [
        Route(
            .post, "/admin/v1/galleries/{gallery}/reembed", access: .holder(of: .admin), bodyLimit: JobLimits.bodyBytes
        ) { request in
            try QueryParameters(request.query).finish()
            return .now(
                try acceptJob(of: .reembedding, request, service) {
                    let snapshot = try service.store.settledSnapshot(of: request.visibleGallery())
                    return try ReembeddingWork.job(for: snapshot, copy: try copyName(request), service)
                })
        }
    ]
}

/// The name of the copy that a request wants; nil: the gallery itself is to change.
private func copyName(_ request: ServerRequest) throws -> GalleryName? {
    // Some clients cannot send a request without a body.
    guard !request.body.isEmpty else { return nil }
    var members = try JSONMembers(parsing: try request.body.bytes(limit: JobLimits.bodyBytes), part: "body")
    let text = try members.text("into")
    try members.finish()
    guard let text else { return nil }
    guard let name = GalleryName(text) else {
        throw members.invalid("into", expected: GalleryName.expectation)
    }
    // Refused in the same way whether the gallery exists or not.
    guard request.sees(name.rawValue) else { throw ServiceError.galleriesLimited }
    return name
}

extension GalleryName {
    /// What a gallery's name is, as a phrase.
    static let expectation =
        "a lowercase letter or digit, then up to \(maximumLength - 1) of those, '.', '_' and '-'"
}
