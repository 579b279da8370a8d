internal import Dispatch
internal import Gallery
internal import Logging
internal import Ranking
internal import Synchronization

/// Ranks standing queries again when their gallery changes.
///
/// It has its own queue. Changes are gathered for `standingQueryDelay`, and for at least as long as the last pass took,
/// so that a long enrollment uses at most half a core here.
final class StandingQueries: Sendable {
    private struct State {
        var galleries: Set<String> = []
        var queries: Set<String> = []
        var batches: Set<String> = []
        var isScheduled = false
        var isStopped = false
        var lastPass = Duration.zero
        var observation: GalleryObservation?
    }

    private let service: ServiceContext
    private let rankings: KeptRanking
    private let queue = DispatchQueue(label: "reid.standing-queries", qos: .utility, target: .global(qos: .utility))
    private let state = Mutex(State())

    init(service: ServiceContext) {
        self.service = service
        rankings = KeptRanking(service: service)
    }

    /// Observes the store, and ranks queries of galleries that changed while the service did not run.
    func start() {
        let observation = service.store.observe { [weak self] change in self?.take(change) }
        state.withLock { $0.observation = observation }
        for gallery in service.store.galleries() { schedule { $0.galleries.insert(gallery.name) } }
    }

    /// Stops, and returns when the query that is being ranked is done or given up.
    func stop() {
        let observation = state.withLock { state in
            state.isStopped = true
            defer { state.observation = nil }
            return state.observation
        }
        observation?.cancel()
        queue.sync {}
    }

    private func take(_ change: GalleryChange) {
        switch change {
        case .gallery(let name, _): schedule { $0.galleries.insert(name) }
        case .rankingErased(let query): schedule { $0.queries.insert(query) }
        case .batch(let id, let state) where state.isFinal: schedule { $0.batches.insert(id) }
        case .galleryDeleted, .batch, .job, .ranking, .queryDeleted: break
        }
    }

    private func schedule(_ note: (inout State) -> Void) {
        let delay: Duration? = state.withLock { state in
            note(&state)
            guard !state.isScheduled, !state.isStopped else { return nil }
            state.isScheduled = true
            return max(.milliseconds(service.configuration.standingQueryDelay), state.lastPass)
        }
        guard let delay else { return }
        queue.asyncAfter(deadline: .now() + .milliseconds(delay.milliseconds)) { [weak self] in self?.pass() }
    }

    /// Ranks everything that changed since the last pass.
    private func pass() {
        let noted = state.withLock { state in
            defer {
                state.galleries = []
                state.queries = []
                state.batches = []
                state.isScheduled = false
            }
            return state
        }
        let start = ContinuousClock.now
        var galleries = noted.galleries
        for batch in noted.batches {
            attempt("batch \(batch)") { galleries.insert(try service.store.batch(id: batch).gallery) }
        }
        for gallery in galleries {
            attempt("gallery \(gallery)") {
                for query in try service.store.standingQueries(in: gallery) {
                    attempt("query \(query.id)") { try rankings.update(query, isCancelled: isStopped) }
                }
            }
        }
        for query in noted.queries {
            attempt("query \(query)") {
                try rankings.update(try service.store.query(id: query), isCancelled: isStopped)
            }
        }
        let took = ContinuousClock.now - start
        state.withLock { $0.lastPass = took }
    }

    @Sendable private func isStopped() -> Bool { state.withLock { $0.isStopped } }

    /// Runs one part of a pass, unless the service stops; a query or gallery that was deleted in the meantime is not an
    /// error.
    private func attempt(_ subject: String, _ work: () throws -> Void) {
        guard !isStopped() else { return }
        do {
            try work()
        } catch RankingError.cancelled {
            // The service stops; the query is ranked after the next start.
        } catch let error as GalleryError {
            switch error {
            case .unknownQuery, .unknownGallery, .unknownBatch: break
            default: service.logger.error("not ranked", metadata: ["subject": "\(subject)", "error": "\(error)"])
            }
        } catch {
            service.logger.error("not ranked", metadata: ["subject": "\(subject)", "error": "\(error)"])
        }
    }
}
