internal import Gallery
internal import Logging
internal import Synchronization

/// Looks at intervals whether galleries have images that are older than they keep them, and accepts a job that erases these.
final class RetentionKeeper: Sendable {
    private let service: ServiceContext
    private let passes: RepeatedWork

    init(service: ServiceContext) {
        self.service = service
        passes = RepeatedWork(name: "reid.retention", every: service.configuration.jobs.retentionInterval)
    }

    /// Starts to look: at once, and then at intervals.
    func start() { passes.start { [weak self] in self?.look() } }

    /// Stops, and returns when a look that runs is done.
    func stop() { passes.stop() }

    /// Looks at every gallery that keeps images for a time.
    func look() {
        for gallery in service.store.galleries() where !passes.mustStop {
            do { try look(at: gallery.name, keeping: gallery.retention) } catch {
                service.logger.error(
                    "checking for images that are too old failed",
                    metadata: ["gallery": "\(gallery.name)", "error": "\(error)"])
            }
        }
    }

    /// Looks at a gallery; `retention` was read before, so that a job whose limit is made from another one is not accepted.
    private func look(at gallery: String, keeping retention: Retention?) throws {
        guard let retention else { return service.resumeRetention(of: gallery) }
        let step = Int64(service.configuration.jobs.retentionLargestStep) * 86_400
        switch try service.store.checkRetention(of: gallery, largestStep: step) {
        case .unlimited, .nothing: service.resumeRetention(of: gallery)
        case .due(let limit):
            service.resumeRetention(of: gallery)
            try accept(limit, of: gallery, keeping: retention)
        case .suspended(let since, let now): try suspend(gallery, since: since, now: now)
        }
    }

    /// Accepts a job, unless there is one already or the retention is another now.
    private func accept(_ limit: AgeLimit, of gallery: String, keeping retention: Retention) throws {
        let wanted = try ErasureWork.job(for: limit, in: service.store.settledSnapshot(of: gallery))
        var facts = wanted.facts
        facts["kind"] = .text(JobKind.retention.rawValue)
        _ = try service.store.createRetentionJob(
            wanted.job(of: .retention, createdBy: "service"), for: retention,
            atMost: service.configuration.jobs.waiting,
            audit: .byService(.jobAccept, of: "", details: facts))
    }

    /// Tells once that nothing is erased for its age.
    private func suspend(_ gallery: String, since: Timestamp, now: Timestamp) throws {
        let isNew = service.suspendedRetentions.withLock { $0.insert(gallery).inserted }
        guard isNew else { return }
        service.logger.error(
            "no image is erased for its age: the clock jumped ahead; if it is right, set the retention again",
            metadata: ["gallery": "\(gallery)", "since": "\(since)", "now": "\(now)"])
        let details: [String: JSONValue] = [
            "gallery": .text(gallery), "since": .text(since.rfc3339), "now": .text(now.rfc3339),
        ]
        try service.store.appendAudit([.byService(.retentionSuspend, of: gallery, details: details)])
    }
}

extension ServiceContext {
    /// Notes that images of a gallery are erased for their age again.
    func resumeRetention(of gallery: String) {
        _ = suspendedRetentions.withLock { $0.remove(gallery) }
    }
}
