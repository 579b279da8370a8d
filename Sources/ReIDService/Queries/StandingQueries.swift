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
    private let retries = RepeatedWork(name: "reid.standing-query-retries", every: 60)

    init(service: ServiceContext) {
        self.service = service
        rankings = KeptRanking(service: service)
    }

    /// Observes the store, and ranks queries of galleries that changed while the service did not run.
    func start() {
        let observation = service.store.observe { [weak self] change in self?.take(change) }
        state.withLock { $0.observation = observation }
        for gallery in service.store.galleries() { schedule { $0.galleries.insert(gallery.name) } }
        retries.start { [weak self] in self?.retry() }
    }

    /// Ranks the queries again whose last ranking failed, for example because the disk was full.
    func retry() {
        let failed = service.failures.queries
        if !failed.isEmpty { schedule { $0.queries.formUnion(failed) } }
    }

    /// Stops, and returns when the query that is being ranked is done or given up.
    func stop() {
        let observation = state.withLock { state in
            state.isStopped = true
            defer { state.observation = nil }
            return state.observation
        }
        observation?.cancel()
        retries.stop()
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
                    attempt("query \(query.id)", query: query.id) {
                        try rankings.update(query, isCancelled: isStopped)
                    }
                }
            }
        }
        for query in noted.queries {
            attempt("query \(query)", query: query) {
                try rankings.update(try service.store.query(id: query), isCancelled: isStopped)
            }
        }
        let took = ContinuousClock.now - start
        state.withLock { $0.lastPass = took }
    }

    @Sendable private func isStopped() -> Bool { state.withLock { $0.isStopped } }

    /// Runs one part of a pass, unless the service stops; a query or gallery that was deleted in the meantime is not an
    /// error.
    ///
    /// Notes whether `query` fails.
    private func attempt(_ subject: String, query: String? = nil, _ work: () throws -> Void) {
        guard !isStopped() else { return }
        do {
            try work()
        } catch RankingError.cancelled {
            // The service stops; the query is ranked after the next start.
        } catch let error as ServiceError {
            // Its images could not be embedded with the gallery's new model, which the log has said.
            if case .queryOfAnotherModel = error, let query {
                service.note(failure: error, of: query)
            } else {
                failed(subject, query, error)
            }
        } catch let error as GalleryError {
            switch error {
            case .unknownQuery, .unknownGallery, .unknownBatch:
                if let query { service.note(failure: nil, of: query) }
            default: failed(subject, query, error)
            }
        } catch {
            failed(subject, query, error)
        }
    }

    private func failed(_ subject: String, _ query: String?, _ error: any Error) {
        service.logger.error("not ranked", metadata: ["subject": "\(subject)", "error": "\(error)"])
        if let query { service.note(failure: error, of: query) }
    }
}
