internal import CSPRModel
internal import Gallery
internal import HTTP
internal import HTTPTypes

/// `GET /v1/galleries`, `GET /v1/galleries/{gallery}` and the list of a gallery's images.
func galleryRoutes(_ service: ServiceContext) -> [Route] {
    [
        Route(
            .get, "/v1/galleries", access: .holder(of: .query),
            shortcut: { service.answers.answer(to: $0, about: .galleries).map(Reply.now) }
        ) { request in
            let page = try ListParameters(request, limits: service.configuration.limits)
            let changes = service.answers.changes
            let galleries = try service.store.galleries().filter { request.sees($0.name) }.map(service.describe)
            let response = try ServerResponse.json(page.list(galleries, by: \.name))
            if request.query.isEmpty, request.filter == nil, galleries.allSatisfy(\.runningBatches.isEmpty) {
                service.answers.keep(response, about: .galleries, in: nil, since: changes)
            }
            return .now(response)
        },
        Route(
            .get, "/v1/galleries/{gallery}", access: .holder(of: .query),
            shortcut: {
                service.answers.answer(to: $0, about: .gallery($0.parameters["gallery"] ?? "")).map(Reply.now)
            }
        ) { request in
            try QueryParameters(request.query).finish()
            let changes = service.answers.changes
            let gallery = try service.describe(service.store.gallery(request.visibleGallery()))
            let response = try ServerResponse.json(gallery)
            // The speed of a batch changes without a commit.
            if gallery.runningBatches.isEmpty {
                service.answers.keep(response, about: .gallery(gallery.name), in: gallery.name, since: changes)
            }
            return .now(response)
        },
        Route(.get, "/v1/galleries/{gallery}/images", access: .holder(of: .query)) { request in
            var parameters = QueryParameters(request.query)
            let filter = try FilterOptions(from: &parameters).filter
            let page = try ListParameters(&parameters, limits: service.configuration.limits)
            let images = try service.store.images(
                in: request.visibleGallery(), filter: filter, limit: page.limit, cursor: page.cursor)
            return .now(try .json(ListAnswer(items: images.items.map(ImageAnswer.init), next: images.next)))
        },
    ]
}

/// `limit` and `cursor` of a list.
struct ListParameters {
    /// The items of a page, 1...1000.
    let limit: Int
    /// The place where the page begins; nil: the start of the list.
    let cursor: String?

    /// The items of a page if the request names no limit.
    static let usualLimit = 100

    /// Reads both from a request that has no other parameters.
    init(_ request: ServerRequest, limits: Service.Configuration.Limits) throws(ServiceError) {
        var parameters = QueryParameters(request.query)
        try self.init(&parameters, limits: limits)
    }

    /// Reads both after all other parameters, and throws for parameters that were not read.
    init(_ parameters: inout QueryParameters, limits: Service.Configuration.Limits) throws(ServiceError) {
        limit = try parameters.integer("limit", in: 1...limits.results) ?? Self.usualLimit
        cursor = try parameters.text("cursor")
        try parameters.finish()
    }

    /// The page of `items`, which are in ascending order of `key`; the cursor is the last item's key.
    func list<Item>(_ items: [Item], by key: (Item) -> String) -> ListAnswer<Item> {
        let rest = items.filter { item in cursor.map { $0 < key(item) } ?? true }
        let page = Array(rest.prefix(limit))
        return ListAnswer(items: page, next: rest.count > limit ? page.last.map(key) : nil)
    }
}

extension ServiceContext {
    /// The gallery's description for clients, with its unfinished batches.
    func describe(_ gallery: GallerySummary) throws -> GalleryAnswer {
        GalleryAnswer(
            name: gallery.name, model: gallery.model, searchable: network(of: gallery.model) != nil,
            needsReembedding: needsReembedding(gallery), images: gallery.images, people: gallery.people,
            cameras: gallery.cameras,
            camerasWithMean: gallery.camerasWithMean, cameraNormalization: gallery.cameraNormalization,
            retention: gallery.retention.map { RetentionAnswer(seconds: $0.seconds, by: $0.basis.rawValue) },
            capturedFrom: gallery.capturedFrom, capturedTo: gallery.capturedTo,
            calibration: CalibrationAnswer(gallery), revision: gallery.revision,
            createdAt: gallery.createdAt,
            runningBatches: try store.runningBatches(in: gallery.name).map(RunningBatch.init))
    }
}

extension RunningBatch {
    init(_ batch: BatchRecord) {
        self.init(
            id: batch.id, state: batch.state.rawValue, received: batch.expectedItems, enrolled: batch.enrolled,
            duplicate: batch.duplicate, failed: batch.failed, itemsPerSecond: batch.itemsPerSecond ?? 0)
    }
}
