internal import Foundation
internal import Gallery
internal import ReIDService

extension APIClient {
    /// Waits for the end of a job, with its progress on standard error.
    ///
    /// - Throws: a `CommandFailure` if a signal stops the waiting, not the job, or if the job is not completed.
    func finish(_ accepted: JobAnswer, stop: StopSignals) throws -> JobAnswer {
        var job = accepted
        Terminal.complain("job \(job.id)")
        var progress = ProgressBar(job.kind + (job.unit == "bytes" ? " (MiB)" : " (\(job.unit))"))
        let size: Int64 = job.unit == "bytes" ? 1 << 20 : 1
        func show() {
            guard let total = job.total else { return }
            progress.show(Int(job.done / size), of: Int(total / size), note: job.estimatedEnd?.rfc3339 ?? "")
        }
        while !job.isOver {
            show()
            Thread.sleep(forTimeInterval: 0.25)
            guard !stop.hasArrived else {
                progress.end()
                throw stop.interruption("job \(job.id) goes on; `reid jobs wait \(job.id)` waits for it again")
            }
            job = try send(request("GET", ["admin", "v1", "jobs", job.id]))
        }
        show()
        progress.end()
        guard job.state == JobState.completed.rawValue else {
            throw CommandFailure("job \(job.id) is \(job.state)" + (job.reason.map { ": \($0)" } ?? ""))
        }
        return job
    }
}

extension JobAnswer {
    /// Prints the job for people, or as JSON.
    func show(asJSON: Bool) throws {
        if asJSON { return try Terminal.printJSON(self) }
        let isStopping = cancelRequested && !isOver
        print(
            Terminal.facts(
                [
                    ("id", id), ("kind", kind), ("gallery", gallery ?? "-"),
                    ("state", isStopping ? "\(state), to be cancelled" : state),
                    ("done", "\(done) of \(total.map(String.init) ?? "-") \(unit)"),
                    ("estimated end", estimatedEnd?.rfc3339 ?? "-"), ("created", createdAt.rfc3339),
                    ("created by", createdBy ?? "-"), ("started", startedAt?.rfc3339 ?? "-"),
                    ("finished", finishedAt?.rfc3339 ?? "-"), ("reason", reason ?? "-"),
                ] + (calibration == nil ? facts : [])))
        if let calibration { print("\n" + calibration.report) }
    }
}
