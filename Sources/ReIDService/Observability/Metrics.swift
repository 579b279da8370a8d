internal import CSPRModel
internal import CoreMetrics
internal import Embedding
internal import Gallery
internal import HTTP
internal import HTTPTypes
internal import Synchronization

/// The service's metrics, kept through the API of swift-metrics; `/metrics` renders them.
public final class ServiceMetrics: Sendable {
    private struct State {
        var embedder: Embedder.Statistics?
        var processorSeconds = 0.0
        var galleries: [String: [Meter]] = [:]
        var listeners: [String: ServerCounters] = [:]
    }

    private let registry = PrometheusRegistry(help: ServiceMetrics.help)
    private let state = Mutex(State())

    /// Starts all counts at zero.
    public init() {
        // A rate sees the first failure only if there was a count before.
        for kind in ServiceMetrics.jobKinds {
            for state in JobState.allCases where state.isFinal { jobEnded(kind: kind, state: state, count: 0) }
        }
        for cause in ErasureCause.allCases { imagesErased(0, by: cause) }
        for isDone in [true, false] { webhookDelivered(isDone: isDone, count: 0) }
    }

    /// The kinds that are counted as jobs; batches have metrics of their own.
    private static let jobKinds = JobKind.allCases.filter { $0 != .enrollment }

    /// Counts a job that is over.
    func jobEnded(kind: JobKind, state: JobState, count: Int = 1) {
        Counter(
            label: "reid_jobs_ended_total", dimensions: [("kind", kind.rawValue), ("state", state.rawValue)],
            factory: registry
        ).increment(by: count)
    }

    /// Counts erased images.
    func imagesErased(_ count: Int, by cause: ErasureCause) {
        self.count("reid_images_erased_total", count, [("cause", cause.rawValue)])
    }

    /// Returns a function that counts the answered requests of one listener; all requests without a route are counted
    /// together.
    func observer(
        ofListener listener: String
    ) -> @Sendable (String?, ServerRequest, HTTPResponse.Status, Duration) -> Void {
        let meters = RequestMeters(listener: listener, registry: registry)
        return { route, request, status, time in
            meters.record(route: route, method: request.method, status: status, time: time)
        }
    }

    /// Counts finished items of batches; `outcome` is `enrolled`, `duplicate` or `failed`.
    public func itemsFinished(outcome: String, count: Int) {
        Counter(label: "reid_batch_items_total", dimensions: [("outcome", outcome)], factory: registry)
            .increment(by: count)
    }

    /// Counts an attempt to deliver a webhook.
    func webhookDelivered(isDone: Bool, count: Int = 1) {
        self.count("reid_webhook_deliveries_total", count, [("outcome", isDone ? "delivered" : "failed")])
    }

    /// Records that a standing query was ranked again, and how long it took.
    func standingQueryRanked(after time: Duration) {
        Timer(label: "reid_standing_query_duration_seconds", dimensions: [], factory: registry)
            .recordNanoseconds(time.nanoseconds)
    }

    /// Records when the certificate of a listener expires, in seconds since 1970.
    func certificateExpires(ofListener listener: String, at seconds: Int) {
        set("reid_tls_certificate_expiry_timestamp_seconds", Double(seconds), [("listener", listener)])
    }

    /// All metrics as Prometheus text, with the current state of the embedder, the galleries and the unfinished
    /// batches.
    ///
    /// - Parameters:
    ///   - isReady: what `/readyz` says.
    ///   - model: the identity of the model being served.
    ///   - embedder: the embedder's counts since the start.
    ///   - galleries: all galleries.
    ///   - suspended: those of which nothing is erased for its age, because the clock cannot be trusted.
    ///   - imagesToWipe: the number of erased images that still have to be wiped from the disk.
    ///   - batches: the number of batches in each unfinished state.
    ///   - jobs: the unfinished jobs.
    ///   - listeners: each listener's counts since the start.
    /// - Returns: the text, in exposition format 0.0.4.
    func render(
        isReady: Bool, model: String, embedder: Embedder.Statistics, galleries: [GallerySummary],
        suspended: Set<String> = [], imagesToWipe: Int, batches: [String: Int], jobs: [JobRecord],
        listeners: [String: ServerCounters]
    ) -> String {
        state.withLock { state in
            count("reid_embedder_batches_total", embedder.batches - (state.embedder?.batches ?? 0))
            count("reid_embedder_images_total", embedder.images - (state.embedder?.images ?? 0))
            let busy = embedder.busy - (state.embedder?.busy ?? .zero)
            count("reid_embedder_busy_seconds_total", seconds: busy / .seconds(1))
            state.embedder = embedder
            if let process = ProcessStatistics() {
                count("process_cpu_seconds_total", seconds: process.processorSeconds - state.processorSeconds)
                state.processorSeconds = process.processorSeconds
                set("process_resident_memory_bytes", Double(process.residentBytes))
                set("process_virtual_memory_bytes", Double(process.virtualBytes))
                set("process_open_fds", Double(process.openDescriptors))
                set("process_max_fds", Double(process.maximumDescriptors))
                set("process_start_time_seconds", process.startSeconds)
            }
            let present = Set(galleries.map(\.name))
            for (name, meters) in state.galleries where !present.contains(name) {
                for meter in meters { meter.destroy() }
                state.galleries[name] = nil
            }
            for gallery in galleries {
                let labels = [("gallery", gallery.name)]
                let images = Meter(label: "reid_gallery_images", dimensions: labels, factory: registry)
                let people = Meter(label: "reid_gallery_people", dimensions: labels, factory: registry)
                images.set(gallery.images)
                people.set(gallery.people)
                let retention = Meter(label: "reid_retention_suspended", dimensions: labels, factory: registry)
                retention.set(suspended.contains(gallery.name) ? 1 : 0)
                state.galleries[gallery.name] = [images, people, retention]
            }
            for (name, counters) in listeners {
                update(listener: name, counters, since: state.listeners[name] ?? ServerCounters())
            }
            state.listeners = listeners
        }
        set("reid_ready", isReady ? 1 : 0)
        set("reid_embedder_queued_images", Double(embedder.queued))
        set("reid_images_to_wipe", Double(imagesToWipe))
        set("reid_build_info", 1, [("version", Release.version), ("swift", Release.swift), ("model", model)])
        for state in ["queued", "running"] {
            Meter(label: "reid_batches", dimensions: [("state", state)], factory: registry).set(batches[state] ?? 0)
        }
        for kind in ServiceMetrics.jobKinds {
            for state in JobState.allCases where !state.isFinal {
                set(
                    "reid_jobs", Double(jobs.count { $0.kind == kind && $0.state == state }),
                    [("kind", kind.rawValue), ("state", state.rawValue)])
            }
        }
        return registry.render()
    }

    private func update(listener: String, _ now: ServerCounters, since before: ServerCounters) {
        let labels = [("listener", listener)]
        for (status, responses) in now.responses {
            let change = responses - (before.responses[status] ?? 0)
            count("reid_http_responses_total", change, labels + [("status", "\(status)")])
        }
        count("reid_http_received_bytes_total", now.bytesReceived - before.bytesReceived, labels)
        count("reid_http_sent_bytes_total", now.bytesSent - before.bytesSent, labels)
        count("reid_http_overloads_total", now.overloads - before.overloads, labels)
        count("reid_http_timeouts_total", now.timeouts - before.timeouts, labels)
        for (outcome, handshakes) in [
            ("full", now.handshakes - now.handshakesResumed - before.handshakes + before.handshakesResumed),
            ("resumed", now.handshakesResumed - before.handshakesResumed),
            ("failed", now.handshakesFailed - before.handshakesFailed),
            ("refused", now.handshakesRefused - before.handshakesRefused),
        ] {
            count("reid_tls_handshakes_total", handshakes, labels + [("outcome", outcome)])
        }
        Meter(label: "reid_http_connections", dimensions: labels, factory: registry).set(now.connectionsOpen)
        Meter(label: "reid_http_held_requests", dimensions: labels, factory: registry).set(now.held)
        Meter(label: "reid_http_streams", dimensions: labels, factory: registry).set(now.streams)
        let pools = [
            ("short", now.workersBusy, now.workersWaiting), ("search", now.searchersBusy, now.searchersWaiting),
        ]
        for (pool, busy, waiting) in pools {
            let labels = labels + [("pool", pool)]
            Meter(label: "reid_http_workers_busy", dimensions: labels, factory: registry).set(busy)
            Meter(label: "reid_http_workers_waiting", dimensions: labels, factory: registry).set(waiting)
        }
    }

    private func count(_ label: String, _ amount: Int, _ dimensions: [(String, String)] = []) {
        Counter(label: label, dimensions: dimensions, factory: registry).increment(by: amount)
    }

    private func count(_ label: String, seconds: Double) {
        FloatingPointCounter(label: label, dimensions: [], factory: registry).increment(by: seconds)
    }

    private func set(_ label: String, _ value: Double, _ dimensions: [(String, String)] = []) {
        Meter(label: label, dimensions: dimensions, factory: registry).set(value)
    }

    private static let help = [
        "reid_http_requests_total": "Requests answered, by listener, method, route and status.",
        "reid_http_responses_total": "Final responses, those to malformed requests included.",
        "reid_http_received_bytes_total": "Bytes received.",
        "reid_http_sent_bytes_total": "Bytes sent.",
        "reid_http_overloads_total":
            "Requests refused because all workers were busy and the backlog full, or too many polls were held or streams open.",
        "reid_http_workers_busy": "Handlers that run, those of searches and the short ones.",
        "reid_http_workers_waiting": "Requests that wait for a worker, searches and short ones.",
        "reid_http_timeouts_total": "Connections that ran out of time.",
        "reid_tls_handshakes_total":
            "TLS handshakes by outcome; refused: given up for newer ones, because too many were running.",
        "reid_tls_certificate_expiry_timestamp_seconds":
            "When the certificate of a listener expires, in seconds since 1970.",
        "reid_http_connections": "Open connections.",
        "reid_http_held_requests": "Polls that wait for a change.",
        "reid_http_streams": "Open streams of events.",
        "reid_http_request_duration_seconds": "Time from a request's head to its answer, held polls included.",
        "reid_batch_items_total": "Batch items that came to an end, by outcome.",
        "reid_standing_query_duration_seconds": "Time to rank one standing query again.",
        "reid_webhook_deliveries_total": "Attempts to deliver a webhook, by outcome.",
        "reid_embedder_batches_total": "Forward passes of the network.",
        "reid_embedder_images_total": "Images through the network.",
        "reid_ready": "1 while the service is ready for searches, as /readyz tells; otherwise 0.",
        "reid_build_info": "Always 1; the labels tell the version of reid, of its compiler, and the model.",
        "process_cpu_seconds_total": "Processor time of this process.",
        "process_resident_memory_bytes": "Memory in use.",
        "process_virtual_memory_bytes": "Address space in use.",
        "process_open_fds": "Open files and sockets.",
        "process_max_fds": "Open files and sockets that this process may have.",
        "process_start_time_seconds": "When this process started, in seconds since 1970.",
        "reid_embedder_busy_seconds_total": "Time in forward passes, summed over the network threads.",
        "reid_embedder_queued_images": "Images waiting for the network.",
        "reid_gallery_images": "Images in a gallery.",
        "reid_gallery_people": "Known persons in a gallery.",
        "reid_images_erased_total": "Images that were erased, by what asked for it; not those of deleted galleries.",
        "reid_retention_suspended":
            "1 while nothing of a gallery is erased for its age, because the clock jumped ahead; otherwise 0.",
        "reid_images_to_wipe": "Erased images that still have to be wiped from the disk.",
        "reid_batches": "Unfinished batches, by state.",
        "reid_jobs": "Unfinished jobs, by kind and state, without batches.",
        "reid_jobs_ended_total": "Jobs that are over, by kind and state.",
    ]
}

/// The counters and timers of one listener's requests; each is created once for a route, method and status.
private final class RequestMeters: Sendable {
    private struct Kind: Hashable {
        let route: String?
        let method: String
        let status: Int
    }

    private let listener: String
    private let registry: PrometheusRegistry
    private let meters = Mutex<[Kind: (requests: Counter, durations: Timer)]>([:])

    init(listener: String, registry: PrometheusRegistry) {
        self.listener = listener
        self.registry = registry
    }

    func record(route: String?, method: HTTPRequest.Method, status: HTTPResponse.Status, time: Duration) {
        // Requests without a route are counted together, because a client can invent any number of methods.
        let kind = Kind(route: route, method: route == nil ? "any" : method.rawValue, status: status.code)
        let (requests, durations) = meters.withLock { meters in
            if let found = meters[kind] { return found }
            let made = make(kind)
            meters[kind] = made
            return made
        }
        requests.increment()
        durations.recordNanoseconds(time.nanoseconds)
    }

    private func make(_ kind: Kind) -> (requests: Counter, durations: Timer) {
        let labels = [("listener", listener), ("method", kind.method), ("route", kind.route ?? "none")]
        return (
            Counter(
                label: "reid_http_requests_total", dimensions: labels + [("status", "\(kind.status)")],
                factory: registry),
            Timer(label: "reid_http_request_duration_seconds", dimensions: labels, factory: registry)
        )
    }
}

extension Duration {
    /// Whole nanoseconds.
    var nanoseconds: Int64 { components.seconds * 1_000_000_000 + components.attoseconds / 1_000_000_000 }
    /// Whole milliseconds.
    var milliseconds: Int { Int(nanoseconds / 1_000_000) }
}
