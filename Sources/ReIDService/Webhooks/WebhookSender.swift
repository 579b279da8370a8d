internal import Dispatch
internal import Gallery
internal import HTTP
internal import Logging
internal import Synchronization

/// Delivers the newest rankings of standing queries to their webhooks.
///
/// What is to be delivered stands in the database: a webhook is due while its receiver has not taken its query's newest
/// version. So a killed service goes on where it was, and may deliver a version twice. Those that failed least often come
/// first, so that receivers that never answer only delay each other.
final class WebhookSender: Sendable {
    private struct State {
        /// The workers that do nothing.
        var idle: [Int]
        /// The queries whose webhooks are being delivered.
        var running: Set<String> = []
        var isScheduled = false
        var isStopped = false
        /// Looks for what is due later; nil before the start.
        var timer: (any DispatchSourceTimer)?
        var observation: GalleryObservation?
    }

    private let service: ServiceContext
    private let configuration: Service.Configuration.Webhooks
    private let targets: WebhookTargets
    /// The queue that chooses what is delivered next.
    private let queue = DispatchQueue(label: "reid.webhooks", qos: .utility, target: .global(qos: .utility))
    /// A serial queue for each worker, because deliveries block.
    private let workers: [DispatchQueue]
    private let state: Mutex<State>

    init(service: ServiceContext) {
        self.service = service
        configuration = service.configuration.webhooks
        targets = WebhookTargets(allowing: configuration.allowed)
        workers = (0..<configuration.workers).map { DispatchQueue(label: "reid.webhook.\($0)", qos: .utility) }
        state = Mutex(State(idle: Array(workers.indices)))
    }

    /// Observes the store, and delivers what is due already.
    func start() {
        let observation = service.store.observe { [weak self] change in
            if case .ranking = change { self?.wake() }
        }
        state.withLock { state in
            let timer = DispatchSource.makeTimerSource(queue: queue)
            timer.setEventHandler { [weak self] in self?.pass() }
            timer.activate()
            state.timer = timer
            state.observation = observation
        }
        wake()
    }

    /// Stops, gives deliveries that run up, and returns when they have ended.
    func stop() {
        let observation = state.withLock { state in
            state.isStopped = true
            state.timer?.cancel()
            defer { state.observation = nil }
            return state.observation
        }
        observation?.cancel()
        queue.sync {}
        for worker in workers { worker.sync {} }
    }

    /// Looks soon for what is due.
    private func wake() {
        let isNews = state.withLock { state in
            defer { state.isScheduled = true }
            return !state.isScheduled && !state.isStopped
        }
        if isNews { queue.async { [weak self] in self?.pass() } }
    }

    @Sendable private func isStopped() -> Bool { state.withLock { $0.isStopped } }

    /// Gives what is due to the workers that are idle, and sets the timer for the next.
    private func pass() {
        let (idle, running) = state.withLock { state in
            state.isScheduled = false
            return (state.isStopped ? 0 : state.idle.count, state.running)
        }
        guard idle > 0 else { return }
        do {
            let due = try service.store.dueWebhooks(
                limit: idle + running.count, longestPause: configuration.retryLimitSeconds)
            for webhook in due.filter({ !running.contains($0.query.id) }).prefix(idle) { begin(webhook) }
            let next = try service.store.nextWebhook(besides: due.map(\.query.id)) ?? .distantFuture
            schedule(after: Double(next.milliseconds - Timestamp.now().milliseconds) / 1000)
        } catch {
            service.logger.error("webhooks not found", metadata: ["error": "\(error)"])
            schedule(after: Self.longestWait)
        }
    }

    /// The most seconds between two looks, so that a clock that jumps delays nothing for long.
    private static let longestWait = 60.0

    private func schedule(after seconds: Double) {
        let deadline = DispatchTime.now() + max(0.05, min(seconds, Self.longestWait))
        state.withLock { state in
            if let timer = state.timer { timer.schedule(deadline: deadline) }
        }
    }

    private func begin(_ webhook: DueWebhook) {
        let worker = state.withLock { state in
            state.running.insert(webhook.query.id)
            return state.idle.popLast()
        }
        guard let worker else { return }
        workers[worker].async { [self] in
            let isNoted = deliver(webhook)
            state.withLock { $0.idle.append(worker) }
            if isNoted {
                release(webhook)
            } else {
                queue.asyncAfter(deadline: .now() + Self.longestWait) { [weak self] in self?.release(webhook) }
            }
        }
    }

    /// Lets a webhook be delivered again when it is due.
    private func release(_ webhook: DueWebhook) {
        state.withLock { _ = $0.running.remove(webhook.query.id) }
        wake()
    }

    /// Delivers one webhook, and notes what came of it; false: that could not be noted, so that it must wait.
    private func deliver(_ webhook: DueWebhook) -> Bool {
        var outcome = WebhookOutcome(revision: webhook.ranking.revision)
        do {
            outcome.status = try post(webhook)
            let isDone = outcome.status.map { 200..<300 ~= $0 } ?? false
            outcome.failure = isDone ? nil : "The receiver answered \(outcome.status ?? 0)."
        } catch HTTPClientError.cancelled {
            return true
        } catch let error as HTTPClientError {
            outcome.failure = Self.sentence(error)
        } catch {
            service.logger.error("webhook not made", metadata: ["query": "\(webhook.query.id)", "error": "\(error)"])
            outcome.failure = "The request could not be made; the service's log says why."
        }
        if outcome.failure != nil { outcome.pause = pause(afterFailures: webhook.webhook.attempts + 1) }
        service.metrics.webhookDelivered(isDone: outcome.failure == nil)
        do {
            var event = try AuditEvent.byService(
                .webhookDeliver, of: webhook.query.id,
                details: [
                    "gallery": .text(webhook.query.gallery), "revision": .number(Double(outcome.revision)),
                    "host": .text(WebhookURL(webhook.webhook.url)?.host ?? ""),
                ] as [String: JSONValue])
            if outcome.failure != nil { event.outcome = "failed" }
            try service.store.note(outcome, ofWebhookOf: webhook.query.id, audit: event)
            return true
        } catch {
            service.logger.error("webhook not noted", metadata: ["query": "\(webhook.query.id)", "error": "\(error)"])
            return false
        }
    }

    /// Sends the request; returns the answer's status.
    private func post(_ webhook: DueWebhook) throws -> Int {
        guard let url = WebhookURL(webhook.webhook.url) else { throw HTTPClientError.malformed }
        let request = try WebhookRequest(webhook)
        let client = HTTPClient(
            host: url.host, port: url.port, isSecure: url.isSecure, authorities: configuration.authorities,
            longest: .seconds(configuration.seconds), answerBytes: configuration.answerBytes,
            allows: { [targets] in targets.allows($0, of: url) })
        return try client.send(
            "POST", url.target, fields: request.fields, body: .bytes(request.body), isCancelled: isStopped
        ).status
    }

    /// The seconds until the next attempt: twice as many after each failure, less up to a half by chance.
    private func pause(afterFailures count: Int) -> Double {
        let doubled = configuration.retrySeconds * Double(1 << min(count - 1, 30))
        return min(doubled, configuration.retryLimitSeconds) * .random(in: 0.5...1)
    }

    private static func sentence(_ error: HTTPClientError) -> String {
        let text = "\(error)"
        return text.prefix(1).uppercased() + text.dropFirst() + "."
    }
}

extension Timestamp {
    fileprivate static let distantFuture = Timestamp(milliseconds: .max / 2)
}
