import Synchronization

/// Counts connections, in all and per address, against their limits.
final class Admission: Sendable {
    /// What becomes of a new connection.
    enum Verdict: Equatable {
        case admitted
        /// Refused with a reply.
        case tooMany
        /// Refused with a reply, because of its address.
        case tooManyFromAddress
        /// Refused without a reply: too many are being refused already.
        case dropped
    }

    /// Refusals being told at once.
    private static let refusals = 64

    private struct State {
        var total = 0
        var refused = 0
        var perAddress: [String: Int] = [:]
    }

    private let total: Int
    private let perAddress: Int
    private let state = Mutex(State())

    init(total: Int, perAddress: Int) {
        self.total = total
        self.perAddress = perAddress
    }

    /// Counts a new connection in, unless it is dropped.
    func enter(_ address: String) -> Verdict {
        state.withLock { state in
            let isFull = state.total >= total
            let isCrowded = state.perAddress[address, default: 0] >= perAddress
            guard isFull || isCrowded else {
                state.total += 1
                state.perAddress[address, default: 0] += 1
                return .admitted
            }
            guard state.refused < Self.refusals else { return .dropped }
            state.refused += 1
            return isFull ? .tooMany : .tooManyFromAddress
        }
    }

    /// Counts a connection out.
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
