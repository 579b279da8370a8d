internal import Dispatch
internal import Gallery
internal import HTTP
internal import HTTPTypes
internal import Logging
internal import Synchronization

/// Writes down who did what, from where, and what was shown.
///
/// A change is written by `change`, in the transaction of the change itself: it is never done without its row. What
/// only reads, such as a search, is written by `record`: a background writer commits such rows in groups, at most
/// `audit.delay` late. Rows are never dropped; when `audit.queue_limit` rows wait, `record` waits as well. So after a
/// kill, the searches of the last group may be missing, and nothing else.
final class Audit: Sendable {
    /// Refusals that count as the same within a minute.
    private struct Refusal: Hashable {
        var actor: String
        var address: String
        var action: AuditAction
        var outcome: String
    }

    private struct State {
        /// The rows that are not on disk yet, oldest first.
        var waiting: [AuditEvent] = []
        /// Requests that wait for room among these.
        var blocked: [DispatchSemaphore] = []
        /// Why the last rows could not be written; nil: they were.
        var fault: String?
        /// The rows that were dropped since the last row was written; only if the audit is not required.
        var lost = 0
        /// How often each refusal was repeated in the current minute.
        var repeats: [Refusal: Int] = [:]
        var isScheduled = false
        var isStopped = false
    }

    private let store: GalleryStore
    private let configuration: Service.Configuration.Audit
    private let logger: Logger
    private let queue = DispatchQueue(label: "reid.audit")
    private let state = Mutex(State())

    init(store: GalleryStore, configuration: Service.Configuration.Audit, logger: Logger) {
        self.store = store
        self.configuration = configuration
        self.logger = logger
    }

    /// Why the audit cannot be written at present; nil if it can.
    var fault: String? { state.withLock { $0.fault } }

    // MARK: Changes

    /// Makes a change on behalf of a request.
    ///
    /// - Parameters:
    ///   - action: what is done.
    ///   - target: the id or name of what it is done to; the store sets the id of what it creates.
    ///   - request: who asks, and from where.
    ///   - details: more facts, with the gallery as `gallery`; no secret, image or vector.
    ///   - work: makes the change and writes the row that it is given, by a method of the store that takes `audit:`. An
    ///     error is written as a refusal.
    /// - Returns: what `work` returns.
    /// - Throws: what `work` throws.
    func change<Value>(
        _ action: AuditAction, of target: String, by request: ServerRequest,
        details: [String: JSONValue] = [:], _ work: (AuditEvent) throws -> Value
    ) throws -> Value {
        let event = try AuditEvent(action, of: target, by: request, details: details)
        do {
            return try work(event)
        } catch {
            let problem = problem(for: error)
            if !problem.isAboutAccess { refuse(event, with: problem) }
            throw error
        }
    }

    // MARK: Reads

    /// Whether searches may be answered: the audit can be written, or it is not required.
    var allowsSearches: Bool { !configuration.isRequired || fault == nil }

    /// Throws if `record` would; call it before work whose result may only be shown with a row of the audit.
    func check() throws(ServiceError) {
        guard allowsSearches else { throw .auditUnavailable }
    }

    /// Writes a row in the background; waits while too many rows wait.
    ///
    /// - Throws: `ServiceError.auditUnavailable` if the audit is required but cannot be written.
    func record(_ event: AuditEvent) throws(ServiceError) {
        while true {
            let (isTaken, place) = try state.withLock { state throws(ServiceError) -> (Bool, DispatchSemaphore?) in
                if state.fault != nil || state.isStopped {
                    guard !configuration.isRequired else { throw .auditUnavailable }
                    if state.waiting.count >= configuration.queueLimit {
                        state.lost += 1
                        return (true, nil)
                    }
                }
                if add(event, to: &state) { return (true, nil) }
                let place = DispatchSemaphore(value: 0)
                state.blocked.append(place)
                return (false, place)
            }
            if isTaken { return }
            place?.wait()
        }
    }

    // MARK: Refusals

    /// Notes that a request was refused, for example because of its token; may be called on an event loop.
    ///
    /// The first refusal of a kind is written at once. The same ones within a minute are counted and become one row, so
    /// that a flood of refused requests does not grow the audit.
    func refuse(_ event: AuditEvent, with problem: HTTPProblem) {
        let kind = problem.type.split(separator: ":").last.map(String.init) ?? ""
        var event = event
        event.outcome = "refused: \(problem.status.code) \(kind)"
        event.at = .now()
        state.withLock { state in
            if state.repeats.isEmpty {
                queue.asyncAfter(deadline: .now() + .seconds(60)) { [weak self] in self?.endMinute() }
            }
            let refusal = Refusal(
                actor: event.actor, address: event.address, action: event.action, outcome: event.outcome)
            if state.repeats[refusal] == nil, state.repeats.count < configuration.refusalsPerMinute {
                state.repeats[refusal] = 0
                if add(event, to: &state) { return }
            }
            let others = Refusal(actor: "others", address: "", action: event.action, outcome: "refused")
            state.repeats[state.repeats[refusal] == nil ? others : refusal, default: 0] += 1
        }
    }

    /// Notes that a request may not do what it asks for; may be called on an event loop.
    func refuseAccess(_ request: ServerRequest, of holder: Principal?, with problem: HTTPProblem) {
        let path = String(request.target.loggedPath.prefix(Self.pathCharacters))
        let details: [String: JSONValue] = ["method": .text(request.method.rawValue), "path": .text(path)]
        guard var event = try? AuditEvent(.accessRefused, of: "", by: request, details: details) else { return }
        event.actor = holder?.name ?? event.actor
        refuse(event, with: problem)
    }

    /// The most characters of a path in the audit.
    private static let pathCharacters = 256

    /// Writes how often the refusals of the last minute were repeated; goes on counting while nothing can be written.
    func endMinute() {
        state.withLock { state in
            guard state.fault == nil else {
                return queue.asyncAfter(deadline: .now() + .seconds(60)) { [weak self] in self?.endMinute() }
            }
            for (refusal, count) in state.repeats where count > 0 {
                // At most `refusalsPerMinute` rows, so they may exceed the limit of the queue.
                state.waiting.append(
                    AuditEvent(
                        refusal.action, actor: refusal.actor, address: refusal.address, outcome: refusal.outcome,
                        details: #"{"repeated":\#(count)}"#, at: .now()))
            }
            state.repeats = [:]
            schedule(&state, after: .zero)
        }
    }

    // MARK: The writer

    /// Adds a row to those that wait; false if there is no room.
    private func add(_ event: AuditEvent, to state: inout State) -> Bool {
        guard state.waiting.count < configuration.queueLimit else { return false }
        state.waiting.append(event)
        state.waiting[state.waiting.count - 1].at = event.at ?? .now()
        schedule(&state, after: .milliseconds(configuration.delay))
        return true
    }

    private func schedule(_ state: inout State, after delay: Duration) {
        guard !state.isScheduled, !state.isStopped else { return }
        state.isScheduled = true
        queue.asyncAfter(deadline: .now() + .milliseconds(delay.milliseconds)) { [weak self] in self?.write() }
    }

    /// Commits the rows that wait; tries again in a second if that fails.
    ///
    /// Runs on `queue`.
    private func write() {
        let (events, lost) = state.withLock { state in
            state.isScheduled = false
            return (state.waiting, state.lost)
        }
        guard !events.isEmpty || lost > 0 else { return }
        var rows = events
        if lost > 0 { rows.append(AuditEvent(.auditLost, actor: "service", details: #"{"rows":\#(lost)}"#)) }
        let result = Result { try store.appendAudit(rows) }
        let (blocked, earlier) = state.withLock { state in
            let earlier = state.fault
            switch result {
            case .success:
                state.waiting.removeFirst(events.count)
                state.lost -= lost
                state.fault = nil
                if !state.waiting.isEmpty { schedule(&state, after: .zero) }
            case .failure(let error):
                state.fault = "\(error)"
                schedule(&state, after: .seconds(1))
            }
            defer { state.blocked = [] }
            return (state.blocked, earlier)
        }
        for place in blocked { place.signal() }
        switch result {
        case .success where earlier != nil: logger.notice("the audit is written again")
        case .failure(let error) where earlier == nil:
            logger.error("the audit cannot be written", metadata: ["error": "\(error)", "rows": "\(rows.count)"])
        default: break
        }
    }

    /// Writes everything that waits, before this returns.
    func flush() { queue.sync { write() } }

    /// Writes everything that waits, and `event` after it; later rows are refused.
    func stop(_ event: AuditEvent) {
        endMinute()
        flush()
        state.withLock { state in
            state.waiting.append(event)
            state.isStopped = true
        }
        queue.sync { write() }
        if let fault { logger.error("rows of the audit are lost", metadata: ["error": "\(fault)"]) }
    }
}

extension HTTPProblem {
    /// Whether the request was refused because of who asks, or from where; `Audit.refuseAccess` notes these.
    var isAboutAccess: Bool { status == .unauthorized || status == .forbidden }
}
