import Synchronization

/// Counts connections, in total and per address, and compares them with their limits.
final class Admission: Sendable {
    /// What happens to a new connection.
    enum Verdict: Equatable {
        case admitted
        /// Too many connections; refused with a reply.
        case tooMany
        /// Too many connections from its address; refused with a reply.
        case tooManyFromAddress
        /// Closed without a reply, because too many are being refused at this moment.
        case dropped
    }

    private struct State {
        var total = 0
        var refused = 0
        var perAddress: [String: Int] = [:]
    }

    private let total: Int
    private let perAddress: Int
    /// The number of refusals that may be sent at the same time.
    private let refusals: Int
    private let state = Mutex(State())

    init(total: Int, perAddress: Int, refusals: Int) {
        self.total = total
        self.perAddress = perAddress
        self.refusals = refusals
    }

    /// Counts a new connection, unless it is dropped.
    func enter(_ address: String) -> Verdict {
        state.withLock { state in
            let isFull = state.total >= total
            let isCrowded = state.perAddress[address, default: 0] >= perAddress
            guard isFull || isCrowded else {
                state.total += 1
                state.perAddress[address, default: 0] += 1
                return .admitted
            }
            guard state.refused < refusals else { return .dropped }
            state.refused += 1
            return isFull ? .tooMany : .tooManyFromAddress
        }
    }

    /// Removes a connection from the counts.
    func leave(_ address: String, verdict: Verdict) {
        state.withLock { state in
            guard verdict == .admitted else {
                state.refused -= 1
                return
            }
            state.total -= 1
            let count = state.perAddress[address, default: 1] - 1
            state.perAddress[address] = count == 0 ? nil : count
        }
    }
}
