internal import Foundation
internal import Gallery

/// Erases the images of a gallery that match a filter, until no byte of them is on the disk.
///
/// A unit erases a group of images and notes it in one transaction, so each is done exactly once. What they were looked for by
/// stands only in the job's cursor, which is forgotten at its end; the list of jobs and the audit have digests of it.
struct ErasureWork: JobWork {
    let service: ServiceContext
    /// `erasure` or `retention`.
    let kind: JobKind
    /// The most images of a unit.
    var group = GalleryStore.imagesPerErasure

    /// The job that erases the images that match the filters and are there now.
    static func job(for filter: FilterOptions, in snapshot: GallerySnapshot) throws -> WantedJob {
        let cursor = ErasureCursor(filter: filter, age: nil, progress: ErasureProgress(of: snapshot))
        return WantedJob(
            gallery: snapshot.name, parameters: try fromJSON(try jsonBytes(filter.audited())), cursor: try text(cursor))
    }

    /// The job that erases the images that have reached an age and are there now.
    static func job(for age: AgeLimit, in snapshot: GallerySnapshot) throws -> WantedJob {
        let cursor = ErasureCursor(filter: nil, age: age, progress: ErasureProgress(of: snapshot))
        return WantedJob(
            gallery: snapshot.name,
            parameters: ["by": .text(age.basis.rawValue), "latest": .text(age.latest.rfc3339)], cursor: try text(cursor)
        )
    }

    func step(_ job: JobRecord, _ control: JobControl) throws -> JobStep {
        guard let text = job.cursor, let gallery = job.gallery else { throw JobFailure("the job has lost its filter") }
        var cursor: ErasureCursor = try fromJSON(Array(text.utf8))
        if cursor.isComplete {
            guard try cursor.progress.erased == 0 || isWiped(gallery, job, control) else { return .more }
            return .done(result: #"{"erased":\#(cursor.progress.erased),"held":\#(cursor.progress.held)}"#)
        }
        let (filter, age) = (try cursor.filter.map { try $0.audited() }, cursor.age)
        let unit = try service.store.eraseImages(
            in: gallery, matching: cursor.imageFilter, after: cursor.progress, atMost: group, job: job.id
        ) { unit in
            cursor.progress = unit.progress
            var event = try AuditEvent.byService(
                .imagesDelete, of: gallery,
                details: ErasureDetails(
                    gallery: gallery, filter: filter, age: age, job: job.id, erased: unit.erased))
            event.actor = job.createdBy ?? event.actor
            return (try Self.text(cursor), event)
        }
        service.metrics.imagesErased(unit.erased, by: kind == .retention ? .retention : .erasure)
        let done = Int64(unit.progress.erased + unit.progress.held)
        _ = try control.goesOn(done: done, of: done + Int64(unit.remaining))
        return .more
    }

    /// Waits until the bytes of everything that was erased are overwritten; false if the job must end before.
    private func isWiped(_ gallery: String, _ job: JobRecord, _ control: JobControl) throws -> Bool {
        let (jobs, end) = (service.configuration.jobs, control.end)
        var isClean = false
        while try control.goesOn(done: job.done, of: job.total ?? job.done) {
            do {
                if try !service.store.hasImagesToWipe(), service.store.wipeIndex(of: gallery) {
                    if !isClean {
                        isClean = try service.store.removeRemains(
                            rewritingUpTo: Int64(jobs.erasureRewriteBytes), sparing: Int64(jobs.spareBytes)
                        ) { end.isDue }
                    }
                    guard isClean else { continue }
                    try service.store.finishWiping()
                    return true
                }
            } catch {
                guard case .locked = error else { throw error }
                // A reader is in the way of the write-ahead log; it is gone soon.
            }
            Thread.sleep(forTimeInterval: Self.pause)
        }
        return false
    }

    /// The seconds between two looks whether everything is wiped.
    private static let pause = 0.1

    fileprivate static func text(_ cursor: ErasureCursor) throws -> String {
        String(decoding: try jsonBytes(cursor), as: UTF8.self)
    }
}

/// What such a job looks for, and how far it is.
private struct ErasureCursor: Codable {
    /// The filters of the request; nil for an age.
    var filter: FilterOptions?
    /// The age that images have reached; nil for filters.
    var age: AgeLimit?
    var progress: ErasureProgress

    var imageFilter: ImageFilter { filter?.filter ?? ImageFilter(age: age) }

    /// Whether every image was looked at; then only the wiping is left.
    var isComplete: Bool { progress.last >= progress.end }
}
