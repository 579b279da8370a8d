internal import Dispatch
internal import Gallery
internal import HTTP
internal import Synchronization

/// Answers the polls that are held for a kept query when its ranking changes or the query is deleted.
final class PollAnswers: Sendable {
    private let store: GalleryStore
    private let answers: AnswerCache
    private let waiters: RankingWaiters
    private let tokens: TokenBook
    /// The queue on which polls are answered, so that the store's writer does not wait for that.
    private let queue = DispatchQueue(label: "reid.polls", target: .global())
    private let observation = Mutex<GalleryObservation?>(nil)

    init(store: GalleryStore, answers: AnswerCache, waiters: RankingWaiters, tokens: TokenBook) {
        self.store = store
        self.answers = answers
        self.waiters = waiters
        self.tokens = tokens
    }

    /// Observes the store from now on.
    func start() {
        let watching = store.observe { [weak self] change in
            switch change {
            case .ranking(let query, _), .queryDeleted(let query): self?.answer(query)
            case .gallery, .galleryDeleted, .batch, .job, .rankingErased: break
            }
        }
        observation.withLock { $0 = watching }
    }

    /// Stops, and returns when the polls that are being answered are done.
    func stop() {
        let watching = observation.withLock { observation in
            defer { observation = nil }
            return observation
        }
        watching?.cancel()
        queue.sync {}
    }

    /// Answers the held polls of `query` with its newest ranking, or with a problem if there is none, or if the token that
    /// asked was deleted or expired meanwhile.
    ///
    /// Keeps the ranking first, because all these clients will poll again at once.
    private func answer(_ query: String) {
        guard waiters.isWaiting(for: query) else { return }
        queue.async { [store, answers, waiters, tokens] in
            let changes = answers.changes
            do {
                guard let ranking = try store.ranking(of: query) else { throw GalleryError.unknownQuery(query) }
                let gallery = try store.query(id: query).gallery
                let response = try KeptRanking.response(VersionedRanking(ranking), of: query)
                let tag = KeptRanking.tag(ranking.revision)
                answers.keep(response, tag: tag, about: .ranking(query: query), in: gallery, since: changes)
                waiters.answer(query) { tokens.refusal(of: $0) ?? response }
            } catch {
                waiters.answer(query) { problem(for: error).response(instance: $0.id) }
            }
        }
    }
}
