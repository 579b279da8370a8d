internal import Dispatch
internal import Gallery
internal import HTTP
internal import Synchronization

/// Tells the polls that are held for a kept query, and its streams of events, when its ranking changes or it is deleted.
final class RankingNews: Sendable {
    private let store: GalleryStore
    private let answers: AnswerCache
    private let waiters: RankingWaiters
    private let streams: RankingStreams
    private let tokens: TokenBook
    /// The queue on which news is told, so that the store's writer does not wait for that.
    private let queue = DispatchQueue(label: "reid.ranking-news", target: .global())
    private let observation = Mutex<GalleryObservation?>(nil)

    /// Tells the polls in `waiters`, and the streams of `service`.
    init(service: ServiceContext, waiters: RankingWaiters) {
        store = service.store
        answers = service.answers
        streams = service.streams
        tokens = service.gatekeeper.tokens
        self.waiters = waiters
    }

    /// Observes the store from now on.
    func start() {
        let watching = store.observe { [weak self] change in
            switch change {
            case .ranking(let query, _), .queryDeleted(let query): self?.tell(query)
            case .galleryDeleted: self?.endOrphans()
            case .gallery, .batch, .job, .rankingErased: break
            }
        }
        observation.withLock { $0 = watching }
    }

    /// Stops, and returns when what is being told is told.
    func stop() {
        let watching = observation.withLock { observation in
            defer { observation = nil }
            return observation
        }
        watching?.cancel()
        queue.sync {}
    }

    /// Answers the held polls of `query` with its newest ranking, or with a problem if there is none, or if the token that
    /// asked was deleted or expired meanwhile; sends it to the query's streams, or ends them.
    ///
    /// Keeps the ranking first, because all clients of polls will poll again at once.
    private func tell(_ query: String) {
        guard waiters.isWaiting(for: query) || streams.isOpen(for: query) else { return }
        queue.async { [store, answers, waiters, streams, tokens] in
            let changes = answers.changes
            do {
                let gallery = try store.query(id: query).gallery
                // A ranking that was erased meanwhile is made again, which is news of its own.
                guard let ranking = try store.ranking(of: query) else { return }
                let response = try KeptRanking.response(VersionedRanking(ranking), of: query)
                let tag = KeptRanking.tag(ranking.revision)
                answers.keep(response, tag: tag, about: .ranking(query: query), in: gallery, since: changes)
                waiters.answer(query) { tokens.refusal(of: $0) ?? response }
                if case .bytes(let text) = response.body {
                    streams.offer(text, version: ranking.revision, to: query)
                }
            } catch {
                waiters.answer(query) { problem(for: error).response(instance: $0.id) }
                if case .unknownQuery = error as? GalleryError { streams.end(query, .deleted) }
            }
        }
    }

    /// Ends the streams of queries that were deleted with their gallery.
    private func endOrphans() {
        queue.async { [store, streams] in
            for query in streams.queries {
                do {
                    _ = try store.query(id: query)
                } catch {
                    if case .unknownQuery = error as? GalleryError { streams.end(query, .deleted) }
                }
            }
        }
    }
}
