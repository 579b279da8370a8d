internal import Gallery
internal import Logging

/// Does the accepted jobs on its own thread, one after another, in the order of their acceptance.
///
/// A job is a row in the database. Its kind, a `JobWork`, does it unit by unit, and what is done is recorded, so that after a
/// restart, also after `kill -9`, a job goes on where it was.
final class JobRunner: Sendable {
    private let service: ServiceContext
    private let works: [JobKind: any JobWork]
    private let thread = WorkThread(name: "jobs")

    /// The seconds until a job that failed for lack of disk space in the data folder is tried again.
    private static let retrySeconds = 5

    /// Creates a runner for the jobs in `context`'s store; it does nothing before `start`.
    init(context: ServiceContext) {
        service = context
        works = Dictionary(uniqueKeysWithValues: context.jobWorks.map { ($0.kind, $0) })
    }

    /// Continues unfinished jobs and waits for more.
    func start() {
        let watching = service.store.observe { [weak self] change in
            if case .job(_, .queued) = change { self?.thread.wake() }
        }
        thread.start(watching: watching) { [self] in work() }
    }

    /// Stops the thread and returns when it has ended; the unit that runs ends as soon as its kind allows.
    func stop() { thread.stop() }

    /// Asks the thread to stop; may be called from any thread, including the runner's own.
    func requestStop() { thread.requestStop() }

    /// Waits for the end of the thread.
    func join() { thread.join() }

    private func work() {
        var fault: String?
        while !thread.mustStop {
            do {
                guard let job = try service.store.unfinishedJobs().first else {
                    thread.sleep()
                    continue
                }
                try run(job)
                fault = nil
            } catch {
                // A lasting fault is logged once, and not at each retry.
                if fault != "\(error)" {
                    service.logger.error("a job failed and is tried again", metadata: ["error": "\(error)"])
                }
                fault = "\(error)"
                thread.sleep(atMost: Self.retrySeconds)
            }
        }
    }

    /// Does what is left of a job; returns at its end, or when the runner must stop.
    private func run(_ accepted: JobRecord) throws {
        guard let work = works[accepted.kind] else {
            return try end(accepted, as: .failed, failure: "this version has no jobs of this kind")
        }
        service.logger.info(
            "job", metadata: ["job": "\(accepted.id)", "kind": "\(accepted.kind.rawValue)", "state": "running"])
        do {
            var job = try service.store.startJob(accepted.id)
            while !thread.mustStop {
                if job.isCancelRequested {
                    work.discard(job)
                    return try end(job, as: .cancelled)
                }
                let control = JobControl(service.store, job: job.id, mustStop: { [thread] in thread.mustStop })
                switch try work.step(job, control) {
                case .more: job = try service.store.job(id: job.id)
                case .done(let result): return try end(job, as: .completed, result: result)
                }
            }
        } catch {
            guard !isPassing(error) else { throw error }
            work.discard(accepted)
            try end(accepted, as: .failed, failure: "\(error)")
        }
    }

    /// Whether an error may pass without anybody changing the job: the data folder is full, or the database is busy.
    private func isPassing(_ error: any Error) -> Bool {
        switch error as? GalleryError {
        case .diskFull, .locked: true
        default: false
        }
    }

    private func end(
        _ job: JobRecord, as state: JobState, result: String? = nil, failure: String? = nil
    ) throws {
        var facts: [String: JSONValue] = ["kind": .text(job.kind.rawValue), "state": .text(state.rawValue)]
        facts["gallery"] = job.gallery.map(JSONValue.text)
        facts["reason"] = failure.map(JSONValue.text)
        try service.store.endJob(
            job.id, as: state, result: result, failure: failure, keeping: service.configuration.jobs.kept,
            audit: .byService(.jobEnd, of: job.id, details: facts))
        service.metrics.jobEnded(kind: job.kind, state: state)
        service.logger.log(
            level: state == .failed ? .error : .info, "job",
            metadata: [
                "job": "\(job.id)", "kind": "\(job.kind.rawValue)", "state": "\(state.rawValue)",
                "reason": "\(failure ?? "")",
            ])
    }
}

extension ServiceContext {
    /// The kinds of jobs, except enrollment, which `BatchProcessor` does.
    var jobWorks: [any JobWork] {
        [
            CompactionWork(service: self), BackupWork(service: self), CalibrationWork(service: self),
            ErasureWork(service: self, kind: .erasure), ErasureWork(service: self, kind: .retention),
            ReembeddingWork(service: self),
        ]
    }

    /// The folders into which backups may be written.
    var backupFolders: BackupFolders { BackupFolders(configuration) }
}
