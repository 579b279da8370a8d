internal import HTTP
internal import Synchronization

/// The polls that are held until a kept query's ranking changes; each costs an entry in a table and no thread.
final class RankingWaiters: Sendable {
    private struct Poll {
        let reply: HeldReply
        let request: ServerRequest
    }

    private struct State {
        var next = 0
        var held: [String: [Int: Poll]] = [:]
    }

    private let state = Mutex(State())

    /// Holds a poll of `query`, for at most `timeout`; then the answer is what `refusal` returns, or a 304 with `tag`.
    ///
    /// The caller must read the ranking once more afterwards, because it may have changed just before.
    func hold(
        query: String, request: ServerRequest, tag: EntityTag, timeout: Duration,
        refusal: @escaping @Sendable (ServerRequest) -> ServerResponse?
    ) -> HeldReply {
        state.withLock { state in
            state.next += 1
            let number = state.next
            let reply = HeldReply(
                timeout: timeout, onTimeout: { refusal(request) ?? .notModified(tag) },
                onEnd: { [weak self] in self?.forget(query, number) })
            state.held[query, default: [:]][number] = Poll(reply: reply, request: request)
            return reply
        }
    }

    /// The number of polls that are held.
    var count: Int { state.withLock { $0.held.values.reduce(0) { $0 + $1.count } } }

    /// Whether any poll of `query` is held.
    func isWaiting(for query: String) -> Bool { state.withLock { $0.held[query] != nil } }

    /// Answers every held poll of `query`; `response` makes the response to its request.
    func answer(_ query: String, with response: (ServerRequest) -> ServerResponse) {
        let polls = state.withLock { $0.held.removeValue(forKey: query) } ?? [:]
        for poll in polls.values { poll.reply.complete(response(poll.request)) }
    }

    private func forget(_ query: String, _ number: Int) {
        state.withLock { state in
            state.held[query]?[number] = nil
            if state.held[query]?.isEmpty == true { state.held[query] = nil }
        }
    }
}
