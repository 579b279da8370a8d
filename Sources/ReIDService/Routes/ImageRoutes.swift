internal import CSPRModel
internal import Digests
internal import Embedding
internal import Gallery
internal import HTTP
internal import HTTPTypes
internal import Imaging

/// `GET /v1/images/{image}`, the image's bytes, and its attention images.
func imageRoutes(_ service: ServiceContext) -> [Route] {
    [
        Route(.get, "/v1/images/{image}", access: .holder(of: .query)) { request in
            try QueryParameters(request.query).finish()
            return .now(try .json(ImageAnswer(try service.visibleImage(request))))
        },
        Route(.get, "/v1/images/{image}/content", access: .holder(of: .query)) { request in
            try QueryParameters(request.query).finish()
            let image = try service.visibleImage(request)
            let tag = EntityTag(hexString(image.sha256))
            if let unchanged = unchanged(request, tag) { return .now(unchanged) }
            let content = try service.store.content(of: image.id)
            return .now(imageResponse(content.bytes, mediaType: content.mediaType, tag: tag))
        },
        Route(.get, "/v1/images/{image}/attention", access: .holder(of: .query), execution: .search) { request in
            .now(try attention(request, service))
        },
    ]
}

/// The attention of one branch drawn over the image, as PNG.
private func attention(_ request: ServerRequest, _ service: ServiceContext) throws -> ServerResponse {
    var parameters = QueryParameters(request.query)
    let branches = service.model.branches
    let branch = try parameters.integer("branch", in: 0...Int(Int32.max)) ?? 0
    try parameters.finish()
    let image = try service.visibleImage(request)
    guard branch < branches else { throw ServiceError.unknownBranch(branch, branches: branches) }
    let tag = EntityTag("\(hexString(image.sha256))-\(service.model.identity.suffix(16))-\(branch)")
    if let unchanged = unchanged(request, tag) { return unchanged }
    let content = try service.store.content(of: image.id)
    let decoded = try decodeStored(content.bytes, service, request.cancellation)
    guard let maps = try service.embedder.attention(decoded, isCancelled: { request.cancellation.isCancelled }) else {
        throw ServiceError.unknownBranch(branch, branches: 0)
    }
    let overlay = AttentionImage().draw(branch: branch, of: maps, over: decoded.atMost(attentionSide))
    return imageResponse(try overlay.png(), mediaType: ImageFormat.png.rawValue, tag: tag)
}

/// Pixels along the longer side of an attention image.
private let attentionSide = 768

/// Decodes an image from the store, perhaps at a smaller size that is still large enough for the network and to be shown;
/// the store should have only images that can be decoded.
private func decodeStored(
    _ bytes: [UInt8], _ service: ServiceContext, _ cancellation: Cancellation
) throws -> RGBImage {
    let limits = service.configuration.limits.image
    let input = service.embedder.preprocessing
    do {
        let header = try ImageHeader(bytes, limits: limits)
        return try service.decoding.run(
            cost: header.cost, patience: .short, isCancelled: { cancellation.isCancelled }
        ) {
            let target = (width: max(attentionSide, input.width), height: max(attentionSide, input.height))
            return try decodeImage(bytes, limits: limits, covering: target) { cancellation.isCancelled }
        }
    } catch let error as ImageError where error != .cancelled {
        throw ServiceError.damagedStore(reason: "\(error)")
    }
}

/// The response with an image's bytes; an image never changes under its id but may be erased, so a cache must ask
/// before it reuses it.
func imageResponse(_ bytes: [UInt8], mediaType: String, tag: EntityTag) -> ServerResponse {
    var fields = HTTPFields()
    fields[.contentType] = mediaType
    fields[.eTag] = tag.description
    fields[.cacheControl] = "private, no-cache"
    fields[.acceptRanges] = "bytes"
    fields[.xContentTypeOptions] = "nosniff"
    return ServerResponse(.ok, fields: fields, body: .bytes(bytes))
}

/// A 304 if the client has this content already; nil otherwise.
func unchanged(_ request: ServerRequest, _ tag: EntityTag) -> ServerResponse? {
    guard tag.isMatched(byIfNoneMatch: request.fields[.ifNoneMatch]) else { return nil }
    return .notModified(tag)
}

extension ServerResponse {
    /// A 304: the client has this content already.
    static func notModified(_ tag: EntityTag) -> ServerResponse {
        ServerResponse(.notModified, fields: [.eTag: tag.description, .cacheControl: "private, no-cache"])
    }
}

extension RGBImage {
    /// The image, reduced to at most `side` pixels along its longer side.
    fileprivate func atMost(_ side: Int) -> RGBImage {
        let longer = max(width, height)
        guard longer > side else { return self }
        return resized(width: max(1, width * side / longer), height: max(1, height * side / longer))
    }
}

extension CSPRModel {
    /// The number of attention branches; 0 if the model has none.
    var branches: Int { configuration.attention == .none ? 0 : configuration.branches }
}

extension ImageAnswer {
    init(_ image: GalleryImage) {
        self.init(
            imageID: image.id, gallery: image.gallery, personID: image.personID, cameraID: image.cameraID,
            capturedAt: image.capturedAt, externalID: image.externalID, name: image.name,
            sha256: hexString(image.sha256), mediaType: image.mediaType, width: image.width, height: image.height,
            enrolledAt: image.enrolledAt, held: image.isHeld,
            imageURL: image.contentURL)
    }
}
