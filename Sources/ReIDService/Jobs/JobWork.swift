internal import Foundation
internal import Gallery
internal import Synchronization

/// A kind of job: what it needs to know, and how it is done, unit by unit.
///
/// A unit must be done exactly once, even if the process is killed in it. Either its change of the database also records the
/// unit, in one transaction, or doing it again changes nothing.
protocol JobWork: Sendable {
    /// The kind.
    var kind: JobKind { get }

    /// Reads from a request what the job needs to know, and checks it; returns it in the form that is stored.
    func parameters(from members: inout JSONMembers) throws -> [String: JSONValue]

    /// Does the job's next unit.
    ///
    /// - Parameters:
    ///   - job: the job as it is stored; its cursor says where it continues.
    ///   - control: says in between whether a long unit must end.
    /// - Returns: whether there is more to do; `more` too if `control` ended the unit.
    /// - Throws: a `JobFailure`, which ends the job; after any other error it is tried again, or ends.
    func step(_ job: JobRecord, _ control: JobControl) throws -> JobStep

    /// Removes what the unfinished job has made, because it does not continue.
    func discard(_ job: JobRecord)
}

extension JobWork {
    /// A kind that needs to know nothing.
    func parameters(from members: inout JSONMembers) throws -> [String: JSONValue] { [:] }

    /// A kind that leaves nothing behind.
    func discard(_ job: JobRecord) {}
}

/// What comes after a unit.
enum JobStep {
    /// Another unit.
    case more
    /// The job's end, with what came of it: a JSON object.
    case done(result: String)
}

/// Why a job cannot be done.
struct JobFailure: Error, CustomStringConvertible {
    /// A sentence for an operator.
    let description: String

    init(_ reason: any CustomStringConvertible) { description = reason.description }
}

/// What a long unit tells and asks while it runs; for the runner's thread only.
final class JobControl {
    private let store: GalleryStore
    private let job: String
    private let mustStop: @Sendable () -> Bool
    private var told: ContinuousClock.Instant?
    private var began = ContinuousClock.now

    /// How often progress is written down.
    private static let interval = Duration.milliseconds(250)
    /// The longest pause between two pieces of a unit, in seconds.
    private static let pause = 0.05

    init(_ store: GalleryStore, job: String, mustStop: @escaping @Sendable () -> Bool) {
        self.store = store
        self.job = job
        self.mustStop = mustStop
    }

    /// Tells any thread when the unit must end.
    var end: JobEnd { JobEnd(store, job: job, mustStop: mustStop) }

    /// Notes the progress of a unit, and returns whether it goes on: false once the job is cancelled or the service stops.
    ///
    /// Pauses for as long as the piece before took, so that a job leaves half of the time to searches.
    func goesOn(done: Int64, of total: Int64) throws -> Bool {
        Thread.sleep(forTimeInterval: min(Self.pause, (ContinuousClock.now - began) / .seconds(1)))
        defer { began = .now }
        if mustStop() { return false }
        if let told, ContinuousClock.now - told < Self.interval { return true }
        told = .now
        return try !store.recordJob(job, done: done, total: total).isCancelRequested && !mustStop()
    }
}

/// Tells when a unit must end; for work that asks often, and on many threads.
final class JobEnd: Sendable {
    private let store: GalleryStore
    private let job: String
    private let mustStop: @Sendable () -> Bool
    /// Whether the job was cancelled, and when to look again.
    private let state = Mutex((isCancelled: false, next: ContinuousClock.now))

    /// The time between two looks into the database.
    private static let interval = Duration.milliseconds(250)

    init(_ store: GalleryStore, job: String, mustStop: @escaping @Sendable () -> Bool) {
        self.store = store
        self.job = job
        self.mustStop = mustStop
    }

    /// Whether the job is cancelled or the service stops; noticed within a quarter of a second.
    var isDue: Bool {
        if mustStop() || store.isBeingCancelled(job) { return true }
        return state.withLock { state in
            let now = ContinuousClock.now
            if !state.isCancelled, now >= state.next {
                state.next = now + Self.interval
                // A fault of the database is found when the result is stored.
                state.isCancelled = (try? store.job(id: job))?.isCancelRequested ?? false
            }
            return state.isCancelled
        }
    }
}
