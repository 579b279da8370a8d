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
        var galleries: [String: [Meter]] = [:]
        var listeners: [String: ServerCounters] = [:]
    }

    private let registry = PrometheusRegistry(help: ServiceMetrics.help)
    private let state = Mutex(State())

    /// Starts all counts at zero.
    public init() {}

    /// Returns a function that counts the answered requests of one listener; all requests without a route are counted
    /// together.
    func observer(
        ofListener listener: String
    ) -> @Sendable (String?, ServerRequest, HTTPResponse.Status, Duration) -> Void {
        { [registry] route, request, status, time in
            let method = route == nil ? "any" : request.method.rawValue
            let labels = [("listener", listener), ("method", method), ("route", route ?? "none")]
            let counted = labels + [("status", "\(status.code)")]
            Counter(label: "reid_http_requests_total", dimensions: counted, factory: registry).increment()
            Timer(label: "reid_http_request_duration_seconds", dimensions: labels, factory: registry)
                .recordNanoseconds(time.nanoseconds)
        }
    }

    /// Counts finished items of batches; `outcome` is `enrolled`, `duplicate` or `failed`.
    public func itemsFinished(outcome: String, count: Int) {
        Counter(label: "reid_batch_items_total", dimensions: [("outcome", outcome)], factory: registry)
            .increment(by: count)
    }

    /// Records that a standing query was ranked again, and how long it took.
    func standingQueryRanked(after time: Duration) {
        Timer(label: "reid_standing_query_duration_seconds", dimensions: [], factory: registry)
            .recordNanoseconds(time.nanoseconds)
    }

    /// All metrics as Prometheus text, with the current state of the embedder, the galleries and the unfinished
    /// batches.
    ///
    /// - Parameters:
    ///   - embedder: the embedder's counts since the start.
    ///   - galleries: all galleries.
    ///   - batches: the number of batches in each unfinished state.
    ///   - listeners: each listener's counts since the start.
    /// - Returns: the text, in exposition format 0.0.4.
    func render(
        embedder: Embedder.Statistics, galleries: [GallerySummary], batches: [String: Int],
        listeners: [String: ServerCounters]
    ) -> String {
        state.withLock { state in
            count("reid_embedder_batches_total", embedder.batches - (state.embedder?.batches ?? 0))
            count("reid_embedder_images_total", embedder.images - (state.embedder?.images ?? 0))
            let busy = embedder.busy.milliseconds - (state.embedder?.busy.milliseconds ?? 0)
            count("reid_embedder_busy_milliseconds_total", busy)
            state.embedder = embedder
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
                state.galleries[gallery.name] = [images, people]
            }
            for (name, counters) in listeners {
                update(listener: name, counters, since: state.listeners[name] ?? ServerCounters())
            }
            state.listeners = listeners
        }
        Meter(label: "reid_embedder_queued_images", dimensions: [], factory: registry).set(embedder.queued)
        for state in ["queued", "running"] {
            Meter(label: "reid_batches", dimensions: [("state", state)], factory: registry).set(batches[state] ?? 0)
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
        Meter(label: "reid_http_connections", dimensions: labels, factory: registry).set(now.connectionsOpen)
        Meter(label: "reid_http_held_requests", dimensions: labels, factory: registry).set(now.held)
    }

    private func count(_ label: String, _ amount: Int, _ dimensions: [(String, String)] = []) {
        Counter(label: label, dimensions: dimensions, factory: registry).increment(by: amount)
    }

    private static let help = [
        "reid_http_requests_total": "Requests answered, by listener, method, route and status.",
        "reid_http_responses_total": "Final responses, those to malformed requests included.",
        "reid_http_received_bytes_total": "Bytes received.",
        "reid_http_sent_bytes_total": "Bytes sent.",
        "reid_http_overloads_total": "Requests refused because all workers were busy and the backlog full.",
        "reid_http_timeouts_total": "Connections that ran out of time.",
        "reid_http_connections": "Open connections.",
        "reid_http_held_requests": "Polls that wait for a change.",
        "reid_http_request_duration_seconds": "Time from a request's head to its answer, held polls included.",
        "reid_batch_items_total": "Batch items that came to an end, by outcome.",
        "reid_standing_query_duration_seconds": "Time to rank one standing query again.",
        "reid_embedder_batches_total": "Forward passes of the network.",
        "reid_embedder_images_total": "Images through the network.",
        "reid_embedder_busy_milliseconds_total": "Time in forward passes, summed over the network threads.",
        "reid_embedder_queued_images": "Images waiting for the network.",
        "reid_gallery_images": "Images in a gallery.",
        "reid_gallery_people": "Known persons in a gallery.",
        "reid_batches": "Unfinished batches, by state.",
    ]
}

extension Duration {
    /// Whole nanoseconds.
    var nanoseconds: Int64 { components.seconds * 1_000_000_000 + components.attoseconds / 1_000_000_000 }
    /// Whole milliseconds.
    var milliseconds: Int { Int(nanoseconds / 1_000_000) }
}
