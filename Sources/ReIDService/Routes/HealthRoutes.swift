internal import CSPRModel
internal import Embedding
internal import Gallery
internal import HTTP
internal import HTTPTypes
internal import Synchronization

/// The state of a running service: whether it takes requests, and its listeners.
final class ServiceStatus: Sendable {
    private struct State {
        var isReady = true
        var listeners: [String: HTTPServer] = [:]
    }

    private let state = Mutex(State())

    /// Whether the service takes requests; false from the moment when it is told to stop.
    var isReady: Bool { state.withLock { $0.isReady } }
    /// The counters of each listener, by its name.
    var counters: [String: ServerCounters] { state.withLock { $0.listeners }.mapValues(\.counters) }

    func add(_ server: HTTPServer, name: String) { state.withLock { $0.listeners[name] = server } }
    func stop() { state.withLock { $0.isReady = false } }
}

/// `GET /livez`, `/readyz`, `/metrics`.
func healthRoutes(_ service: ServiceContext, status: ServiceStatus) -> [Route] {
    [
        Route(.get, "/livez", access: .anyone, execution: .loop) { request in
            try QueryParameters(request.query).finish()
            return .now(try .json(["status": "alive"]))
        },
        Route(.get, "/readyz", access: .anyone, execution: .loop) { request in
            try QueryParameters(request.query).finish()
            let galleries = service.store.galleries()
            let isReady = status.isReady && service.audit.allowsSearches
            let fault = service.enrollmentFault.withLock { $0 }
            var warnings = Warning.about(service.model) ?? []
            if let fault { warnings.append("Enrollment is held up: \(fault).") }
            if service.audit.fault != nil { warnings.append("The audit cannot be written; the log says why.") }
            let answer = ReadinessAnswer(
                status: isReady ? "ready" : status.isReady ? "unaudited" : "stopping",
                model: .init(sha256: service.model.identity, trained: service.model.isTrained),
                index: .init(galleries: galleries.count, images: galleries.reduce(0) { $0 + $1.images }),
                enrollment: fault == nil ? "running" : "held_up", warnings: warnings.isEmpty ? nil : warnings)
            return .now(try .json(answer, status: isReady ? .ok : .serviceUnavailable))
        },
        // On a worker, because reading `/proc` takes longer with every open connection.
        Route(.get, "/metrics", access: .holder(of: .query)) { request in
            try QueryParameters(request.query).finish()
            var batches: [String: Int] = [:]
            for batch in try service.store.unfinishedBatches() { batches[batch.state.rawValue, default: 0] += 1 }
            let text = try service.metrics.render(
                isReady: status.isReady && service.audit.allowsSearches, model: service.model.identity,
                embedder: service.embedder.statistics,
                galleries: service.store.galleries().filter { request.sees($0.name) },
                suspended: service.suspendedRetentions.withLock { $0 },
                imagesToWipe: service.store.imagesToWipe(), batches: batches, jobs: service.store.unfinishedJobs(),
                listeners: status.counters)
            var response = ServerResponse(
                .ok, contentType: "text/plain; version=0.0.4; charset=utf-8", bytes: Array(text.utf8))
            response.fields[.cacheControl] = "no-store"
            return .now(response)
        },
    ]
}
