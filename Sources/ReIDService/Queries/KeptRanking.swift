internal import CSPRModel
internal import Gallery
internal import HTTP
internal import HTTPTypes

/// Ranks kept queries and stores the rankings: when a query is kept, and again when its gallery has changed.
struct KeptRanking {
    let service: ServiceContext

    /// Ranks the query over the current gallery and stores the ranking; equal results keep the version.
    ///
    /// The stored JSON is a `RankingAnswer` without the query's id and the version. Its warnings are about the model that made
    /// the query's vector, even if another model is being served.
    ///
    /// - Parameters:
    ///   - query: The query to rank.
    ///   - audit: Who asked for it; nil: the service does it by itself.
    ///   - isCancelled: Asked every few milliseconds, by any thread; true ends the work.
    /// - Returns: Whether the ranking changed; then the audit has a row about it.
    /// - Throws: `GalleryError` if the query or its gallery is gone, or storing failed; `RankingError.cancelled`;
    ///   `ServiceError.queryOfAnotherModel`.
    @discardableResult
    func update(
        _ query: QueryRecord, audit: AuditEvent? = nil, isCancelled: @Sendable () -> Bool
    ) throws -> Bool {
        let start = ContinuousClock.now
        var (query, snapshot) = (query, try service.store.snapshot(of: query.gallery))
        for _ in 0..<2 where query.model != snapshot.model {
            // The gallery has another model since the query was read, or in this moment.
            snapshot = try service.store.settledSnapshot(of: query.gallery)
            query = try service.store.query(id: query.id)
        }
        guard query.model == snapshot.model else { throw ServiceError.queryOfAnotherModel(query: query.id) }
        let stored = try service.store.ranking(of: query.id)
        if let stored, stored.galleryRevision == snapshot.revision, (try? VersionedRanking(stored)) != nil {
            service.note(failure: nil, of: query.id)
            return false
        }
        var answer = try Search(store: service.store, snapshot: snapshot, options: fromJSON(query.options))
            .answer(
                for: query.vector, warnings: query.warnings.isEmpty ? nil : query.warnings, isCancelled: isCancelled)
        answer.timing.total = (ContinuousClock.now - start).wireMilliseconds
        service.metrics.standingQueryRanked(after: ContinuousClock.now - start)
        let details = try SearchDetails(answer)
        let event = try audit?.adding(details) ?? AuditEvent.byService(.rankingUpdate, of: query.id, details: details)
        let revision = try service.store.saveRanking(
            answer.json, of: query.id, galleryRevision: snapshot.revision,
            showing: answer.imageIDs,
            isSame: { stored in
                // Another thread may have ranked the query at the same time; then only the times differ.
                guard var stored = try? fromJSON(stored, as: RankingAnswer.self) else { return false }
                stored.timing = answer.timing
                return stored == answer
            }, audit: event)
        // The store does not save a ranking with an image that was erased in the meantime, so the query is ranked
        // again.
        let now = try service.store.snapshot(of: query.gallery)
        if now.revision != snapshot.revision, try !service.store.hasImages(answer.imageIDs) {
            return try update(query, audit: audit, isCancelled: isCancelled)
        }
        service.note(failure: nil, of: query.id)
        return revision != query.rankingRevision
    }

    /// The newest ranking of a query; ranks the query if there is none, for example after an erasure, or if that of an
    /// earlier version of the service cannot be read any more.
    func newest(of query: QueryRecord, isCancelled: @Sendable () -> Bool) throws -> VersionedRanking {
        if let stored = try service.store.ranking(of: query.id), let ranking = try? VersionedRanking(stored) {
            return ranking
        }
        try update(query, isCancelled: isCancelled)
        guard let stored = try service.store.ranking(of: query.id) else { throw GalleryError.unknownQuery(query.id) }
        return try VersionedRanking(stored)
    }

    /// The response with the newest ranking, and its version; it is kept in memory for those who ask next.
    func newestAnswer(
        of query: QueryRecord, to request: ServerRequest
    ) throws -> (revision: Int64, response: ServerResponse) {
        if let kept = keptAnswer(of: query.id, to: request) { return kept }
        let changes = service.answers.changes
        let newest = try newest(of: query) { request.cancellation.isCancelled }
        let response = try Self.response(newest, of: query.id)
        service.answers.keep(
            response, tag: Self.tag(newest.revision), about: .ranking(query: query.id), in: query.gallery,
            since: changes)
        return (newest.revision, response)
    }

    /// The response with the newest ranking, and its version, from memory; nil if it is not there, or not for who asks.
    func keptAnswer(of query: String, to request: ServerRequest) -> (revision: Int64, response: ServerResponse)? {
        guard let kept = service.answers.kept(about: .ranking(query: query), for: request),
            let revision = kept.tag.flatMap({ Int64($0.value) })
        else { return nil }
        return (revision, kept.response)
    }

    /// The response with a ranking; its strong `ETag` is the version.
    static func response(_ ranking: VersionedRanking, of query: String) throws -> ServerResponse {
        var answer = ranking.answer
        answer.queryID = query
        answer.revision = ranking.revision
        return answer.response(
            fields: [.eTag: tag(ranking.revision).description, .cacheControl: "private, no-cache"])
    }

    /// The `ETag` of a version.
    static func tag(_ revision: Int64) -> EntityTag { EntityTag("\(revision)") }
}

/// A kept ranking that was read.
struct VersionedRanking {
    /// Its version.
    let revision: Int64
    /// The ranking, without the query's id and the version.
    let answer: RankingAnswer

    /// Reads a stored ranking; throws if it is in a form of an earlier version of the service.
    init(_ stored: StoredRanking) throws {
        revision = stored.revision
        answer = try fromJSON(stored.content)
    }
}

extension RankingAnswer {
    /// Every image that the ranking shows.
    var imageIDs: [String] { results.flatMap { [$0.imageID] + ($0.images ?? []).map(\.imageID) } }
}
