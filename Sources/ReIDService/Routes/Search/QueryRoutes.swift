internal import CSPRModel
internal import Gallery
internal import HTTP
internal import HTTPTypes

/// Kept queries: `POST /v1/galleries/{gallery}/queries`, `/v1/queries` and what is below it.
func queryRoutes(_ service: ServiceContext, waiters: RankingWaiters) -> [Route] {
    let rankings = KeptRanking(service: service)
    return [
        Route(
            .post, "/v1/galleries/{gallery}/queries", access: .holder(of: .query), execution: .search,
            bodyLimit: service.configuration.limits.searchBody,
            requiresBody: true
        ) { request in
            let gallery = request.parameters["gallery"] ?? ""
            return try service.gatekeeper.searching(request) {
                .now(
                    try service.audit.change(
                        .queryCreate, of: gallery, by: request, details: ["gallery": .text(gallery)]
                    ) { try keep(request, service, rankings, audit: $0) })
            }
        },
        Route(.get, "/v1/queries", access: .holder(of: .query)) { request in
            let page = try ListParameters(request, limits: service.configuration.limits)
            let queries = try service.store.queries(
                limit: page.limit, cursor: page.cursor, shows: request.filter)
            return .now(
                try .json(ListAnswer(items: try queries.items.map(service.describe), next: queries.next)))
        },
        Route(.get, "/v1/queries/{query}", access: .holder(of: .query)) { request in
            try QueryParameters(request.query).finish()
            return .now(try .json(try service.describe(service.visibleQuery(request))))
        },
        Route(.delete, "/v1/queries/{query}", access: .holder(of: .query)) { request in
            try QueryParameters(request.query).finish()
            try service.audit.change(.queryDelete, of: request.parameters["query"] ?? "", by: request) {
                let query = try service.visibleQuery(request)
                try service.store.deleteQuery(id: query.id, audit: $0.adding(["gallery": query.gallery]))
            }
            return .now(ServerResponse(.noContent))
        },
        Route(.get, "/v1/queries/{query}/image", access: .holder(of: .query)) { request in
            .now(try queryImage(request, service))
        },
        Route(
            .get, "/v1/queries/{query}/ranking", access: .holder(of: .query),
            shortcut: { fromMemory($0, service, waiters: waiters) }
        ) { request in
            try ranking(request, service, rankings, waiters: waiters)
        },
        Route(.post, "/v1/queries/{query}/ranking", access: .holder(of: .query), execution: .search) { request in
            try QueryParameters(request.query).finish()
            let query = try service.visibleQuery(request)
            @Sendable func isCancelled() -> Bool { request.cancellation.isCancelled }
            try service.audit.change(
                .rankingUpdate, of: query.id, by: request, details: ["gallery": .text(query.gallery)]
            ) {
                guard try !rankings.update(query, audit: $0, isCancelled: isCancelled) else { return }
                var unchanged = $0
                unchanged.outcome = "unchanged"
                try service.audit.record(unchanged)
            }
            return .now(
                try KeptRanking.response(rankings.newest(of: query, isCancelled: isCancelled), of: query.id))
        },
    ]
}

/// Ranks a query, stores it with its ranking, and answers where the ranking is.
private func keep(
    _ request: ServerRequest, _ service: ServiceContext, _ rankings: KeptRanking, audit: AuditEvent
) throws -> ServerResponse {
    let start = ContinuousClock.now
    let (snapshot, network) = try service.searchableSnapshot(of: request.visibleGallery())
    let question = try Question(request, service: service, network: network, takesStanding: true)
    try question.options.checkProbability(in: snapshot)
    var answer = try Search(store: service.store, snapshot: snapshot, options: question.options)
        .answer(for: question.vector, warnings: question.warnings) { request.cancellation.isCancelled }
    answer.timing.total = (ContinuousClock.now - start).wireMilliseconds
    service.metrics.standingQueryRanked(after: ContinuousClock.now - start)
    let webhook = try question.webhook.map { NewWebhook(url: $0, secret: try WebhookRequest.newSecret()) }
    let query = try service.store.keepQuery(
        NewQuery(
            gallery: snapshot.name, name: question.name, options: try jsonBytes(question.options),
            isStanding: question.isStanding, images: question.images, vector: question.vector,
            model: snapshot.model,
            warnings: question.warnings, createdBy: request.tokenID, expiresAt: question.expiresAt,
            webhook: webhook),
        ranking: NewRanking(
            content: answer.json, galleryRevision: snapshot.revision, images: answer.imageIDs),
        limits: service.configuration.limits.queries,
        audit: try audit.adding(SearchDetails(answer, images: question.images, standing: question.isStanding)))
    // The gallery may have changed before the query was stored, when no pass could find it.
    try rankings.update(query) { request.cancellation.isCancelled }
    var kept = try service.describe(service.store.query(id: query.id))
    kept.webhook?.secret = webhook?.secret
    return try .json(
        kept, status: .created,
        fields: [.location: "/v1/queries/\(query.id)"])
}

/// One of the images of a kept query.
private func queryImage(_ request: ServerRequest, _ service: ServiceContext) throws -> ServerResponse {
    var parameters = QueryParameters(request.query)
    let index = try parameters.integer("index", in: 0...service.configuration.limits.imagesPerSearch - 1) ?? 0
    try parameters.finish()
    let query = try service.visibleQuery(request)
    let (id, images) = (query.id, query.mediaTypes.count)
    guard index < images else {
        throw HTTPProblem.reid(
            .notFound, "not-found", "Not found", "Query \"\(id)\" has \(images) images, from 0.", parameter: "index"
        )
    }
    let content = try service.store.queryImage(of: id, at: index)
    // The images of a kept query never change, so its id is enough for an `ETag`.
    let tag = EntityTag("\(id)-\(index)")
    return unchanged(request, tag) ?? imageResponse(content.bytes, mediaType: content.mediaType, tag: tag)
}

/// The seconds that a request waits for another ranking.
private func wait(_ request: ServerRequest, _ service: ServiceContext) throws -> Int {
    var parameters = QueryParameters(request.query)
    let wait = try parameters.integer("wait", in: 0...service.configuration.limits.wait) ?? 0
    try parameters.finish()
    return wait
}

/// Answers from the kept ranking, on the event loop, as `ranking` would; nil if there is none
/// that who asks may see, or if the request is wrong.
private func fromMemory(_ request: ServerRequest, _ service: ServiceContext, waiters: RankingWaiters) -> Reply? {
    let query = request.parameters["query"] ?? ""
    guard let kept = service.answers.kept(about: .ranking(query: query), for: request), let tag = kept.tag,
        let wait = try? wait(request, service)
    else { return nil }
    guard let unchanged = unchanged(request, tag) else { return .now(kept.response) }
    guard wait > 0 else { return .now(unchanged) }
    let held = waiters.hold(
        query: query, request: request, tag: tag, timeout: .seconds(wait), refusal: service.gatekeeper.tokens.refusal)
    // A commit drops the kept ranking before it answers the held polls; so if the ranking is still kept, every later
    // commit answers this poll.
    guard service.answers.kept(about: .ranking(query: query), for: request)?.tag == tag else {
        held.complete(unchanged)
        return nil
    }
    return .held(held)
}

/// Answers with the newest ranking, with a 304, or later, when there is a newer ranking.
private func ranking(
    _ request: ServerRequest, _ service: ServiceContext, _ rankings: KeptRanking, waiters: RankingWaiters
) throws -> Reply {
    let wait = try wait(request, service)
    // Of many polls that waited for a worker, the first one has kept the ranking for the others.
    if let reply = fromMemory(request, service, waiters: waiters) { return reply }
    let query = try service.visibleQuery(request)
    let newest = try rankings.newestAnswer(of: query, to: request)
    let tag = KeptRanking.tag(newest.revision)
    let unchanged = unchanged(request, tag)
    guard unchanged != nil, wait > 0 else { return .now(unchanged ?? newest.response) }
    let held = waiters.hold(
        query: query.id, request: request, tag: tag, timeout: .seconds(wait), refusal: service.gatekeeper.tokens.refusal
    )
    // Reads the version again after registering, because a ranking that changed in between would not wake this poll.
    if let stored = try service.store.ranking(of: query.id), stored.revision != newest.revision {
        held.complete(try KeptRanking.response(VersionedRanking(stored), of: query.id))
    }
    return .held(held)
}

extension ServiceContext {
    /// The kept query's description for clients; it does not read the ranking, which may be large.
    func describe(_ query: QueryRecord) throws -> QueryAnswer {
        // The gallery may be deleted while a list is made.
        let gallery = try? store.gallery(query.gallery)
        let isCurrent = gallery != nil && gallery?.revision == query.rankedRevision
        return QueryAnswer(
            queryID: query.id, gallery: query.gallery, name: query.name, options: try fromJSON(query.options),
            standing: query.isStanding, state: isCurrent ? "ranked" : "stale", error: failures.reason(of: query.id),
            createdAt: query.createdAt, createdBy: query.createdBy,
            expiresAt: query.expiresAt, revision: query.rankingRevision,
            rankingURL: "/v1/queries/\(query.id)/ranking", images: query.mediaTypes.count,
            imageURL: "/v1/queries/\(query.id)/image", webhook: query.webhook.map { WebhookAnswer($0, of: query) })
    }
}
