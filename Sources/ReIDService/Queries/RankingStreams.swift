internal import HTTP
internal import HTTPTypes
internal import Synchronization

/// The streams of events that are open on kept queries; each costs an entry in a table and no thread.
final class RankingStreams: Sendable {
    private struct Stream {
        let body: LiveBody
        /// Shows who reads the stream.
        let request: ServerRequest
        /// The version that the client has already.
        let known: Int64?
        /// The newest version that the stream was offered; nil before the first.
        var offered: Int64?
    }

    private struct State {
        var next = 0
        var open: [String: [Int: Stream]] = [:]

        /// The streams of a query by their numbers; `only`: this one alone.
        func streams(of query: String, only number: Int?) -> [Int: Stream] {
            guard let number else { return open[query] ?? [:] }
            return open[query]?[number].map { [number: $0] } ?? [:]
        }
    }

    private let gatekeeper: Gatekeeper
    private let configuration: Service.Configuration.Events
    private let state = Mutex(State())

    init(gatekeeper: Gatekeeper, configuration: Service.Configuration.Events) {
        self.gatekeeper = gatekeeper
        self.configuration = configuration
    }

    /// Opens a stream of `query`; the caller must then offer it the newest ranking, or forget it.
    ///
    /// A stream hears from now on what the query's other streams hear. It leaves the table when its body is over.
    func open(query: String, for request: ServerRequest) -> (number: Int, body: LiveBody) {
        let number = state.withLock { state in
            state.next += 1
            return state.next
        }
        let body = LiveBody(
            opening: ServerSentEvent.retry(milliseconds: Int(configuration.retrySeconds * 1000)),
            silence: .seconds(configuration.heartbeatSeconds), farewell: Self.last(.stopping),
            onSilence: { [gatekeeper] body in
                guard gatekeeper.stillAdmits(request) else { return body.end(with: Self.last(.unauthorized)) }
                body.send(ServerSentEvent.comment, as: "comment")
            }, onEnd: { [weak self] in self?.forget(query, number) })
        let known = request.fields[.lastEventID].flatMap { Int64($0) }
        state.withLock { $0.open[query, default: [:]][number] = Stream(body: body, request: request, known: known) }
        return (number, body)
    }

    /// Takes a stream of `query` out of the table.
    func forget(_ query: String, _ number: Int) {
        state.withLock { state in
            state.open[query]?[number] = nil
            if state.open[query]?.isEmpty == true { state.open[query] = nil }
        }
    }

    /// The number of open streams.
    var count: Int { state.withLock { $0.open.values.reduce(0) { $0 + $1.count } } }

    /// The queries with open streams.
    var queries: [String] { state.withLock { Array($0.open.keys) } }

    /// Whether any stream of `query` is open.
    func isOpen(for query: String) -> Bool { state.withLock { $0.open[query] != nil } }

    /// Sends a ranking to the streams of `query` that do not have this version or a newer one; `only`: to this stream alone.
    ///
    /// A stream whose reader may not read any more ends instead.
    func offer(_ ranking: [UInt8], version: Int64, to query: String, only number: Int? = nil) {
        let event = ServerSentEvent("ranking", id: "\(version)", data: ranking).text
        // Sends while the table is locked, so that an older version never replaces a newer one.
        state.withLock { state in
            for (key, stream) in state.streams(of: query, only: number) {
                guard stream.offered.map({ $0 < version }) ?? true else { continue }
                state.open[query]?[key]?.offered = version
                if stream.offered != nil || stream.known != version { send(event, as: "ranking", to: stream) }
            }
        }
    }

    private func send(_ event: [UInt8], as kind: String, to stream: Stream) {
        if gatekeeper.stillAdmits(stream.request) {
            stream.body.send(event, as: kind)
        } else {
            stream.body.end(with: Self.last(.unauthorized))
        }
    }

    /// Tells the streams of `query` whether it fails to be ranked; `only`: this stream alone.
    func tell(_ status: StreamStatus, to query: String, only number: Int? = nil) {
        guard let data = try? jsonBytes(status) else { return }
        let event = ServerSentEvent("status", data: data).text
        state.withLock { state in
            for stream in state.streams(of: query, only: number).values {
                send(event, as: "status", to: stream)
            }
        }
    }

    /// Ends the streams of `query`.
    func end(_ query: String, _ reason: StreamEnd.Reason) {
        state.withLock { state in
            for stream in (state.open[query] ?? [:]).values { stream.body.end(with: Self.last(reason)) }
        }
    }

    /// Ends every stream whose reader may not read any more, because a token was deleted or a session is over.
    func endForStrangers() {
        state.withLock { state in
            for stream in state.open.values.flatMap(\.values) where !gatekeeper.stillAdmits(stream.request) {
                stream.body.end(with: Self.last(.unauthorized))
            }
        }
    }

    /// The last event of a stream.
    private static func last(_ reason: StreamEnd.Reason) -> [UInt8] {
        ServerSentEvent("end", data: StreamEnd(reason: reason).json).text
    }
}
