internal import Digests
internal import Gallery
internal import HTTP
internal import HTTPTypes

/// The routes that erase images, and those that hold them so that nothing may erase them.
func erasureRoutes(_ service: ServiceContext) -> [Route] {
    [
        Route(.delete, "/admin/v1/images/{image}", access: .holder(of: .admin)) { request in
            try QueryParameters(request.query).finish()
            try service.audit.change(.imageDelete, of: request.parameters["image"] ?? "", by: request) {
                let image = try service.visibleImage(request)
                try service.store.deleteImage(id: image.id, audit: $0.adding(["gallery": image.gallery]))
            }
            service.metrics.imagesErased(1, by: .request)
            return .now(ServerResponse(.noContent))
        },
        Route(.delete, "/admin/v1/galleries/{gallery}/images", access: .holder(of: .admin)) { request in
            .now(try eraseImages(request, service))
        },
        Route(.post, "/admin/v1/galleries/{gallery}/erase", access: .holder(of: .admin)) { request in
            .now(
                try acceptJob(of: .erasure, request, service) {
                    let snapshot = try service.store.settledSnapshot(of: request.visibleGallery())
                    return try ErasureWork.job(for: FilterOptions(ofErasure: request), in: snapshot)
                })
        },
        Route(.put, "/admin/v1/galleries/{gallery}/hold", access: .holder(of: .admin)) { request in
            .now(try setHold(true, request, service))
        },
        Route(.delete, "/admin/v1/galleries/{gallery}/hold", access: .holder(of: .admin)) { request in
            .now(try setHold(false, request, service))
        },
    ]
}

/// Erases the images of a gallery that match the filters, of which there must be one, and answers with their number; many
/// are wiped from the disk after the answer.
private func eraseImages(_ request: ServerRequest, _ service: ServiceContext) throws -> ServerResponse {
    let name = request.parameters["gallery"] ?? ""
    let filter = try filter(of: request, for: .imagesDelete, service)
    let erased = try service.audit.change(.imagesDelete, of: name, by: request) { event in
        try service.store.deleteImages(
            in: request.visibleGallery(), matching: filter.filter,
            isCancelled: { request.cancellation.isCancelled }
        ) { try event.adding(ErasureDetails(gallery: name, filter: filter.audited(), erased: $0)) }
    }
    service.metrics.imagesErased(erased.count, by: .request)
    return try .json(ErasureAnswer(erased: erased.count, wiping: erased.waiting, held: erased.held))
}

/// Holds the images of a gallery that match the filters, of which there must be one, or lifts the hold on them.
private func setHold(_ isHeld: Bool, _ request: ServerRequest, _ service: ServiceContext) throws -> ServerResponse {
    let name = request.parameters["gallery"] ?? ""
    let action: AuditAction = isHeld ? .imagesHold : .imagesRelease
    let filter = try filter(of: request, for: action, service)
    let change = try service.audit.change(action, of: name, by: request) { event in
        try service.store.setHold(isHeld, in: request.visibleGallery(), matching: filter.filter) {
            try event.adding(HoldDetails(gallery: name, filter: filter.audited(), images: $0.changed))
        }
    }
    return try .json(HoldAnswer(matching: change.matching, changed: change.changed))
}

/// The filters of a request that erases or holds images.
private func filter(
    of request: ServerRequest, for action: AuditAction, _ service: ServiceContext
) throws -> FilterOptions {
    // Whoever may not know of the gallery learns nothing from how the filters are judged.
    _ = try service.audit.change(action, of: request.parameters["gallery"] ?? "", by: request) { _ in
        try service.store.gallery(request.visibleGallery())
    }
    return try FilterOptions(ofErasure: request)
}

extension FilterOptions {
    /// Reads the filters of an erasure or a hold, of which there must be one.
    init(ofErasure request: ServerRequest) throws(ServiceError) {
        var parameters = QueryParameters(request.query)
        try self.init(from: &parameters)
        ids = try parameters.texts("id")
        enrolledTo = try parameters.time("enrolled_to")
        try parameters.finish()
        guard self != FilterOptions() else { throw .noFilter(known: Self.names) }
    }

    /// The filters for what outlives the images, such as the audit: SHA-256 digests stand for a person and an external id.
    ///
    /// So it can be shown that somebody was erased, but not who was.
    func audited() throws -> FilterOptions {
        var filter = self
        filter.person = try person.map(Self.digest)
        filter.externalID = try externalID.map(Self.digest)
        return filter
    }

    private static func digest(_ text: String) throws -> String {
        "sha256:" + hexString(try SHA256.hash(Array(text.utf8)))
    }
}

/// The details of an erasure by filter in the audit: how many images were erased, but not which.
struct ErasureDetails: Encodable {
    /// The gallery that had the images.
    var gallery: String
    /// The filter that they matched; nil: they were older than the gallery keeps images.
    var filter: FilterOptions?
    /// The age that they had reached, if the gallery keeps images no longer.
    var age: AgeLimit?
    /// The job that erased them.
    var job: String?
    /// The number of images that were erased in one transaction.
    var erased: Int
}

/// The details of a hold in the audit, or of its end.
private struct HoldDetails: Encodable {
    /// The gallery that has the images.
    var gallery: String
    /// The filter that they matched.
    var filter: FilterOptions
    /// The number of images that are held now and were not before, or the reverse.
    var images: Int
}

/// What asks for images to be erased.
enum ErasureCause: String, CaseIterable {
    /// A request, which is answered when nothing shows them any more.
    case request
    /// A job that somebody asked for.
    case erasure
    /// Their age.
    case retention
}
