internal import HTTP
internal import HTTPTypes
internal import Synchronization

/// Why kept queries could not be ranked again, until they can; in memory alone, because a start ranks them again.
final class QueryFailures: Sendable {
    private let reasons = Mutex<[String: String]>([:])

    /// Why the query fails, as a sentence; nil: it does not.
    func reason(of query: String) -> String? { reasons.withLock { $0[query] } }

    /// The queries that fail.
    var queries: [String] { reasons.withLock { Array($0.keys) } }

    /// Keeps why a query fails, or that it does not; returns whether that is news.
    fileprivate func keep(_ reason: String?, of query: String) -> Bool {
        reasons.withLock { reasons in
            defer { reasons[query] = reason }
            return reasons[query] != reason
        }
    }
}

extension ServiceContext {
    /// Notes why a query could not be ranked again, or with nil that it was, and tells its streams if that is news.
    func note(failure: (any Error)?, of query: String) {
        let reason = failure.map { error in
            let problem = problem(for: error)
            return problem.status == .internalServerError
                ? "The ranking failed; the service's log says why."
                : problem.title + "." + (problem.detail.map { " " + $0 } ?? "")
        }
        if failures.keep(reason, of: query) { streams.tell(StreamStatus(error: reason), to: query) }
    }
}
