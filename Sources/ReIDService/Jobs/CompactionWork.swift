internal import Gallery

/// Rewrites the database as small as possible, in one unit, during which nothing else is written.
struct CompactionWork: JobWork {
    let service: ServiceContext

    var kind: JobKind { .compaction }

    func step(_ job: JobRecord, _ control: JobControl) throws -> JobStep {
        guard try control.goesOn(done: 0, of: 1) else { return .more }
        do {
            let end = control.end
            let spare = Int64(service.configuration.jobs.spareBytes)
            guard let bytes = try service.store.compact(sparing: spare, isCancelled: { end.isDue }) else {
                return .more
            }
            try service.store.recordJob(job.id, done: 1, total: 1)
            return .done(result: #"{"bytes_after":\#(bytes.after),"bytes_before":\#(bytes.before)}"#)
        } catch {
            switch error {
            case .tooLittleSpace, .diskFull: throw JobFailure(error)
            default: throw error
            }
        }
    }
}
